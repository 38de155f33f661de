"""Conversations of two: kept, told to both in order, each message once, and unread counts that always fit."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from sqlalchemy import text, update

from app import clock
from app.chat import actions, messages, money, queries
from app.contacts.models import Contact
from app.contacts.queries import connected, held_connected
from app.db import Database
from app.errors import ClientIdReused, NotConnected, NotFound, RequestSettled, TooLate
from app.wire import CHAT_ALTERADA, CHAT_LIDA, CHAT_MENSAGEM
from tests.integration.customers import Customer, new_customer, refusal_of, rows
from tests.integration.friends import ask, befriend, by_events, by_fetch, edit, events_of, read, receive, say, told

AT_ONCE = 8


@pytest.fixture
def alice(database: Database) -> Customer:
    return new_customer(database, "Alice Souza", cents=100_000)


@pytest.fixture
def bob(database: Database, alice: Customer) -> Customer:
    """A contact of Alice's."""
    bob = new_customer(database, "Bob Pereira", cents=50_000)
    befriend(alice, bob)
    return bob


def test_a_message_is_told_to_both_with_what_each_has_unread(alice: Customer, bob: Customer) -> None:
    sent = say(alice, bob, "Olá, Bob 🫖", client_id="first")

    (mine,), (theirs,) = told(alice, CHAT_MENSAGEM), told(bob, CHAT_MENSAGEM)
    assert (mine["mensagem_id"], mine["texto"], mine["id_cliente"]) == (sent.id, "Olá, Bob 🫖", "first")
    assert (mine["conversa"], mine["nome"], mine["nao_lidas"]) == (bob.id, "Bob Pereira", 0)
    assert (theirs["conversa"], theirs["nome"], theirs["nao_lidas"]) == (alice.id, "Alice Souza", 1)
    assert bob.db.read(queries.unread, bob.id) == 1


def test_a_repeated_request_writes_nothing_and_gives_the_same_message(alice: Customer, bob: Customer) -> None:
    sent = say(alice, bob, client_id="once")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        again = list(pool.map(lambda _: say(alice, bob, client_id="once"), range(AT_ONCE)))
        at_once = {m.id for m in pool.map(lambda _: say(alice, bob, client_id="twice"), range(AT_ONCE))}

    assert {message.id for message in again} == {sent.id}
    assert len(at_once) == 1
    assert len(told(bob, CHAT_MENSAGEM)) == 2
    carol = new_customer(alice.db)
    befriend(alice, carol)
    assert refusal_of(lambda: say(alice, carol, client_id="once")) is ClientIdReused


def test_only_contacts_who_do_not_block_each_other_chat(alice: Customer, bob: Customer) -> None:
    stranger = new_customer(alice.db)
    say(alice, bob, client_id="before")
    for receiver in (stranger.id, alice.id, 10**12):
        assert refusal_of(lambda to=receiver: send_to(alice, to)) is NotConnected

    alice.db.transact(lambda c: c.execute(update(Contact).where(Contact.user_id == bob.id).values(blocked=1)))
    assert refusal_of(lambda: say(alice, bob)) is NotConnected
    assert refusal_of(lambda: say(bob, alice)) is NotConnected
    assert say(alice, bob, client_id="before").text == "Oi", "an answer that got lost is given again"
    assert rows(alice.db, "SELECT COUNT(*) FROM chat_sides") == [(2,)]


def send_to(sender: Customer, receiver_id: int) -> None:
    sender.db.transact(
        actions.send, sender_id=sender.id, receiver_id=receiver_id, text="x", client_id="x", connected=held_connected
    )


