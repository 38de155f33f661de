"""Who was away gets what was missed: exactly that, in order, and then the balances as they are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask_socketio_cluster.streams.trimming import Trimmed

from app.db import Database
from app.streams.stream import streams
from tests.support.cluster import Cluster
from tests.support.people import Feed, Person, in_parallel

MISSED = 200
TRANSPORTS = pytest.mark.parametrize("transports", [("websocket",), ("polling",)], ids=lambda t: t[0])


class Absentee:
    """Somebody who saw three events, left, and missed MISSED more."""

    def __init__(self, cluster: Cluster) -> None:
        self.person = Person(cluster.url, "Ausente Silva")
        giver = Person(cluster.url, "Doadora Lima")
        giver.deposit("1000.00")
        with self.person.listening() as feed:
            self.epoch: int = feed.named("autenticado")[0]["epoca"]
            for _ in range(3):
                self.person.deposit("10.00")
            feed.wait_for_seq(3)
        half = MISSED // 2
        give, take = partial(giver.transfer, self.person, "1.00"), partial(self.person.withdraw, "0.10")
        answers = in_parallel([give, take] * half, 8)
        assert {answer.status_code for answer in answers} == {201}
        self.head = 3 + MISSED
        self.balance = 30.0 + 0.9 * half

    def ask(self, seq: int, epoch: int | None = None) -> dict[str, int]:
        return {"ultimo_seq": seq, "epoca": self.epoch if epoch is None else epoch}


@pytest.fixture(scope="module")
def absentee(cluster: Cluster) -> Absentee:
    return Absentee(cluster)


def seqs_once_settled(feed: Feed) -> list[int]:
    feed.settle()
    return feed.seqs()


@TRANSPORTS
@pytest.mark.parametrize("node", ["web1", "web2"])
def test_two_hundred_missed_events_come_exactly_and_in_order(
    cluster: Cluster, absentee: Absentee, transports: tuple[str, ...], node: str
) -> None:
    url = cluster.node_url(node)
    with absentee.person.listening(url, transports=transports, ask=absentee.ask(3)) as feed:
        feed.wait_for_seq(absentee.head)

        assert seqs_once_settled(feed) == list(range(4, absentee.head + 1))
    (answer,) = feed.named("autenticado")
    assert (answer["seq"], answer["recuperado"]) == (absentee.head, True)


@TRANSPORTS
def test_what_was_missed_is_followed_by_the_balance_as_it_is(absentee: Absentee, transports: tuple[str, ...]) -> None:
    with absentee.person.listening(transports=transports, ask=absentee.ask(3)) as feed:
        feed.wait_for("saldo_atualizado")
        feed.settle()

    replayed = [e for e in feed.events if e.name in ("notificacao", "saldo_atualizado")]
    assert [event.name for event in replayed] == ["notificacao"] * MISSED + ["saldo_atualizado"]
    assert replayed[-1].payload["Saldo"] == absentee.balance == absentee.person.balance()
    assert replayed[-1].payload["versao"] == absentee.head


def test_the_events_that_were_missed_are_those_that_would_have_been_seen(absentee: Absentee) -> None:
    with absentee.person.listening(ask=absentee.ask(0)) as feed:
        feed.wait_for_seq(absentee.head)

    told = [row for payload in feed.named("notificacao") for row in payload["dados"]["movimentacoes"]]
    statement = absentee.person.get("/movimentacoes", limite=200).json()
    assert list(reversed(told))[:200] == statement
    assert told[-1]["SaldoApos"] == absentee.balance


@TRANSPORTS
def test_who_missed_a_few_gets_a_few(absentee: Absentee, transports: tuple[str, ...]) -> None:
    seen = absentee.head - 2
    with absentee.person.listening(transports=transports, ask=absentee.ask(seen)) as feed:
        feed.wait_for_seq(absentee.head)

        assert seqs_once_settled(feed) == [absentee.head - 1, absentee.head]


def test_who_missed_nothing_gets_nothing(absentee: Absentee) -> None:
    with absentee.person.listening(ask=absentee.ask(absentee.head)) as feed:
        assert seqs_once_settled(feed) == []
    assert feed.named("autenticado")[0]["recuperado"] is True


def test_a_client_that_cannot_be_carried_on_starts_afresh(alice: Person) -> None:
    alice.deposit("1.00")
    with alice.listening() as feed:
        epoch = feed.named("autenticado")[0]["epoca"]
    asked: dict[str, dict[str, int]] = {
        "another epoch": {"ultimo_seq": 0, "epoca": epoch + 1},
        "no epoch": {"ultimo_seq": 0},
        "the future": {"ultimo_seq": 99, "epoca": epoch},
        "nothing": {},
    }

    for head, (why, ask) in enumerate(asked.items(), start=1):
        with alice.listening(ask=ask) as feed:
            assert seqs_once_settled(feed) == [], why
            alice.deposit("1.00")
            feed.wait_for_seq(head + 1)
            assert seqs_once_settled(feed) == [head + 1], why
        (answer,) = feed.named("autenticado")
        assert (answer["seq"], answer["recuperado"]) == (head, False), why


def test_who_comes_back_from_before_what_is_kept_is_told_so(cluster: Cluster, alice: Person) -> None:
    with alice.listening() as feed:
        epoch = feed.named("autenticado")[0]["epoca"]
        for _ in range(4):
            alice.deposit("1.00")
    db = Database(cluster.database())
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert db.transact(streams.trim, alice.id, before=tomorrow, is_read=lambda _: True) == Trimmed(3, 3)
    db.dispose()

    for place, recovered, missed in ((2, False, []), (3, True, [4])):
        with alice.listening(ask={"ultimo_seq": place, "epoca": epoch}) as feed:
            assert feed.named("autenticado")[0]["recuperado"] is recovered
            if missed:
                feed.wait_for_seq(missed[-1])
            assert seqs_once_settled(feed) == missed


def test_a_place_in_the_stream_that_is_none_is_refused(alice: Person) -> None:
    no_places: list[dict[str, object]] = [
        {"ultimo_seq": -1},
        {"ultimo_seq": "3"},
        {"ultimo_seq": 1.5},
        {"ultimo_seq": True},
        {"epoca": "x"},
    ]
    feed = Feed(alice.url)
    for ask in no_places:
        feed.emit("autenticar", {"token": alice.token, **ask})
    feed.wait_until(lambda: len(feed.named("erro")) == len(no_places), "a refusal of each")
    refused = {refusal["codigo"] for refusal in feed.named("erro")}
    alice.deposit("1.00")
    feed.settle()
    feed.close()

    assert refused == {"dados_invalidos"}
    assert (feed.named("autenticado"), feed.named("notificacao")) == ([], [])


@TRANSPORTS
def test_a_client_may_ask_again_for_what_came_after_a_seq(absentee: Absentee, transports: tuple[str, ...]) -> None:
    since = absentee.head - 5
    with absentee.person.listening(transports=transports) as feed:
        feed.emit("sincronizar", {"desde": since})
        feed.wait_for_seq(absentee.head)

        assert seqs_once_settled(feed) == list(range(since + 1, absentee.head + 1))


def test_asking_again_twice_gives_nothing_that_is_not_in_order(absentee: Absentee) -> None:
    since = absentee.head - 20
    with absentee.person.listening() as feed:
        for _ in range(2):
            feed.emit("sincronizar", {"desde": since})
        feed.wait_for_seq(absentee.head)
        seen: list[int] = []
        for seq in seqs_once_settled(feed):
            if seq == (seen[-1] if seen else since) + 1:
                seen.append(seq)

    assert seen == list(range(since + 1, absentee.head + 1))


def test_who_says_many_times_who_it_is_is_told_everything_once(alice: Person) -> None:
    for _ in range(3):
        alice.deposit("1.00")
    feed = Feed(alice.url)
    for _ in range(10):
        feed.emit("autenticar", {"token": alice.token})
    feed.wait_until(lambda: len(feed.named("autenticado")) == 10, "ten answers")
    for seq in (4, 5, 6):
        alice.deposit("1.00")
        feed.wait_for_seq(seq)
    feed.emit("sincronizar", {"desde": 6})
    alice.deposit("1.00")
    feed.wait_for_seq(7)

    assert seqs_once_settled(feed) == [4, 5, 6, 7]
    feed.close()


def test_asking_for_the_future_gives_nothing_and_harms_nothing(alice: Person) -> None:
    with alice.listening() as feed:
        feed.emit("sincronizar", {"desde": 10**15})
        feed.settle()
        alice.deposit("1.00")
        feed.wait_for_seq(1)

        assert seqs_once_settled(feed) == [1]


@TRANSPORTS
def test_what_happens_during_the_return_is_not_lost_and_not_repeated(
    cluster: Cluster, person: Callable[..., Person], transports: tuple[str, ...]
) -> None:
    alice, bob = person(), person()
    alice.deposit("100.00")
    with bob.listening() as feed:
        epoch = feed.named("autenticado")[0]["epoca"]
    give = partial(alice.transfer, bob, "1.00")
    in_parallel([give] * 30, 8)

    def return_and_stay() -> list[int]:
        ask = {"ultimo_seq": 0, "epoca": epoch}
        with bob.listening(transports=transports, ask=ask) as returned:
            returned.wait_for_seq(60)
            return seqs_once_settled(returned)

    seen = in_parallel([return_and_stay, *[give] * 30], 9)[0]

    assert seen == list(range(1, 61))
