"""Who is online over all nodes: told once, true when nodes and Redis die, and one round trip a beat."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from flask_socketio_cluster.presence import Change, Presence, leases, presence
from flask_socketio_cluster.streams.stream import Key
from redis import Redis
from redis.exceptions import RedisError

from tests.support.people import eventually
from tests.support.redis_cluster import RedisCluster
from tests.support.servers import RedisServer, redis_server

ANA, BIA = 7, "bia"


class Node:
    """One node's presence, and the nodes that it is among. Dies without a word."""

    def __init__(self, nodes: "Nodes", name: str) -> None:
        self._nodes = nodes
        self.lost, self.refused, self.refuses = 0, 0, False
        self.presence = Presence(nodes.redis_url, node_id=name)
        self.presence.listen(self._tell, self._lose)

    def _tell(self, changes: Sequence[Change]) -> None:
        if self.refuses:
            raise DatabaseAway
        self._nodes.told.extend(changes)

    def _lose(self) -> None:
        if self.refuses:
            self.refused += 1
            raise DatabaseAway
        self.lost += 1

    def turn(self) -> None:
        """As its loops do it once a second."""
        with suppress(RedisError, DatabaseAway):
            self.presence.beat()
            self.presence.tell()

    def enter(self, sid: str, key: Key) -> None:
        self.presence.enter(sid, key)

    def leave(self, sid: str) -> None:
        self.presence.leave(sid)

    def die(self) -> None:
        self._nodes.alive.remove(self)


class DatabaseAway(Exception):
    pass


class Nodes:
    """The nodes of a cluster, which turn while a test waits, and all that they told."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.alive: list[Node] = []
        self.told: list[Change] = []
        self._markers = itertools.count(1)

    def start(self, name: str) -> Node:
        node = Node(self, name)
        self.alive.append(node)
        return node

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        def turned() -> Any:
            for node in self.alive:
                node.turn()
            return condition()

        eventually(turned, f"{what}; told: {self.told}")

    def states(self, key: Key) -> list[bool]:
        """What was told of one person, in the order of the versions. On a machine that stands still for longer than a
        node may take to tell, a change comes twice under its version, which whoever hears it passes over."""
        told = {change.version: change.online for change in self.told if change.key == key}
        return [told[version] for version in sorted(told)]

    def wait_told(self, key: Key, *states: bool) -> None:
        self.wait(lambda: self.states(key) == [*states], f"{key} told as {states}")

    def look(self) -> None:
        """Wait until all that is due by now was looked at: somebody who comes only now was told of."""
        marker = f"marker {next(self._markers)}"
        self.alive[0].enter(marker, marker)
        self.wait_told(marker, True)


def sockets(client: Redis, node: Node) -> int:
    """How many of the node Redis has."""
    return client.hlen(f"flask-socketio:{{presence}}:node:{node.presence._generation}")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production, five times as fast."""
    for name in ("LEASE_S", "GRACE_S", "SILENT_S", "RESTORE_S", "RETRY_S"):
        monkeypatch.setattr(leases, name, getattr(leases, name) / 5)
    monkeypatch.setattr(presence, "RESTORE_S", leases.RESTORE_S)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as started:
        yield started


@pytest.fixture
def nodes(server: RedisServer) -> Nodes:
    return Nodes(server.url)


def two_people(nodes: Nodes) -> tuple[Node, Node]:
    """Two nodes: Ana is at the first, Bia at the second, and both were told of."""
    one, two = nodes.start("web1"), nodes.start("web2")
    one.enter("a", ANA)
    two.enter("b", BIA)
    nodes.wait_told(ANA, True)
    nodes.wait_told(BIA, True)
    return one, two