def test_reading_moves_on_and_never_back_and_both_are_told(alice: Customer, bob: Customer) -> None:
    first, second, third = (say(alice, bob, text) for text in ("um", "dois", "três"))
    say(bob, alice, "quatro")
    read(bob, alice, second)
    read(bob, alice, first)
    assert bob.db.read(queries.unread, bob.id) == 1
    receive(bob, alice, third)
    bob.db.transact(actions.read, user_id=bob.id, other_id=alice.id, to=10**9, connected=connected)

    assert [event["nao_lidas"] for event in told(bob, CHAT_LIDA)] == [1, 0]
    ticks = [(event["lida_ate"], event["recebida_ate"]) for event in told(alice, CHAT_LIDA)]
    last = by_fetch(alice).messages[bob.id][-1]["mensagem_id"]
    assert ticks == [(second.id, second.id), (second.id, third.id), (last, last)]
    assert all("nao_lidas" not in event for event in told(alice, CHAT_LIDA)), "what Bob has unread is his"


def test_a_stranger_makes_no_rows_and_learns_nothing(alice: Customer, bob: Customer) -> None:
    message = say(alice, bob)
    eva = new_customer(alice.db)
    attempts = (
        lambda: eva.db.transact(actions.read, user_id=eva.id, other_id=alice.id, to=1, connected=connected),
        lambda: edit(eva, message, "x"),
        lambda: eva.db.transact(actions.delete, user_id=eva.id, message_id=message.id),
        lambda: report(eva, alice, message.id),
    )
    assert [refusal_of(attempt) for attempt in attempts] == [NotFound] * 4
    assert eva.db.read(queries.page, eva.id, alice.id, limit=10, before_id=None, after_id=None).rows == []
    assert rows(eva.db, "SELECT COUNT(*) FROM chat_sides WHERE user_id = :eva", eva=eva.id) == [(0,)]


def test_a_message_is_changed_and_taken_back_by_its_writer_within_15_minutes(alice: Customer, bob: Customer) -> None:
    message = say(alice, bob, "Segredo antigo")
    edit(alice, message, "Segredo novo")
    assert refusal_of(lambda: bob.db.transact(actions.delete, user_id=bob.id, message_id=message.id)) is NotFound
    alice.db.transact(actions.delete, user_id=alice.id, message_id=message.id)
    assert refusal_of(lambda: alice.db.transact(actions.delete, user_id=alice.id, message_id=message.id)) is NotFound

    assert [(m["texto"], m["editada"], m["apagada"]) for m in told(bob, CHAT_ALTERADA)] == [
        ("Segredo novo", True, False),
        ("", True, True),
    ]
    assert rows(bob.db, "SELECT COUNT(*) FROM chat_messages WHERE text <> '' OR search_text <> ''") == [(0,)]
    late = say(alice, bob)
    after = clock.now() + actions.CHANGE_WITHIN + timedelta(seconds=1)
    with patch("app.clock.now", lambda: after):
        assert refusal_of(lambda: alice.db.transact(actions.delete, user_id=alice.id, message_id=late.id)) is TooLate


def test_who_is_blocked_reaches_the_other_no_more_and_learns_nothing(alice: Customer, bob: Customer) -> None:
    message = say(alice, bob)
    alice.db.transact(lambda c: c.execute(update(Contact).where(Contact.user_id == bob.id).values(blocked=1)))
    assert refusal_of(lambda: edit(alice, message, "agora vai")) is NotConnected
    receive(bob, alice, message)
    read(bob, alice, message)

    assert (told(bob, CHAT_ALTERADA), told(alice, CHAT_LIDA)) == ([], [])
    assert told(bob, CHAT_LIDA)[-1]["nao_lidas"] == 0


def test_who_asks_for_money_while_being_paid_waits_for_nobody(emptied_mariadb: Database) -> None:
    alice, bob = new_customer(emptied_mariadb, cents=100_000), new_customer(emptied_mariadb)
    befriend(alice, bob)
    say(alice, bob)
    before = deadlocks(emptied_mariadb)
    assert before, "the server counts them"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        doings = [partial(alice.transfer, bob, 1), partial(ask, bob, alice, 100)] * 20
        list(pool.map(lambda do: do(), doings))

    assert deadlocks(emptied_mariadb) == before
    assert len(told(alice, CHAT_MENSAGEM)) == 41


def deadlocks(db: Database) -> list[tuple[object, ...]]:
    return rows(db, "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")


