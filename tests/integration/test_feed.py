"""Whatever the bus repeats, loses or mixes up, a socket gets its user's events in order and each once."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import gevent
import pytest
import socketio
from engineio.payload import Payload
from flask_socketio_cluster import clock
from flask_socketio_cluster.bus.manager import Listener
from flask_socketio_cluster.delivery import feed
from flask_socketio_cluster.delivery.feed import BACKLOG_PACKETS_MAX, Feed
from flask_socketio_cluster.delivery.sockets import Sockets, UserSocket
from flask_socketio_cluster.delivery.sweep import Sweep
from flask_socketio_cluster.streams.stream import READ_EVENTS_MAX, Append, State, Stored
from flask_socketio_cluster.transport.heartbeat import Heartbeat
from flask_socketio_cluster.transport.session import EngineSession
from flask_socketio_cluster.transport.time_slices import TimeSlices
from flask_socketio_cluster.transport.transport import Transport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socketio.manager import Manager
from sqlalchemy import Connection

from app import wire
from app.db import Database
from app.errors import DatabaseDown
from app.streams.stream import streams
from app.users.auth import Identity
from tests.integration.customers import Customer, new_customer

SETTLE_S = 20.0


@dataclass
class Screen:
    """A socket without a network, whose client reads all the time, and what it read."""

    session: UserSocket
    socket: EngineSession
    seen: list[tuple[str, int]] = field(default_factory=list)

    def read(self) -> None:
        while self.socket.backlog:
            for packet in self.socket.poll({}):
                self._show(packet)

    def _show(self, packet: str) -> None:
        if packet != "1":
            name, payload = json.loads(packet[2:])
            self.seen.append((name, payload["seq"] if name == wire.NOTIFICACAO else payload["versao"]))

    def seqs(self) -> list[int]:
        self.read()
        return [number for name, number in self.seen if name == wire.NOTIFICACAO]


class Node:
    """One node's feed over a real database and real Engine.IO sessions."""

    def __init__(self, db: Database, server: socketio.Server) -> None:
        self.db = db
        self.server = server
        self.sockets = Sockets(wire.room_of)
        self.transport = Transport(server)
        self.feed = Feed(
            streams=streams,
            read=lambda *args: db.catch_up.read(*args),
            unavailable=(DatabaseDown,),
            sockets=self.sockets,
            server=server,
            transport=self.transport,
        )
        self.screens: list[Screen] = []

    def screen(self, user_id: int, *, seq: int = 0, ttl_s: int = 3600) -> Screen:
        sid = f"sid-{len(self.screens)}"
        heartbeat = Heartbeat(self.server.eio, enter_within_s=10, is_inside=lambda _: True)
        socket = EngineSession(self.server.eio, f"eio-{sid}", heartbeat, TimeSlices(), on_end=lambda _: None)
        self.server.eio.sockets[socket.sid] = socket
        session = self.sockets.open(sid, socket.sid, address="192.0.2.1")
        identity = Identity(user_id, "x@teste.example", "X", "jti", 1, int(time.time()) + ttl_s)
        self.sockets.authenticated(session, identity)
        session.seq = seq
        made = Screen(session, socket)
        self.screens.append(made)
        return made

    def deliver(self, event: Stored) -> None:
        self.feed.deliver(wire.room_of(event.key), event.seq, [event.packet, *event.state.values()])

    def settle(self) -> None:
        """Until no catch-up is running."""
        deadline = time.monotonic() + SETTLE_S
        while any(screen.session.catching_up for screen in self.screens):
            assert time.monotonic() < deadline, "a catch-up does not end"
            gevent.sleep(0.001)
            for screen in self.screens:
                screen.read()


def tell(customer: Customer, times: int) -> list[Stored]:
    customer.db.transact(_tell, customer, times)
    return customer.db.read(streams.read_after, customer.id, 0)


def _tell(connection: Connection, customer: Customer, times: int) -> None:
    for version in range(1, times + 1):
        state = [State(wire.SALDO_ATUALIZADO, f"conta:{customer.account}", {"versao": version})]
        streams.append(connection, [Append(customer.id, wire.NOTIFICACAO, {}, state)])


@pytest.fixture
def node(sqlite: Database, server: socketio.Server) -> Iterator[Node]:
    made = Node(sqlite, server)
    yield made
    made.settle()


@pytest.fixture
def alice(sqlite: Database) -> Customer:
    return new_customer(sqlite)


