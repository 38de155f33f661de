"""A session that was ended is found also when the database was late with it."""

from datetime import timedelta
from typing import Any

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.delivery import expiry
from flask_socketio_cluster.delivery.expiry import SessionExpiry
from flask_socketio_cluster.delivery.identity import Ended
from flask_socketio_cluster.delivery.messages import REVOKED
from flask_socketio_cluster.delivery.sockets import Sockets


@pytest.mark.parametrize("late_s", [0, 15, 45])
def test_a_revocation_whose_commit_took_long_closes_its_sockets(monkeypatch: pytest.MonkeyPatch, late_s: int) -> None:
    now, committed, closed = clock.now(), list[Ended](), list[str]()
    revoked_at = now
    monkeypatch.setattr(clock, "now", lambda: now)
    nobody: Any = None
    sockets: Any = Sockets(lambda key: f"user_{key}")
    monkeypatch.setattr(sockets, "keys", lambda: [7])
    monkeypatch.setattr(sockets, "ended_by", lambda ended: [ended])
    watching = SessionExpiry(
        ended_since=lambda moment: committed if revoked_at >= moment else [],
        unavailable=(),
        said=lambda reason: (reason, {}),
        sockets=sockets,
        feed=nobody,
    )
    monkeypatch.setattr(watching, "close", lambda _socket, reason: closed.append(reason))
    (_, revocations) = watching.loops

    for _ in range(late_s):
        now += timedelta(seconds=1)
        revocations._step()
    committed.append(Ended(7, "x", None))
    now += timedelta(seconds=expiry.LOOK_EVERY_S)
    revocations._step()

    assert closed == [REVOKED]