def test_the_widest_text_is_written(alice: Customer, bob: Customer) -> None:
    assert say(alice, bob, "\ufdfa" * 2000).text == "\ufdfa" * 2000


def test_a_transfer_between_contacts_is_a_card_with_its_receipt_and_one_between_strangers_is_none(
    alice: Customer, bob: Customer
) -> None:
    stranger = new_customer(alice.db)
    alice.transfer(stranger, 100)
    operation = alice.transfer(bob, 1234, "Cinema")["operacao_id"]

    (card,) = told(bob, CHAT_MENSAGEM)
    assert (card["tipo"], card["valor"], card["texto"]) == ("transferencia", 12.34, "Cinema")
    assert card["operacao_id"] == operation
    assert (told(alice, CHAT_MENSAGEM)[0]["mensagem_id"], told(stranger, CHAT_MENSAGEM)) == (card["mensagem_id"], [])


def test_what_was_asked_for_is_paid_once_and_by_whom_it_was_asked_of(alice: Customer, bob: Customer) -> None:
    request = ask(bob, alice, 2500)
    eva = new_customer(alice.db, cents=10_000)
    assert refusal_of(lambda: pay(eva, request, 2500)) is NotFound
    assert refusal_of(lambda: pay(alice, request, 2400)) is NotFound
    assert refusal_of(lambda: pay_own(alice, request)) is NotFound
    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(lambda _: str(refusal_of(lambda: pay(alice, request, 2500))), range(2)))

    assert outcomes == sorted([str(RequestSettled), "None"])
    assert (alice.balance(), bob.balance()) == (97_500, 52_500)
    (asked,), (settled,) = told(alice, CHAT_MENSAGEM), told(alice, CHAT_ALTERADA)
    assert (asked["situacao"], settled["situacao"], settled["valor"]) == ("aberta", "paga", 25)
    assert settled["operacao_id"] is not None
    assert refusal_of(lambda: settle(bob, request, money.WITHDRAWN)) is RequestSettled


def pay(payer: Customer, request: messages.Message, cents: int) -> None:
    assert request.account_id is not None
    payer.pay_request(request.account_id, cents, request.id)


def pay_own(payer: Customer, request: messages.Message) -> None:
    payer.pay_request(payer.open_account(), 2500, request.id)


def settle(user: Customer, request: messages.Message, status: str) -> None:
    user.db.transact(money.settle, request_id=request.id, user_id=user.id, status=status)


def test_a_request_is_refused_by_the_asked_and_withdrawn_by_the_asker(alice: Customer, bob: Customer) -> None:
    first, second = ask(bob, alice, 100), ask(bob, alice, 200)
    assert refusal_of(lambda: settle(bob, first, money.REFUSED)) is NotFound
    assert refusal_of(lambda: settle(alice, first, money.WITHDRAWN)) is NotFound
    settle(alice, first, money.REFUSED)
    settle(bob, second, money.WITHDRAWN)

    assert [m["situacao"] for m in told(alice, CHAT_ALTERADA)] == ["recusada", "cancelada"]
    assert refusal_of(lambda: pay(alice, second, 200)) is RequestSettled
    assert alice.balance() == 100_000


def test_pages_go_both_ways_and_meet(alice: Customer, bob: Customer) -> None:
    ids = [say(alice, bob, str(number)).id for number in range(7)]

    def page(**where: int | None) -> tuple[list[int], int | None]:
        asked = {"before_id": None, "after_id": None, **where}
        found = bob.db.read(queries.page, bob.id, alice.id, limit=3, **asked)
        return [message.id for message in found.rows], found.next_before_id

    assert page() == (ids[:3:-1], ids[4])
    assert page(before_id=ids[4]) == (ids[3:0:-1], ids[1])
    assert page(before_id=ids[1]) == ([ids[0]], None)
    assert page(after_id=ids[1]) == (ids[2:5], None)


