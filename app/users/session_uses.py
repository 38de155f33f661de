"""When each session was used last: kept in the node's memory, written once a minute for all of them together."""

from collections.abc import Sequence
from datetime import datetime

from flask_socketio_cluster.loops import Loop
from sqlalchemy import Connection, update

from app import clock
from app.db import Share
from app.errors import DatabaseDown, OutcomeUnknown
from app.users.models import SessionRow

WRITTEN_EVERY_S = 60
# One statement's; what is more comes in the next.
WRITTEN_AT_ONCE = 500
# As many as a node has sockets. Of more in one minute some are said to have been used a little earlier.
KEPT_MAX = 20_000


class SessionUses:
    def __init__(self, share: Share) -> None:
        self._share = share
        # In the order in which they were first used; the values say nothing.
        self._used: dict[str, None] = {}
        expected = (DatabaseDown, OutcomeUnknown)
        self.loops = (Loop("session_uses", self.write, every_s=WRITTEN_EVERY_S, jitter=0.2, expected=expected),)

    def note(self, session_id: str) -> None:
        """Used now. Costs no wait."""
        if len(self._used) < KEPT_MAX:
            self._used[session_id] = None

    def write(self) -> None:
        """What was used since the last time. What cannot be written stays for the next turn."""
        moment = clock.now()
        waiting = sorted(self._used)  # in one order on every node, which locks rows in it
        for start in range(0, len(waiting), WRITTEN_AT_ONCE):
            lot = waiting[start : start + WRITTEN_AT_ONCE]
            self._share.transact(_write, lot, moment)
            for session_id in lot:
                self._used.pop(session_id, None)


def _write(connection: Connection, session_ids: Sequence[str], moment: datetime) -> None:
    """What has ended meanwhile stays away."""
    known = update(SessionRow).where(SessionRow.id.in_(session_ids), SessionRow.last_used_at < moment)
    connection.execute(known.values(last_used_at=moment))
