"""Money through nginx, three nodes and MariaDB: conserved under concurrency, moved once, and only by its owner."""

import json
import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import pytest
import requests

from app.bank import reconciliation
from app.db import Database
from tests.support.cluster import Cluster
from tests.support.fetch import Answer, fetch
from tests.support.people import Person, in_parallel
from tests.support.servers import DatabaseServer

TRANSFERS = 1000
AT_ONCE = 12
NOT_AN_AMOUNT = [
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    "false",
    "null",
    "1e2",
    "1E2",
    "1.5e1",
    "0",
    "0.00",
    "-1",
    "-0.01",
    "1.001",
    "1.000",
    "0.001",
    "1000000000.01",
    "1000000001",
    "9" * 400,
    "[1]",
    "{}",
    '""',
    '"0"',
    '"-1"',
    '"1e2"',
    '"1.001"',
    '"1,50"',
    '" 1"',
    '"1000000000.01"',
    '"NaN"',
    '"٣"',
    '"１"',
]


@dataclass(frozen=True)
class Move:
    """One real and some cents, from one person to another."""

    giver: Person
    taker: Person
    cents: int

    def make(self) -> requests.Response:
        return self.giver.transfer(self.taker, f"{self.cents // 100}.{self.cents % 100:02d}")


def deadlocks(mariadb: DatabaseServer) -> int:
    """How many the server has seen since its start."""
    with mariadb.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def send(person: Person, path: str, raw: str) -> Answer:
    """A body as it is written, with the person's token."""
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    return fetch(person.url, path, method="POST", body=raw.encode(), headers=headers)


def test_a_thousand_crossing_transfers_conserve_money_without_a_deadlock(
    cluster: Cluster, mariadb: DatabaseServer, person: Callable[..., Person]
) -> None:
    people = [person() for _ in range(6)]
    for each in people:
        assert each.deposit("1000.00").status_code == 201
    before = deadlocks(mariadb)
    chosen = random.Random(20261123)
    pairs = list(permutations(people, 2))
    moves = [Move(*chosen.choice(pairs), chosen.randint(100, 199)) for _ in range(TRANSFERS)]

    with people[0].listening(cluster.node_url("web1")) as feed:
        answers = in_parallel([move.make for move in moves], AT_ONCE)
        events = 1 + sum(people[0] in (move.giver, move.taker) for move in moves)
        feed.wait_for_seq(events)

    assert Counter(answer.status_code for answer in answers) == {201: TRANSFERS}
    assert deadlocks(mariadb) == before
    assert feed.seqs() == list(range(2, events + 1))
    cents = {each.account: 100_000 for each in people}
    for move in moves:
        cents[move.giver.account] -= move.cents
        cents[move.taker.account] += move.cents
    assert {each.account: round(each.balance() * 100) for each in people} == cents
    assert sum(cents.values()) == len(people) * 100_000


def test_of_fifty_withdrawals_of_everything_one_succeeds(alice: Person) -> None:
    alice.deposit("500.00")

    answers = in_parallel([lambda: alice.withdraw("500.00")] * 50, 25)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 49}
    assert {answer.json()["codigo"] for answer in answers if answer.status_code == 422} == {"saldo_insuficiente"}
    assert alice.balance() == 0
    assert len(alice.get("/movimentacoes").json()) == 2


def test_twenty_requests_with_one_key_move_money_once_and_answer_alike(alice: Person, bob: Person) -> None:
    alice.deposit("100.00")
    key = secrets.token_hex(8)

    answers = in_parallel([lambda: alice.transfer(bob, "30.00", key=key)] * 20, 20)

    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert (alice.balance(), bob.balance()) == (70.0, 30.0)
    assert len(bob.get("/movimentacoes").json()) == 1


def test_a_key_is_bound_to_its_body(alice: Person, bob: Person) -> None:
    alice.deposit("100.00")
    assert alice.transfer(bob, "30.00", key="aluguel de maio").status_code == 201

    other = alice.transfer(bob, "30.01", key="aluguel de maio")

    assert (other.status_code, other.json()["codigo"]) == (422, "chave_reutilizada")
    assert alice.balance() == 70.0


@pytest.fixture(scope="module")
def payer(cluster: Cluster) -> Person:
    """With R$ 100,00 that no test takes away."""
    payer = Person(cluster.url)
    payer.deposit("100.00")
    return payer


@pytest.fixture(scope="module")
def taker(cluster: Cluster) -> Person:
    return Person(cluster.url)


ROUTES = pytest.mark.parametrize("path", ["/deposito", "/saque", "/pagamento", "/transferencia"])


def fields(path: str, payer: Person, taker: Person) -> str:
    """All that the route needs but the amount."""
    if path == "/transferencia":
        return f'"correntista_id_origem": {payer.account}, "correntista_id_destino": {taker.account}'
    return f'"correntista_id": {payer.account}, "descricao": "Luz"'