def test_a_search_finds_one_s_own_messages_alone_and_goes_on_where_it_stopped(
    alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    carol, dave = new_customer(alice.db), new_customer(alice.db)
    befriend(alice, carol)
    befriend(carol, dave)
    old = say(bob, alice, "O CAFÉ está pronto")
    say(carol, dave, "café dos outros")
    fillers = [say(alice, carol, f"nada {number}") for number in range(4)]
    new = say(carol, alice, "Outro cafe\u0301?")
    gone = say(alice, carol, "café apagado")
    alice.db.transact(actions.delete, user_id=alice.id, message_id=gone.id)
    monkeypatch.setattr(queries, "SEARCH_ROWS_MAX", 4)

    def found(before_id: int | None = None) -> tuple[list[int], int | None]:
        page = alice.db.read(queries.search, alice.id, text="Cafe", limit=10, before_id=before_id)
        return [message.id for message in page.rows], page.next_before_id

    assert found() == ([new.id], fillers[2].id)
    assert found(fillers[2].id) == ([old.id], None)
    assert alice.db.read(queries.search, alice.id, text=" ", limit=10, before_id=None).rows == []


def report(user: Customer, other: Customer, message_id: int | None) -> None:
    user.db.transact(actions.report, user_id=user.id, other_id=other.id, reason="Golpe", message_id=message_id)


def test_a_report_keeps_the_message_as_it_was_and_is_of_the_other_s_messages_only(
    alice: Customer, bob: Customer
) -> None:
    theirs, mine = say(alice, bob, "Me passa a senha"), say(bob, alice)
    assert refusal_of(lambda: report(bob, alice, mine.id)) is NotFound
    report(bob, alice, theirs.id)
    report(bob, alice, None)
    alice.db.transact(actions.delete, user_id=alice.id, message_id=theirs.id)

    assert rows(bob.db, "SELECT message_text, reason FROM chat_reports ORDER BY id") == [
        ("Me passa a senha", "Golpe"),
        ("", "Golpe"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_events_show_what_a_fresh_fetch_does(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    people = [new_customer(database, cents=10_000) for _ in range(3)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        befriend(people[one], people[other])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda part: act(random.Random(f"{seed} {part}"), people), range(AT_ONCE * 6)))
    chance.shuffle(people)

    for person in people:
        assert by_events(person) == by_fetch(person)
        ids = [event["mensagem_id"] for name, event in events_of(person) if name == CHAT_MENSAGEM]
        assert len(ids) == len(set(ids)), "each once"
        for shown in by_fetch(person).messages.values():
            numbers = [message["mensagem_id"] for message in shown]
            assert numbers == sorted(numbers), "in order"


def act(chance: random.Random, people: list[Customer]) -> None:
    one, other = chance.sample(people, 2)
    newest = one.db.read(queries.page, one.id, other.id, limit=3, before_id=None, after_id=None).rows
    some = chance.choice(newest) if newest else None
    kind = chance.randrange(7) if some else 0
    with suppress(NotFound, RequestSettled):  # what another did meanwhile
        if kind == 1:
            one.transfer(other, 10)
        elif kind == 2 and some:
            read(one, other, some)
        elif kind == 3 and some:
            receive(one, other, some)
        elif kind == 4 and some:
            edit(one, some, str(chance.random()))
        elif kind == 5 and some:
            one.db.transact(actions.delete, user_id=one.id, message_id=some.id)
        elif kind == 6 and some and some.kind == messages.REQUEST and some.receiver_id == one.id:
            pay(one, some, 10)
        else:
            say(one, other) if chance.random() < 0.8 else ask(one, other, 10)


def test_what_a_person_has_unread_is_what_was_never_counted(alice: Customer, bob: Customer) -> None:
    """The counts that are kept are those that counting would give."""
    sent = [say(alice, bob) for _ in range(5)]
    say(bob, alice)
    read(bob, alice, sent[2])
    count = text(
        "SELECT COUNT(*) FROM chat_messages m JOIN chat_sides s ON s.user_id = :bob AND s.other_id = m.sender_id "
        "WHERE m.sender_id = :alice AND m.id > s.read_to"
    )
    assert rows(bob.db, count, bob=bob.id, alice=alice.id) == [(bob.db.read(queries.unread, bob.id),)] == [(2,)]
