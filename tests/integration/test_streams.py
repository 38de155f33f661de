"""Each user's stream of durable events: numbered without gaps in the transaction of the fact, and kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask_socketio_cluster.streams.database import EngineDatabase
from flask_socketio_cluster.streams.stream import READ_EVENTS_MAX, Append, Stored
from sqlalchemy import Connection, create_engine, text

from app import wire
from app.bank import accounts, payloads, queries
from app.db import Database
from app.errors import InsufficientFunds
from app.streams import notify
from app.streams.stream import streams
from tests.integration.customers import Customer, new_customer, refusal_of, rows


def events_after(customer: Customer, seq: int) -> list[Stored]:
    """All of them, read page by page as a catch-up does."""
    found: list[Stored] = []
    while page := customer.db.read(streams.read_after, customer.id, found[-1].seq if found else seq):
        found += page
    return found


def parsed(packet: str) -> tuple[str, dict[str, Any]]:
    """Name and payload of a Socket.IO event packet."""
    assert packet.startswith("2[")
    name, payload = json.loads(packet[1:])
    return name, payload


def told(customer: Customer) -> list[dict[str, Any]]:
    """The payloads of the customer's notifications."""
    return [payload for name, payload in (parsed(event.packet) for event in events_after(customer, 0))]


def test_the_plain_database_of_the_package_keeps_nobody_from_appending(emptied_mariadb: Database) -> None:
    engine = create_engine(emptied_mariadb.url)  # MariaDB's own level is REPEATABLE READ
    plain = EngineDatabase(engine)

    try:
        assert [work(_level) for work in (plain.read, plain.transact)] == ["READ-COMMITTED"] * 2
    finally:
        engine.dispose()


def _level(connection: Connection) -> str:
    return str(connection.execute(text("SELECT @@tx_isolation")).scalar_one())


@pytest.mark.parametrize(("key", "event"), [("ana ", "posted"), ("ana", "disconnect")])
def test_what_no_client_could_be_given_is_not_appended(sqlite: Database, key: str, event: str) -> None:
    with pytest.raises(ValueError, match=r"key|event"):
        sqlite.transact(streams.append, [Append(key, event, {})])

    assert rows(sqlite, "SELECT COUNT(*) FROM outbox") == [(0,)]


def test_every_operation_of_a_user_is_one_event_with_the_next_seq(database: Database) -> None:
    alice, bob = new_customer(database), new_customer(database)
    alice.deposit(1000)
    alice.pay(100)
    bob.deposit(1000)
    alice.transfer(bob, 50)
    bob.transfer(alice, 25)
    alice.withdraw(5)

    assert [(n["seq"], n["tipo"]) for n in told(alice)] == [
        (1, "deposito"),
        (2, "pagamento"),
        (3, "transferencia"),
        (4, "transferencia"),
        (5, "saque"),
    ]
    assert [(n["seq"], n["tipo"]) for n in told(bob)] == [
        (1, "deposito"),
        (2, "transferencia"),
        (3, "transferencia"),
    ]


def test_a_notification_has_the_contract_s_fields(database: Database) -> None:
    alice, bob = new_customer(database, "Alice Souza", cents=1000), new_customer(database, "Bob Pereira")
    answer = alice.transfer(bob, 250, "Aluguel")

    (name, payload) = parsed(events_after(bob, 0)[0].packet)

    (movement,) = database.read(queries.newest, [bob.account], limit=1).rows
    assert name == wire.NOTIFICACAO
    assert payload == {
        "tipo": "transferencia",
        "mensagem": "Você recebeu R$ 2,50 de Alice Souza",
        "timestamp": answer["movimentacao"]["DataOperacao"],
        "dados": {
            "valor": 2.5,
            "descricao": "Aluguel",
            "correntista_id": bob.account,
            "operacao_id": answer["operacao_id"],
            "propria": False,
            "movimentacoes": [payloads.movement(movement)],
        },
        "id": f"{bob.id}-1",
        "seq": 1,
    }