def test_tabs_on_several_nodes_are_one_person_who_is_told_once(nodes: Nodes) -> None:
    one, two = nodes.start("web1"), nodes.start("web2")
    one.enter("tab 1", ANA)
    two.enter("tab 2", ANA)
    two.enter("tab 3", BIA)
    nodes.wait_told(ANA, True)
    nodes.wait_told(BIA, True)

    one.leave("tab 1")
    nodes.look()
    assert nodes.states(ANA) == [True]
    assert one.presence.listing([ANA, BIA, "7"]).online == {ANA, BIA}

    two.leave("tab 2")
    nodes.wait_told(ANA, True, False)
    assert one.presence.listing([ANA, BIA]).online == {BIA}


def test_a_reload_on_another_node_tells_nobody_anything(nodes: Nodes) -> None:
    one, two = nodes.start("web1"), nodes.start("web2")
    one.enter("before", ANA)
    nodes.wait_told(ANA, True)

    one.leave("before")
    one.turn()
    two.enter("after", ANA)
    nodes.look()
    assert nodes.states(ANA) == [True]


def test_who_comes_and_goes_within_the_grace_was_never_here(nodes: Nodes) -> None:
    one = nodes.start("web1")
    one.enter("a", ANA)
    one.turn()
    one.leave("a")
    nodes.look()
    assert nodes.states(ANA) == []


def test_the_people_of_a_node_that_died_go_offline(nodes: Nodes) -> None:
    one, _ = two_people(nodes)

    one.die()
    nodes.start("web1")  # its successor has none of its sockets
    nodes.wait_told(ANA, True, False)
    assert nodes.states(BIA) == [True]


def test_a_redis_that_was_away_changes_nobodys_state(server: RedisServer, nodes: Nodes) -> None:
    one, _ = two_people(nodes)

    server.stop()
    for _ in range(2):  # together longer than any lease
        with pytest.raises(RedisError):
            one.presence.listing([ANA])
    server.cont()
    nodes.look()
    assert (nodes.states(ANA), nodes.states(BIA)) == ([True], [True])


def test_a_redis_that_lost_everything_is_whole_again_and_lists_are_sent_anew(server: RedisServer, nodes: Nodes) -> None:
    one, two = two_people(nodes)

    nodes.wait(lambda: one.lost and two.lost, "the lists of the beginning are sent")

    server.kill()
    two.leave("b")
    server.start()
    nodes.wait(lambda: (one.lost, two.lost) == (2, 2), "both nodes are asked to send lists anew")
    assert two.presence.listing([ANA, BIA]).online == {ANA}
    assert (nodes.states(ANA), nodes.states(BIA)) == ([True], [True])  # the lists say the rest


def test_a_redis_that_lost_its_last_second_is_told_it_again(server: RedisServer, nodes: Nodes) -> None:
    one, two = two_people(nodes)
    one.enter("tab 2", BIA)
    nodes.look()
    with Redis.from_url(server.url) as client:
        client.save()

    one.leave("a")
    two.leave("b")
    two.enter("c", "caio")
    nodes.look()  # all of this was said
    server.kill()
    server.start()
    nodes.wait(lambda: one.presence.listing([ANA, BIA, "caio"]).online == {BIA, "caio"}, "it is as before the loss")
    assert (nodes.states(ANA)[-1], nodes.states("caio")[-1], nodes.states(BIA)) == (False, True, [True])
    one.leave("tab 2")
    nodes.wait_told(BIA, True, False)


def test_a_loss_is_found_out_though_the_answer_that_said_so_was_lost(server: RedisServer, nodes: Nodes) -> None:
    one = nodes.start("web1")
    one.enter("a", ANA)
    nodes.wait_told(ANA, True)
    with Redis.from_url(server.url) as client:
        client.save()

    one.enter("b", BIA)
    nodes.wait_told(BIA, True)
    server.kill()
    server.start()
    assert one.presence.listing([ANA, BIA]).online == {ANA}, "and the node has a connection"
    server.stop()
    one.turn()  # Redis does what it is asked once it goes on, and nobody waits for the answer any more
    server.cont()
    nodes.wait(lambda: one.presence.listing([ANA, BIA]).online == {ANA, BIA}, "it is as before the loss")


