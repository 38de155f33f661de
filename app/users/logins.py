"""Who comes in, goes on and leaves: what each of these writes."""

from sqlalchemy import Connection

from app.users import actions, sessions
from app.users.actions import Person
from app.users.auth import Identity
from app.users.security import Effects, SecurityNotice
from app.users.sessions import Place, Session
from app.users.tokens import Tokens


def enter(
    connection: Connection, effects: Effects, person: Person, place: Place, tokens: Tokens, *, is_known_device: bool
) -> Session:
    """A session for somebody whose password was right. On a device that is new for them their other ones hear of it.

    Locks the user's row, then their stream. Raises WrongCredentials (see `actions.locked`).
    """
    now = actions.locked(connection, person)
    session, ended = sessions.begin(connection, user_id=now.id, generation=now.generation, place=place, tokens=tokens)
    effects.ended += ended
    if not is_known_device:
        data = {"sessao_id": session.id, "aparelho": session.device, "local": session.address}
        effects.notices.append(SecurityNotice(now.id, f"Novo acesso à sua conta: {session.device}", data))
    return session


def renew(connection: Connection, effects: Effects, identity: Identity, place: Place, tokens: Tokens) -> Session:
    """See `sessions.renew`."""
    session, ended = sessions.renew(connection, identity, place, tokens)
    effects.ended += ended
    return session


def leave(connection: Connection, effects: Effects, identity: Identity, tokens: Tokens, *, everywhere: bool) -> None:
    """End this session, or every one of the user. Raises RevokedToken when it was ended already."""
    if everywhere:
        effects.ended.append(sessions.end_all(connection, identity.user_id, tokens.ttl_s))
    else:
        effects.ended.append(sessions.end(connection, identity.user_id, identity.session_id, tokens.ttl_s))


def end_one(connection: Connection, effects: Effects, user_id: int, session_id: str, tokens: Tokens) -> None:
    """Raises NotFound."""
    effects.ended.append(sessions.end_own(connection, user_id, session_id, tokens.ttl_s))


def change_password(
    connection: Connection,
    effects: Effects,
    person: Person,
    password_hash: str,
    tokens: Tokens,
    *,
    kept_session_id: str | None,
    message: str,
) -> None:
    """Another password; every session ends but the one that is kept. Locks the user's row, then their stream.

    Raises WrongCredentials when another change came first.
    """
    actions.locked(connection, person)
    actions.set_password(connection, person.id, password_hash)
    effects.ended.append(sessions.end_all(connection, person.id, tokens.ttl_s, but=kept_session_id))
    effects.notices.append(SecurityNotice(person.id, message, {}))