def test_a_transfer_between_own_accounts_is_one_event_with_both_rows(database: Database) -> None:
    alice = new_customer(database, "Alice Souza", cents=1000)
    reserve = alice.open_account("Reserva")
    alice.transfer(reserve, 300)

    (event,) = events_after(alice, 1)

    _, payload = parsed(event.packet)
    assert [row["CorrentistaID"] for row in payload["dados"]["movimentacoes"]] == [alice.account, reserve]
    assert [parsed(packet)[1]["Saldo"] for packet in event.state.values()] == [7.0, 3.0]
    assert payload["mensagem"] == "Transferência de R$ 3,00 de Alice Souza para Reserva"


def test_a_refusal_is_no_event_and_leaves_no_gap(database: Database) -> None:
    alice = new_customer(database, cents=100)
    assert refusal_of(lambda: alice.withdraw(101)) is InsufficientFunds
    alice.withdraw(100)

    assert [event.seq for event in events_after(alice, 0)] == [1, 2]


def test_a_transaction_that_fails_leaves_no_gap(database: Database) -> None:
    alice = new_customer(database, cents=100)

    def append_and_fail(connection: Connection) -> None:
        streams.append(connection, [Append(alice.id, wire.NOTIFICACAO, {"tipo": "aviso"})])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.transact(append_and_fail)
    alice.deposit(1)

    assert [event.seq for event in events_after(alice, 0)] == [1, 2]
    assert len(rows(database, "SELECT id FROM outbox")) == 2


def test_crossing_transfers_number_both_streams_without_a_gap(database: Database) -> None:
    people = [new_customer(database, cents=10_000) for _ in range(4)]

    pairs = [(a, b) for a in people for b in people if a is not b] * 5

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: pair[0].transfer(pair[1], 1), pairs))

    sizes = [[event.seq for event in events_after(person, 0)] for person in people]
    assert sizes == [list(range(1, len(seqs) + 1)) for seqs in sizes]
    assert sum(len(seqs) for seqs in sizes) == len(people) + 2 * len(pairs)


def test_a_replay_gives_every_event_after_a_seq_in_order(database: Database) -> None:
    alice = new_customer(database)
    count = READ_EVENTS_MAX * 2 + 5

    def tell(connection: Connection) -> None:
        for number in range(count):
            streams.append(connection, [Append(alice.id, wire.NOTIFICACAO, {"mensagem": f"n{number}"})])

    database.transact(tell)

    assert [event.seq for event in events_after(alice, 0)] == list(range(1, count + 1))
    assert [event.seq for event in events_after(alice, count - 3)] == [count - 2, count - 1, count]
    assert events_after(alice, count) == []
    assert len(database.read(streams.read_after, alice.id, 0)) == READ_EVENTS_MAX


def test_what_was_before_and_the_events_since_are_what_is_now(database: Database) -> None:
    alice, bob = new_customer(database, cents=10_000), new_customer(database, cents=10_000)
    reserve = alice.open_account("Reserva")
    own = [alice.account, reserve]
    movements = [payloads.movement(m) for m in database.read(queries.newest, own, limit=100).rows]
    balances: dict[int, Any] = {a.id: payloads.balance(a) for a in database.read(accounts.of_user, alice.id)}
    alice.transfer(bob, 300)
    alice.transfer(reserve, 1_234, "Férias")
    bob.transfer(reserve, 99, "Troco")
    alice.pay(1)
    alice.deposit(7, to=reserve)

    for event in events_after(alice, 1):
        movements += parsed(event.packet)[1]["dados"]["movimentacoes"]
        for packet in event.state.values():
            name, payload = parsed(packet)
            assert name == wire.SALDO_ATUALIZADO
            balances[payload["CorrentistaID"]] = payload

    now = database.read(queries.newest, own, limit=100).rows
    assert sorted(movements, key=lambda row: -row["MovimentacaoID"]) == [payloads.movement(m) for m in now]
    assert balances == {a.id: payloads.balance(a) for a in database.read(accounts.of_user, alice.id)}


@pytest.mark.parametrize("text", ["linha\u2028separadora", '"aspas" e \\barras\\', "tab\tno meio", "😀 água"])
def test_any_text_travels_unharmed(database: Database, text: str) -> None:
    alice = new_customer(database)
    notify.notify(database, [alice.id], kind="aviso", message=text, data={text: [text]})

    (event,) = events_after(alice, 0)

    assert "\n" not in event.packet
    assert (told(alice)[0]["mensagem"], told(alice)[0]["dados"]) == (text, {text: [text]})