def test_who_was_taken_for_dead_is_back_with_all_its_sockets(
    server: RedisServer, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SWEPT_MAX", 1)
    one, two = nodes.start("web1"), nodes.start("web2")
    for number in range(5):
        one.enter(f"s{number}", number)
    nodes.wait(lambda: len(one.presence.listing(range(5)).online) == 5, "all are online")

    one.die()  # so it seems
    with Redis.from_url(server.url) as client:
        nodes.wait(lambda: sockets(client, one) == 4, "the other node begins to take them out")
    nodes.alive.append(one)
    nodes.look()
    nodes.wait(lambda: len(two.presence.listing(range(5)).online) == 5, "all are online again")


def test_a_socket_that_becomes_another_person_s_leaves_nobody_behind(nodes: Nodes) -> None:
    one = nodes.start("web1")
    one.enter("a", ANA)
    nodes.wait_told(ANA, True)

    one.enter("a", BIA)
    nodes.wait_told(BIA, True)
    nodes.wait_told(ANA, True, False)


def test_lists_that_could_not_be_sent_after_a_loss_are_sent_later(server: RedisServer, nodes: Nodes) -> None:
    one = nodes.start("web1")
    one.enter("a", ANA)
    nodes.wait_told(ANA, True)
    nodes.wait(lambda: one.lost, "the lists of the beginning are sent")
    server.kill()
    server.start()
    nodes.wait(lambda: one.presence.listing([ANA]).online, "Redis is told again what it knew")

    one.refuses = True
    nodes.wait(lambda: one.refused, "the node tried to send its lists")
    one.refuses = False
    nodes.wait(lambda: one.lost == 2, "the lists are sent")


def test_a_node_that_starts_while_redis_is_told_again_what_it_knew_sends_lists_too(
    server: RedisServer, nodes: Nodes
) -> None:
    one = nodes.start("web1")
    one.enter("a", ANA)
    nodes.wait_told(ANA, True)
    server.kill()
    server.start()
    two = nodes.start("web2")
    assert two.presence.listing([ANA]).online == frozenset(), "who asks it now hears of nobody"
    two.turn()
    nodes.wait(lambda: two.lost == 1, "the lists are sent")
    assert two.presence.listing([ANA]).online == {ANA}


def test_what_is_missed_while_lists_are_sent_has_them_sent_once_more(nodes: Nodes) -> None:
    one = nodes.start("web1")
    nodes.wait(lambda: one.lost, "the lists of the beginning are sent")

    def lose() -> None:
        one.lost += 1
        if one.lost == 2:
            one.presence.missed()

    one.presence.listen(lambda _: None, lose)
    one.presence.missed()
    nodes.wait(lambda: one.lost == 3, "the lists are sent twice")


def test_a_change_that_could_not_be_told_is_told_by_another_node(nodes: Nodes) -> None:
    one = nodes.start("web1")
    one.refuses = True
    one.enter("a", ANA)
    nodes.wait(lambda: one.presence.listing([ANA]).online, "the change was taken")
    one.die()
    nodes.start("web2").enter("b", BIA)
    nodes.wait(lambda: nodes.states(ANA)[:1] == [True], "the other node tells it")


def test_a_beat_is_one_round_trip_whatever_its_sockets_did(server: RedisServer, nodes: Nodes) -> None:
    one = nodes.start("web1")
    for number in range(presence.BATCH_MAX):
        one.enter(f"s{number}", number)
    with Redis.from_url(server.url) as client:
        one.turn()
        assert client.info("commandstats")["cmdstat_eval"]["calls"] == 1
        assert sockets(client, one) == presence.BATCH_MAX


def test_it_works_on_a_redis_cluster(cluster: RedisCluster) -> None:
    nodes = Nodes(cluster.url)
    one = nodes.start("web1")
    one.enter("a", ANA)
    nodes.wait_told(ANA, True)
    assert one.presence.listing([ANA, BIA]).online == {ANA}