EVENTS = 12


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arriving=st.lists(st.integers(0, EVENTS - 1), max_size=40),
    pauses=st.sets(st.integers(0, 40)),
    seen=st.integers(0, EVENTS),
)
def test_what_arrives_anyhow_is_shown_in_order_and_once(
    sqlite: Database, server: socketio.Server, arriving: list[int], pauses: set[int], seen: int
) -> None:
    alice, node = new_customer(sqlite), Node(sqlite, server)
    events = tell(alice, EVENTS)
    screen = node.screen(alice.id, seq=seen)

    for place, index in enumerate(arriving):
        node.deliver(events[index])
        if place in pauses:
            gevent.sleep(0)
    node.settle()
    shown = screen.seqs()

    # Without a gap, and without what it had; the sweep brings the rest.
    assert shown == list(range(seen + 1, seen + 1 + len(shown)))
    assert len(shown) >= max([events[index].seq for index in arriving], default=0) - seen
    if screen.session.seq < EVENTS:
        node.feed.start_catch_up(screen.session, EVENTS)
        node.settle()
    assert screen.seqs() == list(range(seen + 1, EVENTS + 1))


def test_the_next_event_comes_with_the_state_that_follows_it(node: Node, alice: Customer) -> None:
    (event,) = tell(alice, 1)
    screen = node.screen(alice.id)

    node.deliver(event)
    screen.read()

    assert screen.seen == [(wire.NOTIFICACAO, 1), (wire.SALDO_ATUALIZADO, 1)]


