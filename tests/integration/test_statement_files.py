"""The statement as files: whole at any length, written as it is read, one a user, and harmless to spreadsheets."""

import csv
import io
import re
import tracemalloc
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio_cluster.redis_client import connect
from werkzeug.test import TestResponse

from app.bank import statement_files
from app.bank.file_slots import FILES_PER_NODE_MAX, LEASE_S, FileSlots
from app.db import Database
from app.errors import AppError, FileUnderWay
from app.redis_keys import file_lease
from app.users.auth import Auth
from app.users.tokens import Tokens
from tests.integration.customers import Customer, clock_at, new_customer
from tests.integration.history import add_history
from tests.integration.library import NOWHERE
from tests.support.limits import PATIENCE_S
from tests.support.servers import RedisServer

MANY = 50_500
MEMORY_BYTES_MAX = 1_000_000
TOKENS = Tokens("x" * 32, 3600)


def slots(redis_url: str) -> FileSlots:
    """Which wait for a slow Redis; a node counts by itself rather than keep a request waiting."""
    return FileSlots(redis_url, connect_timeout_s=PATIENCE_S, answer_timeout_s=PATIENCE_S)


def node(db: Database, redis_url: str) -> FlaskClient:
    """What a node has of the files."""
    app = Flask("app")
    app.register_blueprint(statement_files.blueprint(db, Auth(db.authentication, TOKENS), slots(redis_url)))

    @app.errorhandler(AppError)
    def refused(error: AppError) -> tuple[dict[str, str], int, dict[str, str]]:
        return {"codigo": error.code}, error.status, {"Retry-After": str(error.retry_after_s)}

    return app.test_client()


@pytest.fixture
def client(sqlite: Database, redis: RedisServer) -> FlaskClient:
    return node(sqlite, redis.url)


