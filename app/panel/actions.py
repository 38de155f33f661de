"""What an administrator does from the panel: asked for with a code, and written down with it."""

from collections.abc import Iterable

from flask_socketio_cluster.delivery.identity import Ended
from sqlalchemy import Connection, select

from app.audit.events import Kind, record
from app.errors import NotFound
from app.panel import broadcasts
from app.users import administrators, sessions
from app.users.approval import Approval
from app.users.models import User
from app.users.security import Effects, SecurityNotice

ENDED_TEXT = "As suas sessões foram encerradas pela administração do banco."


def drain(connection: Connection, approval: Approval, node_id: str) -> None:
    """The node is still to be asked. Raises what `_authorize` raises."""
    _authorize(connection, approval)
    record(connection, Kind.ADMIN_NODE_DRAINED, user_id=approval.user_id, detail={"node": node_id})


def end_sessions(
    connection: Connection, effects: Effects, approval: Approval, user_id: int, *, token_ttl_s: int
) -> None:
    """All of a user's, who is told. Raises NotFound, and what `_authorize` raises."""
    _authorize(connection, approval, and_lock=[user_id])
    # Who asks what an administrator did finds it, and so does who asks what was done to the user.
    record(connection, Kind.ADMIN_SESSIONS_ENDED, user_id=approval.user_id, detail={"user": user_id})
    record(connection, Kind.ADMIN_SESSIONS_ENDED, user_id=user_id, detail={"by": approval.user_id})
    _end_all(connection, effects, user_id, token_ttl_s)


def end_sessions_by_operator(connection: Connection, effects: Effects, user_id: int, *, token_ttl_s: int) -> None:
    """As `end_sessions`, from the command line. Raises NotFound."""
    _lock(connection, [user_id])
    record(connection, Kind.ADMIN_SESSIONS_ENDED, user_id=user_id)
    _end_all(connection, effects, user_id, token_ttl_s)


def broadcast(connection: Connection, approval: Approval, *, key: str, text: str) -> int:
    """The id of the notice that the worker tells everybody; of the one that this key made, which needs no code.

    Raises KeyReused, KeyInFlight, and what `_authorize` raises.
    """
    administrators.require(connection, approval.user_id)
    made = broadcasts.known(connection, approval.user_id, key, text)
    if made is not None:
        return made
    _authorize(connection, approval)
    made = broadcasts.add(connection, approval.user_id, key, text)
    record(connection, Kind.ADMIN_BROADCAST, user_id=approval.user_id, detail={"broadcast": made})
    return made


def _authorize(connection: Connection, approval: Approval, *, and_lock: Iterable[int] = ()) -> None:
    """Raises NotFound for who is no administrator, and what `Approval.require_always` raises. Locks the users, and then
    the second factor."""
    _lock(connection, {approval.user_id, *and_lock})
    administrators.require(connection, approval.user_id)
    approval.require_always(connection)


def _lock(connection: Connection, user_ids: Iterable[int]) -> None:
    """Raises NotFound."""
    wanted = sorted(user_ids)
    rows = select(User.id).where(User.id.in_(wanted)).order_by(User.id).with_for_update()
    if len(connection.execute(rows).all()) < len(wanted):
        raise NotFound


def _end_all(connection: Connection, effects: Effects, user_id: int, token_ttl_s: int) -> None:
    ended: Ended = sessions.end_all(connection, user_id, token_ttl_s)
    effects.ended.append(ended)
    effects.notices.append(SecurityNotice(user_id, ENDED_TEXT, {}))
