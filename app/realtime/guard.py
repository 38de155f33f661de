"""The guard of every client event: who sends it is verified on arrival, and every refusal becomes `erro`."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app import log, wire
from app.errors import AppError, DatabaseDown, Invalid, NotAuthenticated, WrongUser
from app.realtime.feed import Feed
from app.realtime.sessions import SocketSession
from app.realtime.turns import Turns
from app.users.auth import Auth, Identity, current_identity

# What a door gets: the socket, its verified user, the payload. What it returns is the acknowledgement.
Door = Callable[[SocketSession, Identity, dict[str, Any]], Any]

_log = log.get("guard")


class Guard:
    def __init__(self, auth: Auth, feed: Feed) -> None:
        self._auth = auth
        self._feed = feed
        self._turns = Turns()

    def _asker(self, session: SocketSession, data: dict[str, Any]) -> tuple[int, Callable[[], Identity]]:
        """The user who asks, and how to verify that with the database: by the `token` in the payload, else by the
        token that authenticated the socket.

        Raises NotAuthenticated, BadToken, ExpiredToken, or WrongUser if the two differ.
        """
        token, known = data.get("token"), session.identity
        if token is None and known is None:
            raise NotAuthenticated
        if token is None and known is not None:
            return known.user_id, partial(self._auth.verify_again, known)
        claims = self._auth.tokens.read(token)
        if known and known.user_id != claims.user_id:
            raise WrongUser
        return claims.user_id, partial(self._auth.db.authentication.read, current_identity, claims)

    def pass_through(self, door: Door, event: str, session: SocketSession, args: tuple[Any, ...]) -> Any:
        """Run `door`; refusals and accidents are told to the client as `erro`.

        They end no socket but one that could not authenticate for want of the database: it comes again by itself.
        """
        data = args[0] if args else {}
        try:
            if not isinstance(data, dict):
                raise Invalid("O evento deve levar um objeto JSON.")
            user_id, verify = self._asker(session, data)
            # Before the database is asked anything: many sockets of one person must not take all its connections.
            with self._turns.of(user_id):
                return door(session, verify(), data)
        except AppError as error:
            self.refuse(session, event, error)
            if isinstance(error, DatabaseDown) and event == wire.AUTENTICAR and session.identity is None:
                self._feed.drop(session)
        except Exception:
            _log.exception("event_failed", client_event=event)
            self.refuse(session, event, AppError())
        return None

    def refuse(self, session: SocketSession, event: str, error: AppError) -> None:
        payload: wire.Erro = {"mensagem": error.text, "codigo": error.code, "evento": event}
        self._feed.send(session, wire.event_packet(wire.ERRO, wire.dumps(payload)))
