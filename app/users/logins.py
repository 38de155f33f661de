"""Who comes in, goes on and leaves: what each of these writes. All lock the user's row first, and the stream last."""

from typing import Any

from sqlalchemy import Connection

from app.audit.events import Kind, record
from app.errors import SecondFactorNeeded, WrongCode, WrongCredentials, WrongPassword
from app.users import actions, passkeys, recovery, second_factor, sessions
from app.users.actions import Person
from app.users.auth import Identity
from app.users.passkeys import Challenge, Kept
from app.users.security import Effects, SecurityNotice
from app.users.sessions import Place, Session
from app.users.tokens import Tokens

COPIED = "Recusamos um acesso com uma das suas chaves de acesso: pode haver uma cópia dela. Remova-a e crie outra."


def enter(
    connection: Connection,
    effects: Effects,
    person: Person,
    place: Place,
    tokens: Tokens,
    *,
    is_known_device: bool,
    code: str | None,
) -> Session:
    """A session for somebody whose password was right. A device that is new for them needs a code where the second
    factor is active, and the other devices hear of it.

    Raises WrongCredentials when the password was changed meanwhile, SecondFactorNeeded, WrongCode.
    """
    now = actions.locked(connection, person)
    if now is None:
        raise WrongCredentials
    if not is_known_device:
        _require_code(connection, now.id, code)
    return _begin(connection, effects, now, place, tokens, is_known_device=is_known_device, detail={})


def enter_by_passkey(
    connection: Connection,
    effects: Effects,
    key: Kept,
    count: int,
    challenge: Challenge,
    place: Place,
    tokens: Tokens,
    *,
    is_known_device: bool,
) -> tuple[Person, Session] | None:
    """Its user, and a session, for whoever showed a passkey and with it `count`. None when the count did not go on:
    there may be a copy of the key, of which its user is told.

    Raises WrongPasskey when the key was removed meanwhile, or the same answer was taken before.
    """
    person = actions.lock(connection, key.user_id)
    passkeys.use_up(connection, challenge)
    if not passkeys.use(connection, key, count):
        record(connection, Kind.PASSKEY_COPIED, user_id=person.id, detail={"passkey": key.id})
        effects.notices.append(SecurityNotice(person.id, COPIED, {}))
        return None
    detail = {"passkey": key.id}
    return person, _begin(connection, effects, person, place, tokens, is_known_device=is_known_device, detail=detail)


def _begin(
    connection: Connection,
    effects: Effects,
    person: Person,
    place: Place,
    tokens: Tokens,
    *,
    is_known_device: bool,
    detail: dict[str, Any],
) -> Session:
    """Lock, held by the caller: the user's row."""
    session, ended = sessions.begin(
        connection, user_id=person.id, generation=person.generation, place=place, tokens=tokens
    )
    effects.ended += ended
    detail = {"session": session.id, "known_device": is_known_device, **detail}
    record(connection, Kind.LOGIN, user_id=person.id, detail=detail)
    if not is_known_device:
        data = {"sessao_id": session.id, "aparelho": session.device, "local": session.address}
        effects.notices.append(SecurityNotice(person.id, f"Novo acesso à sua conta: {session.device}", data))
    return session


def _require_code(connection: Connection, user_id: int, code: str | None) -> None:
    """Where the second factor is active."""
    if not second_factor.is_active(connection, user_id):
        return
    if code is None:
        raise SecondFactorNeeded
    second_factor.use(connection, user_id, code)


def renew(connection: Connection, effects: Effects, identity: Identity, place: Place, tokens: Tokens) -> Session:
    """See `sessions.renew`."""
    session, ended = sessions.renew(connection, identity, place, tokens)
    effects.ended += ended
    return session


def leave(connection: Connection, effects: Effects, identity: Identity, tokens: Tokens, *, everywhere: bool) -> None:
    """End this session, or every one of the user. Raises RevokedToken when it was ended already."""
    record(connection, Kind.LOGOUT_EVERYWHERE if everywhere else Kind.LOGOUT, user_id=identity.user_id)
    if everywhere:
        effects.ended.append(sessions.end_all(connection, identity.user_id, tokens.ttl_s))
    else:
        effects.ended.append(sessions.end(connection, identity.user_id, identity.session_id, tokens.ttl_s))


def end_one(connection: Connection, effects: Effects, user_id: int, session_id: str, tokens: Tokens) -> None:
    """Raises NotFound."""
    effects.ended.append(sessions.end_own(connection, user_id, session_id, tokens.ttl_s))
    record(connection, Kind.SESSION_ENDED, user_id=user_id, detail={"session": session_id})


def change_password(
    connection: Connection,
    effects: Effects,
    person: Person,
    password_hash: str,
    identity: Identity,
    place: Place,
    tokens: Tokens,
) -> None:
    """Another password for who knows the present one; every session ends but this one.

    Raises WrongPassword when another change came first, RevokedToken when this session was ended meanwhile.
    """
    if actions.locked(connection, person) is None:
        raise WrongPassword
    renew(connection, effects, identity, place, tokens)  # one from before sessions had rows is kept by its row
    record(connection, Kind.PASSWORD_CHANGED, user_id=person.id)
    _set_password(connection, effects, person.id, password_hash)
    effects.ended.append(sessions.end_all(connection, person.id, tokens.ttl_s, but=identity.session_id))


def reset_password(
    connection: Connection,
    effects: Effects,
    person: Person,
    password_hash: str,
    tokens: Tokens,
    *,
    code: str,
    second_code: str | None,
) -> None:
    """Another password for who has a code by mail, which is used up; every session ends.

    Raises WrongCode, SecondFactorNeeded; nothing is used up then.
    """
    if actions.locked(connection, person) is None:
        raise WrongCode
    recovery.use_up(connection, person.id, code)
    _require_code(connection, person.id, second_code)
    record(connection, Kind.PASSWORD_RESET, user_id=person.id)
    _set_password(connection, effects, person.id, password_hash)
    effects.ended.append(sessions.end_all(connection, person.id, tokens.ttl_s))


def _set_password(connection: Connection, effects: Effects, user_id: int, password_hash: str) -> None:
    actions.set_password(connection, user_id, password_hash)
    recovery.forget(connection, user_id)
    message = "Sua senha foi trocada, e as outras sessões foram encerradas."
    effects.notices.append(SecurityNotice(user_id, message, {}))