def test_a_catch_up_ends_with_the_newest_state_only(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    screen = node.screen(alice.id)

    node.feed.start_catch_up(screen.session, 5)
    node.settle()
    screen.read()

    assert screen.seen == [*((wire.NOTIFICACAO, seq) for seq in range(1, 6)), (wire.SALDO_ATUALIZADO, 5)]


def test_a_long_absence_is_read_page_by_page(node: Node, alice: Customer) -> None:
    count = READ_EVENTS_MAX + 7
    tell(alice, count)
    screen = node.screen(alice.id)

    node.feed.start_catch_up(screen.session, 1)
    node.settle()

    assert screen.seqs() == list(range(1, count + 1))


def test_a_place_before_what_is_kept_ends_the_socket_which_comes_back_to_the_head(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    alice.db.transact(streams.trim, alice.id, before=tomorrow, is_read=lambda n: n <= 3)
    behind, just_right = node.screen(alice.id, seq=2), node.screen(alice.id, seq=3)
    for screen in (behind, just_right):
        node.feed.start_catch_up(screen.session, 5)
    node.settle()
    assert gevent.wait(timeout=SETTLE_S), "whatever was begun ends"

    assert behind.socket.closed
    assert (behind.seqs(), just_right.seqs()) == ([], [4, 5])
    assert not just_right.socket.closed


def test_an_unread_notice_that_is_kept_before_a_gap_does_not_hide_the_gap(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    alice.db.transact(streams.trim, alice.id, before=tomorrow, is_read=lambda n: n in (2, 3))
    screen = node.screen(alice.id)
    node.feed.start_catch_up(screen.session, 5)
    node.settle()
    assert gevent.wait(timeout=SETTLE_S), "whatever was begun ends"

    assert screen.socket.closed
    assert screen.seqs() == []


def test_what_happens_during_a_catch_up_is_shown_after_it(node: Node, alice: Customer) -> None:
    tell(alice, 3)
    screen = node.screen(alice.id)
    screen.session.catching_up = True
    late = tell(alice, 1)[-1]

    node.deliver(late)
    assert screen.seqs() == []
    node.feed.catch_up(screen.session)

    assert screen.seqs() == [1, 2, 3, 4]


def test_every_tab_is_shown_what_it_lacks(node: Node, alice: Customer) -> None:
    events = tell(alice, 4)
    behind, ahead = node.screen(alice.id, seq=1), node.screen(alice.id, seq=3)

    node.deliver(events[3])
    node.settle()

    assert (behind.seqs(), ahead.seqs()) == ([2, 3, 4], [4])


def test_nobody_else_is_shown_anything(node: Node, alice: Customer) -> None:
    bob = new_customer(node.db)
    events = tell(alice, 2)
    screen = node.screen(bob.id)

    for event in events:
        node.deliver(event)
    node.settle()

    assert screen.seen == []
    assert screen.session.seq == 0


def test_a_token_that_has_expired_is_shown_nothing(node: Node, alice: Customer) -> None:
    events = tell(alice, 2)
    screen = node.screen(alice.id, ttl_s=-1)

    node.deliver(events[0])
    node.feed.start_catch_up(screen.session, 2)
    node.settle()

    assert screen.seqs() == []


def test_a_client_may_ask_again_for_what_it_missed(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    screen = node.screen(alice.id, seq=5)

    node.feed.rewind(screen.session, 2)
    node.settle()

    assert screen.seqs() == [3, 4, 5]


def test_asking_for_the_future_changes_nothing(node: Node, alice: Customer) -> None:
    events = tell(alice, 5)
    screen = node.screen(alice.id, seq=4)

    node.feed.rewind(screen.session, 99)
    node.settle()
    node.deliver(events[4])

    assert screen.seqs() == [5]


def test_a_question_during_a_catch_up_is_answered_from_where_it_asks(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    screen = node.screen(alice.id, seq=3)
    screen.session.catching_up = True

    node.feed.rewind(screen.session, 1)
    node.feed.catch_up(screen.session)

    assert screen.seqs()[-4:] == [2, 3, 4, 5]


def test_a_burst_ends_no_client_that_reads_and_fills_no_poll(node: Node, alice: Customer) -> None:
    events = tell(alice, 150)
    screen = node.screen(alice.id)

    for event in events:
        node.deliver(event)
    most = screen.socket.backlog
    while screen.session.catching_up:
        most = max(most, screen.socket.backlog)
        screen.read()
        gevent.sleep(0.001)

    assert screen.seqs() == list(range(1, 151))
    assert not screen.socket.closed
    assert most <= Payload.max_decode_packets, "a stock client takes no more at once"


def test_a_client_that_does_not_read_is_not_kept_for_and_closed_after_a_while(
    node: Node, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BACKLOG_WAIT_S", 0.05)
    screen = node.screen(alice.id)

    for event in tell(alice, 150):
        node.deliver(event)
    waiting = screen.socket.backlog
    while screen.session.catching_up:
        gevent.sleep(0.001)

    assert waiting <= BACKLOG_PACKETS_MAX + 2
    assert screen.socket.closed


def test_of_two_questions_during_a_catch_up_the_older_place_is_kept(node: Node, alice: Customer) -> None:
    tell(alice, 5)
    screen = node.screen(alice.id, seq=4)
    screen.session.catching_up = True

    node.feed.rewind(screen.session, 1)
    node.feed.rewind(screen.session, 3)
    node.feed.catch_up(screen.session)

    assert screen.seqs()[-4:] == [2, 3, 4, 5]


# -- after the token's end -------------------------------------------------------------------------


def test_a_token_that_expires_during_a_catch_up_ends_it_with_its_state(
    node: Node, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(alice, 3)
    screen = node.screen(alice.id)
    send_messages, screen.session.catching_up = screen.socket.send_messages, True

    def send_and_expire(packets: Iterable[str]) -> None:
        send_messages(packets)
        screen.session.deadline_s = clock.monotonic_s()

    monkeypatch.setattr(screen.socket, "send_messages", send_and_expire)
    node.feed.catch_up(screen.session)

    screen.read()
    assert screen.seen == [(wire.NOTIFICACAO, 1)], "neither a further event nor a balance"


def test_a_database_that_fails_during_a_catch_up_gives_an_expired_token_no_balance(
    node: Node, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(alice, 3)
    screen = node.screen(alice.id)
    screen.session.catching_up = True
    monkeypatch.setattr(feed, "READ_EVENTS_MAX", 3)  # more may follow, so no state is sent yet
    share = node.db.catch_up
    read = share.read

    def read_once(*args: Any) -> Any:
        found = read(*args)
        monkeypatch.setattr(share, "read", fail)
        return found

    def fail(*_args: Any) -> None:
        screen.session.deadline_s = clock.monotonic_s()
        raise DatabaseDown

    monkeypatch.setattr(share, "read", read_once)
    with pytest.raises(DatabaseDown):
        node.feed.catch_up(screen.session)

    screen.read()
    assert screen.seen == [(wire.NOTIFICACAO, seq) for seq in (1, 2, 3)]


def test_an_event_from_the_bus_is_not_sent_after_the_end_of_the_token(node: Node, alice: Customer) -> None:
    (event,) = tell(alice, 1)
    screen = node.screen(alice.id)
    screen.session.deadline_s = clock.monotonic_s()

    node.deliver(event)

    screen.read()
    assert screen.seen == []
    assert screen.session.seq == 0


def answer(given: bool, _sid: str) -> bool:
    return given


def test_emits_to_a_room_or_to_all_pass_over_who_may_not_hear_them(
    server: socketio.Server, eio_socket: EngineSession
) -> None:
    manager = server.manager
    sid = manager.connect(eio_socket.sid, "/")
    manager.enter_room(sid, "/", "user_7")
    for may_hear, heard in ((True, ["a", "b", "c"]), (False, ["c"])):
        listener = Listener(print, print, print, may_hear=partial(answer, may_hear))
        manager.listen("/", listener)
        for name, room in (("a", "user_7"), ("b", None), ("c", sid)):
            Manager.emit(manager, name, {}, "/", room=room)
        assert [json.loads(packet[2:])[0] for packet in eio_socket.poll({})] == heard


# -- who asks again and again ----------------------------------------------------------------------


def test_a_client_that_asks_for_everything_again_and_again_is_answered_at_a_bounded_rate(
    node: Node, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "REWIND_EVERY_S", 0.05)
    tell(alice, 3)
    screen = node.screen(alice.id, seq=3)
    asked_s = []
    for _ in range(3):
        node.feed.rewind(screen.session, 0)
        node.settle()
        asked_s.append(screen.session.rewound_s)

    assert screen.seqs() == [1, 2, 3] * 3
    assert all(later - sooner >= 0.05 for sooner, later in itertools.pairwise(asked_s))


def test_the_sockets_of_one_person_catch_up_one_at_a_time_and_hold_nobody_else_up(
    node: Node, alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = new_customer(alice.db)
    tell(alice, 3)
    tell(bob, 3)
    screens = [node.screen(alice.id) for _ in range(20)]
    other = node.screen(bob.id)
    read, under_way, order = node.db.catch_up.read, Counter[int](), []

    def read_slowly(work: Any, user_id: int, seq: int) -> Any:
        under_way[user_id] += 1
        order.append(user_id)
        assert under_way[user_id] == 1
        gevent.sleep(0.001)
        under_way[user_id] -= 1
        return read(work, user_id, seq)

    monkeypatch.setattr(node.db.catch_up, "read", read_slowly)
    for screen in (*screens, other):
        node.feed.start_catch_up(screen.session, 3)
    node.settle()

    assert all(screen.seqs() == [1, 2, 3] for screen in (*screens, other))
    assert order.index(bob.id) <= 1, "though twenty came before"


# -- the sweep -------------------------------------------------------------------------------------


class Swept:
    """A node's sweep, and what it asked of the streams."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.asked: list[str] = []
        self.sweep = Sweep(
            streams=streams, read=self._read, unavailable=(DatabaseDown,), sockets=node.sockets, feed=node.feed
        )

    def _read(self, work: Any, *args: Any) -> Any:
        self.asked.append(work.__name__)
        return self._node.db.catch_up.read(work, *args)

    def once(self) -> list[str]:
        self.asked.clear()
        self.sweep.once()
        self._node.settle()
        return self.asked


def test_a_sweep_reads_the_heads_of_all_only_when_somebody_is_behind(node: Node, sqlite: Database) -> None:
    ana, bia = new_customer(sqlite), new_customer(sqlite)
    for customer, times in ((ana, 3), (bia, 5)):
        tell(customer, times)
    screens = [node.screen(ana.id, seq=3), node.screen(bia.id, seq=5), node.screen(bia.id, seq=5)]
    swept = Swept(node)

    assert swept.once() == ["sum_of_heads"]
    tell(bia, 1)
    assert swept.once() == ["sum_of_heads", "heads"]
    assert [screen.seqs() for screen in screens] == [[], [6], [6]]
    assert swept.once() == ["sum_of_heads"]
    screens[2].session.seq = 4
    assert swept.once() == ["sum_of_heads", "heads"], "one socket of two is behind"
    assert screens[2].seqs() == [6, 5, 6]


def test_a_sweep_after_the_epoch_changed_looks_at_every_socket(node: Node, sqlite: Database) -> None:
    ana = new_customer(sqlite)
    screen = node.screen(ana.id)
    screen.session.epoch = sqlite.transact(streams.change_epoch) - 1

    assert Swept(node).once() == ["sum_of_heads", "heads"]
