"""The guard of every client event: who sends it is verified on arrival, and every refusal becomes `erro`."""

from collections.abc import Callable
from typing import Any

from app import log, wire
from app.errors import AppError, Invalid, NotAuthenticated, WrongUser
from app.realtime.feed import Feed
from app.realtime.sessions import SocketSession
from app.users.auth import Auth, Identity

# What a door gets: the socket, its verified user, the payload. What it returns is the acknowledgement.
Door = Callable[[SocketSession, Identity, dict[str, Any]], Any]

_log = log.get("guard")


class Guard:
    def __init__(self, auth: Auth, feed: Feed) -> None:
        self._auth = auth
        self._feed = feed

    def identify(self, session: SocketSession, data: dict[str, Any]) -> Identity:
        """By the `token` in the payload, else by the token that authenticated the socket.

        Raises NotAuthenticated, BadToken, ExpiredToken, RevokedToken, or WrongUser if the two differ.
        """
        token = data.get("token")
        if token is None and session.identity is None:
            raise NotAuthenticated
        if token is None and session.identity is not None:
            return self._auth.verify_again(session.identity)
        identity = self._auth.verify(token)
        if session.identity and session.identity.user_id != identity.user_id:
            raise WrongUser
        return identity

    def pass_through(self, door: Door, event: str, session: SocketSession, args: tuple[Any, ...]) -> Any:
        """Run `door`; refusals and accidents are told to the client as `erro`, and never end the socket."""
        data = args[0] if args else {}
        try:
            if not isinstance(data, dict):
                raise Invalid("O evento deve levar um objeto JSON.")
            return door(session, self.identify(session, data), data)
        except AppError as error:
            self.refuse(session, event, error)
        except Exception:
            _log.exception("event_failed", client_event=event)
            self.refuse(session, event, AppError())
        return None

    def refuse(self, session: SocketSession, event: str, error: AppError) -> None:
        payload: wire.Erro = {"mensagem": error.text, "codigo": error.code, "evento": event}
        self._feed.send(session, wire.event_packet(wire.ERRO, wire.dumps(payload)))
