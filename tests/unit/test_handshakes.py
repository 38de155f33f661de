"""New sessions begin at a rate: one address does not use up what is for all, and a dry run refuses nobody."""

import pytest
from flask_socketio_cluster import clock
from flask_socketio_cluster.limits import Bucket, ClientLimits
from flask_socketio_cluster.transport.handshakes import Handshakes

from tests.support.metrics import counted

NAMES = ("address_handshakes", "node_handshakes")
OVER = "socketio_cluster_limited_total"


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "monotonic_s", lambda: 1000.0)


def few(*, dry_run: bool) -> Handshakes:
    return Handshakes(
        ClientLimits(
            address_handshakes=Bucket("address_handshakes", per_s=1, burst=3),
            node_handshakes=Bucket("node_handshakes", per_s=1, burst=5),
            dry_run=dry_run,
        )
    )


def begun(handshakes: Handshakes, address: str, tries: int) -> int:
    return sum(not (handshakes.is_too_fast(address) or handshakes.are_too_many()) for _ in range(tries))


def test_one_address_leaves_the_node_to_others_and_all_together_have_an_end() -> None:
    handshakes = few(dry_run=False)

    assert [begun(handshakes, address, 100) for address in ("a", "b", "c")] == [3, 2, 0]


def test_in_a_dry_run_they_are_counted_and_begin() -> None:
    before = [counted(OVER, limit=name, dry_run="true") for name in NAMES]
    handshakes = few(dry_run=True)

    assert begun(handshakes, "a", 10) == 10
    after = [counted(OVER, limit=name, dry_run="true") for name in NAMES]
    assert [now - then for now, then in zip(after, before, strict=True)] == [7, 5]