@ROUTES
def test_what_is_no_amount_is_refused_and_nothing_is_written(path: str, payer: Person, taker: Person) -> None:
    known = fields(path, payer, taker)
    bodies = [f'{{{known}, "valor": {value}}}' for value in NOT_AN_AMOUNT]
    bodies += [f"{{{known}}}", f'{{{known}, "valor": 1, "valor": 1}}', f'{{"valor": 2, {known}, "valor": 1}}']
    before = payer.get("/movimentacoes").json()

    answers = in_parallel([partial(send, payer, path, body) for body in bodies], 8)

    assert [body for body, answer in zip(bodies, answers, strict=True) if answer.status != 422] == []
    assert payer.get("/movimentacoes").json() == before
    assert (payer.balance(), taker.balance()) == (100.0, 0.0)


@pytest.mark.parametrize("key", ["", "x" * 256, "água", "tab\tdentro"])
def test_a_key_that_cannot_be_kept_is_refused_and_nothing_moves(payer: Person, key: str) -> None:
    headers = {"Authorization": f"Bearer {payer.token}", "Idempotency-Key": key.encode().decode("latin-1")}
    body = json.dumps({"correntista_id": payer.account, "valor": 1}).encode()

    answer = fetch(payer.url, "/deposito", method="POST", body=body, headers=headers)

    assert answer.status == 422
    assert payer.balance() == 100.0


@ROUTES
@pytest.mark.parametrize("value", ["0.01", "1", "1.5", '"0.01"', '"1.50"'])
def test_the_amounts_of_the_contract_are_taken(path: str, value: str, payer: Person, taker: Person) -> None:
    answer = send(payer, path, f'{{{fields(path, payer, taker)}, "valor": {value}}}')

    assert answer.status == 201
    moved = json.loads(answer.body)["movimentacao"]["ValorOperacao"]
    assert moved == float(value.strip('"'))
    back = "/saque" if path == "/deposito" else "/deposito"
    assert send(payer, back, f'{{"correntista_id": {payer.account}, "valor": {value}}}').status == 201
    if path == "/transferencia":
        assert send(taker, "/saque", f'{{"correntista_id": {taker.account}, "valor": {value}}}').status == 201


def test_an_operation_with_somebody_else_s_account_is_refused(payer: Person, taker: Person) -> None:
    theirs = {"correntista_id": payer.account, "valor": 1, "descricao": "Luz", "usuario_id": payer.id}
    give = {"correntista_id_origem": payer.account, "correntista_id_destino": taker.account, "valor": 1}
    asked = [("/deposito", theirs), ("/saque", theirs), ("/pagamento", theirs), ("/transferencia", give)]

    answers = [taker.post(path, body) for path, body in asked]

    assert [(a.status_code, a.json()["codigo"]) for a in answers] == [(403, "conta_de_outra_pessoa")] * 4
    assert [a.text for a in answers if payer.name in a.text or "100" in a.text] == []
    assert (payer.balance(), taker.balance()) == (100.0, 0.0)


def test_a_statement_of_somebody_else_s_account_is_refused(payer: Person, taker: Person) -> None:
    answers = [taker.get(f"/extrato/{payer.account}{ending}") for ending in ("", ".csv", ".ofx")]

    assert [(a.status_code, a.json()["codigo"]) for a in answers] == [(403, "conta_de_outra_pessoa")] * 3
    assert [a.text for a in answers if payer.name in a.text] == []


@pytest.mark.parametrize("form", ["", ".pdf"])
def test_a_receipt_of_somebody_else_s_operation_is_refused(payer: Person, taker: Person, form: str) -> None:
    operation = payer.get("/movimentacoes").json()[-1]["OperacaoID"]
    assert payer.get(f"/comprovante/{operation}{form}").status_code == 200

    answer = taker.get(f"/comprovante/{operation}{form}")

    assert answer.status_code in (403, 404)
    assert set(answer.json()) == {"erro", "codigo"}


def test_nobody_s_statement_holds_somebody_else_s_rows(payer: Person, taker: Person) -> None:
    own = {row["CorrentistaID"] for row in taker.get("/movimentacoes").json()}

    assert own <= {taker.account}
    assert [account["CorrentistaID"] for account in taker.get("/correntistas").json()] == [taker.account]


def test_whom_a_transfer_would_reach_is_shown_masked(alice: Person, bob: Person) -> None:
    answer = alice.get(f"/correntistas/{bob.account}/titular")

    masked = {"CorrentistaID": bob.account, "Titular": "B** P******"}
    assert answer.json() == {**masked, "contato": False, "primeira_vez": True}
    assert alice.get("/correntistas/-1/titular").status_code == 404


def test_the_books_of_the_whole_cluster_add_up(cluster: Cluster) -> None:
    db = Database(cluster.database())

    checks = db.transact(reconciliation.run)

    db.dispose()
    assert {check.name: check.faults for check in checks} == {check.name: [] for check in checks}
    assert all(check.looked_at for check in checks)