def ask(client: FlaskClient, who: Customer, kind: str = "csv", method: str = "GET", **query: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {TOKENS.issue(who.id, 1)}"}
    return client.open(f"/extrato/{who.account}.{kind}", method=method, headers=headers, query_string=query)


def table(answer: TestResponse) -> list[list[str]]:
    """The rows of a CSV without its head; ends the answer."""
    assert answer.status_code == 200
    text = answer.get_data().decode("utf-8-sig")
    answer.close()
    return list(csv.reader(io.StringIO(text), delimiter=";"))[1:]


def test_a_file_holds_every_row_however_many(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite)
    add_history(alice, MANY)

    rows = table(ask(client, alice))

    assert len(rows) == len({row[-1] for row in rows}) == MANY
    assert rows[-1][-2] == "1,00"


@pytest.mark.parametrize("kind", ["csv", "ofx"])
def test_a_file_is_never_whole_in_memory(client: FlaskClient, sqlite: Database, kind: str) -> None:
    alice = new_customer(sqlite)
    add_history(alice, 20_000)
    answer = ask(client, alice, kind)
    tracemalloc.start()
    try:
        written = sum(len(part) for part in answer.iter_encoded())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        answer.close()

    assert peak < MEMORY_BYTES_MAX < written


def test_one_file_at_a_time_a_user_on_all_nodes_together(sqlite: Database, redis: RedisServer) -> None:
    one, other = node(sqlite, redis.url), node(sqlite, redis.url)
    alice, bob = new_customer(sqlite), new_customer(sqlite)
    under_way = ask(one, alice)

    refusals = [ask(one, alice, "ofx"), ask(other, alice)]
    of_bob = ask(other, bob)
    of_bob.close()
    under_way.close()
    again = ask(other, alice)
    again.close()

    assert [(r.status_code, r.json and r.json["codigo"]) for r in refusals] == [(429, "arquivo_em_andamento")] * 2
    assert all(int(refusal.headers["Retry-After"]) > 0 for refusal in refusals)
    assert (of_bob.status_code, again.status_code) == (200, 200)


def test_few_files_at_a_time_on_a_node(client: FlaskClient, sqlite: Database) -> None:
    under_way = [ask(client, new_customer(sqlite)) for _ in range(FILES_PER_NODE_MAX)]
    late = new_customer(sqlite)

    refused = ask(client, late)
    under_way.pop().close()
    taken = ask(client, late)
    for answer in [*under_way, taken]:
        answer.close()

    assert (refused.status_code, refused.json) == (503, {"codigo": "arquivos_demais"})
    assert int(refused.headers["Retry-After"]) > 0
    assert taken.status_code == 200


def test_a_client_that_hangs_up_makes_room(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite)
    add_history(alice, 1000)
    answer = ask(client, alice)
    parts = answer.iter_encoded()
    next(parts)
    answer.close()

    assert list(parts) == []
    assert len(table(ask(client, alice))) == 1000


def test_who_has_the_last_row_may_ask_for_another_file_at_once(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite, cents=100)
    answer = ask(client, alice)
    assert len(b"".join(answer.iter_encoded()).splitlines()) > 1  # read to its end, not yet closed
    assert ask(client, alice).status_code == 200


def test_asking_only_for_the_head_makes_room(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite, cents=100)
    ask(client, alice, method="HEAD").close()

    assert len(table(ask(client, alice))) == 1


def test_a_node_that_died_keeps_nobody_waiting_for_long(redis: RedisServer) -> None:
    dead, other = slots(redis.url), slots(redis.url)
    slot = dead.take(7_000_001)

    with pytest.raises(FileUnderWay):
        other.take(7_000_001)

    assert 0 < int(connect(redis.url, answer_timeout_s=PATIENCE_S).ttl(file_lease(7_000_001))) <= LEASE_S
    slot.free()
    other.take(7_000_001).free()


def test_who_lost_a_lease_does_not_end_the_next_one(redis: RedisServer) -> None:
    slow, other, third = slots(redis.url), slots(redis.url), slots(redis.url)
    late = slow.take(7_000_002)
    connect(redis.url, answer_timeout_s=PATIENCE_S).delete(file_lease(7_000_002))
    held = other.take(7_000_002)
    late.free()

    with pytest.raises(FileUnderWay):
        third.take(7_000_002)
    held.free()


def test_who_lost_a_lease_does_not_take_the_next_one_away(redis: RedisServer) -> None:
    slow, other, third = slots(redis.url), slots(redis.url), slots(redis.url)
    late = slow.take(7_000_003)
    connect(redis.url, answer_timeout_s=PATIENCE_S).delete(file_lease(7_000_003))
    held = other.take(7_000_003)
    slow.keep(7_000_003, late.token)
    late.free()

    with pytest.raises(FileUnderWay):
        third.take(7_000_003)
    held.free()
    third.take(7_000_003).free()


def test_a_lease_that_is_kept_lasts_as_long_as_a_new_one(redis: RedisServer) -> None:
    files = slots(redis.url)
    slot = files.take(7_000_004)
    connect(redis.url, answer_timeout_s=PATIENCE_S).expire(file_lease(7_000_004), LEASE_S // 3)

    files.keep(7_000_004, slot.token)

    assert int(connect(redis.url, answer_timeout_s=PATIENCE_S).ttl(file_lease(7_000_004))) > LEASE_S // 3
    slot.free()


def test_without_redis_files_are_written_all_the_same(sqlite: Database) -> None:
    client, alice = node(sqlite, NOWHERE), new_customer(sqlite, cents=100)
    under_way = ask(client, alice)

    assert ask(client, alice).status_code == 429
    under_way.close()
    assert len(table(ask(client, alice))) == 1


def test_a_file_that_cannot_be_finished_breaks_off_and_is_not_taken_for_whole(
    client: FlaskClient, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = new_customer(sqlite)
    add_history(alice, 1000)
    answer = ask(client, alice)
    parts = answer.iter_encoded()
    next(parts)
    monkeypatch.setattr(sqlite, "read", lambda *_, **__: (_ for _ in ()).throw(ConnectionError))

    with pytest.raises(ConnectionError):
        list(parts)
    answer.close()


def test_a_file_is_as_of_the_moment_at_which_it_was_asked_for(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite, cents=1000)
    answer = ask(client, alice, "ofx")
    parts = answer.iter_encoded()
    begin = next(parts)
    alice.deposit(55)
    text = (begin + b"".join(parts)).decode()
    answer.close()

    amounts = [Decimal(amount) for amount in re.findall(r"<TRNAMT>(-?[\d.]+)", text)]
    (balance,) = re.findall(r"<BALAMT>([\d.]+)", text)
    assert amounts == [Decimal("10.00")]
    assert Decimal(balance) == sum(amounts)


DATED = re.compile(r"<(DTSTART|DTEND|DTPOSTED|DTASOF)>([^<]+)")
LATE, MIDNIGHT = "2026-11-10T22:30:00-03:00", "2026-11-10T00:00:00-03:00"


def has_moved_around(sqlite: Database) -> Customer:
    """On the 10th at its first moment and late in the evening, when UTC has the 11th; and beside it."""
    alice = new_customer(sqlite)
    for moment in ("2026-11-09T23:59:59-03:00", MIDNIGHT, LATE, "2026-11-11T00:00:00-03:00"):
        with clock_at(moment):
            alice.deposit(100)
    return alice


def test_a_file_s_days_are_those_of_its_filter(client: FlaskClient, sqlite: Database) -> None:
    alice, day = has_moved_around(sqlite), {"de": "2026-11-10", "ate": "2026-11-10"}

    of_csv = table(ask(client, alice, **day))
    with clock_at(LATE):
        of_ofx = DATED.findall(ask(client, alice, "ofx", **day).get_data(as_text=True))

    assert [row[:2] for row in of_csv] == [["10/11/2026", "22:30:00"], ["10/11/2026", "00:00:00"]]
    assert of_ofx == [
        ("DTSTART", "20261110000000[-3:BRT]"),
        ("DTEND", "20261110223000[-3:BRT]"),
        ("DTPOSTED", "20261110223000[-3:BRT]"),
        ("DTPOSTED", "20261110000000[-3:BRT]"),
        ("DTASOF", "20261110223000[-3:BRT]"),
    ]


def test_a_row_of_an_old_summer_has_that_summer_s_day(client: FlaskClient, sqlite: Database) -> None:
    alice = new_customer(sqlite)
    with clock_at("2018-12-11T01:30:00+00:00"):
        alice.deposit(100)

    (row,) = table(ask(client, alice))
    (posted,) = re.findall(r"<DTPOSTED>([^<]+)", ask(client, alice, "ofx").get_data(as_text=True))

    assert (row[:2], posted) == (["10/12/2018", "23:30:00"], "20181210233000[-2:BRST]")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\u2212 1",
        "＝1+1",
        "＋1",
        "－1",
        "＠A1",
        "﹢1",
        " =1",
        "\u00a0=1",
        "\u3000＝1",
        "\u200b=1",
        "\ufeff=1",
        "\u202e\u2066=1",
        "\u0301=1",
        "\u3164=1+1",
        "\u2800=1",
        "\u115f=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "\ttexto",
        "\rtexto",
    ],
)
def test_a_cell_never_reaches_a_spreadsheet_as_a_formula(text: str) -> None:
    assert statement_files.harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Luz", "", "  ", "Conta = 1", "1-2", "(=1)", "\u200bLuz", "e-mail@casa"])
def test_a_cell_that_is_no_formula_is_left_alone(text: str) -> None:
    assert statement_files.harmless(text) == text
