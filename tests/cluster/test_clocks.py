"""Nodes whose clocks are wrong by an hour: what decides is the database's time, with Redis or without."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from sqlalchemy import text

from app.db import Database
from app.keys import ALGORITHM
from app.users.tokens import Tokens
from tests.integration.conftest import migrated
from tests.integration.library import NOWHERE
from tests.support.lone_node import LoneNode, WrongClock, lone_node, lone_worker, wait_ready
from tests.support.people import HTTP_TIMEOUT_S, PASSWORD, Person, eventually
from tests.support.servers import DatabaseServer, RedisServer

HOUR_S = 3600
# Less than clocks differ by.
TTL_S = 1800


@dataclass(frozen=True)
class Nodes:
    """On one database. `behind` and `right` have a Redis; `ahead`, and the worker that purges, have none."""

    right: LoneNode
    behind: LoneNode
    ahead: LoneNode
    clock_behind: WrongClock
    clock_ahead: WrongClock
    db: Database
    secret: str
    env: dict[str, str]

    def token(self, person: Person, ttl_s: int) -> str:
        """By a clock that is right."""
        return Tokens(self.secret, ttl_s).issue(person.id, 1)


@pytest.fixture(scope="module")
def nodes(mariadb: DatabaseServer, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("clocks")
    db = migrated(mariadb.create_database("clocks"))
    secret = secrets.token_hex(32)
    env = {"DATABASE_URL": db.url, "REDIS_URL": redis.url, "JWT_SECRET": secret, "JWT_TTL_S": str(TTL_S)}
    alone = {**env, "REDIS_URL": NOWHERE}
    behind, ahead = WrongClock(folder, -HOUR_S), WrongClock(folder, HOUR_S)
    with ExitStack() as started:
        began = [
            started.enter_context(lone_node("right", folder, env)),
            started.enter_context(lone_node("behind", folder, {**env, **behind.env})),
            started.enter_context(lone_node("ahead", folder, {**alone, **ahead.env})),
        ]
        for node in began:
            wait_ready(node)
        yield Nodes(began[0], began[1], began[2], behind, ahead, db, secret, alone)
    db.dispose()


@pytest.fixture(scope="module")
def alice(nodes: Nodes) -> Person:
    return Person(nodes.right.url, "Alice Souza")


def status(node: LoneNode, token: str) -> tuple[int, str]:
    """Of a question that needs a good token."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{node.url}/perfil", headers=headers, timeout=HTTP_TIMEOUT_S)
    return answer.status_code, answer.json().get("codigo", "")


def test_a_node_an_hour_behind_refuses_what_has_expired(nodes: Nodes, alice: Person) -> None:
    assert status(nodes.behind, nodes.token(alice, ttl_s=60)) == (200, "")
    assert status(nodes.behind, nodes.token(alice, ttl_s=-1)) == (401, "token_expirado")


def test_a_socket_on_a_node_an_hour_behind_ends_when_its_token_does(nodes: Nodes, alice: Person) -> None:
    alice.token = nodes.token(alice, ttl_s=2)
    with alice.listening(nodes.behind.url) as feed:
        assert feed.wait_for("sessao_encerrada").payload == {"motivo": "expirado"}
        feed.wait_closed()


def test_a_socket_on_a_node_an_hour_ahead_ends_with_its_session_also_without_redis(nodes: Nodes) -> None:
    person = Person(nodes.right.url)
    person.token = nodes.token(person, ttl_s=2 * HOUR_S)
    with person.listening(nodes.ahead.url) as feed:
        assert person.post("/logout", {}).status_code == 204
        assert feed.wait_for("sessao_encerrada").payload == {"motivo": "revogado"}
        feed.wait_closed()


def test_a_token_of_a_node_an_hour_ahead_lives_as_long_as_set(nodes: Nodes) -> None:
    email = f"{secrets.token_hex(6)}@teste.example"
    body = {"nome": "Ana Lima", "email": email, "senha": PASSWORD}
    token = requests.post(f"{nodes.ahead.url}/registro", json=body, timeout=HTTP_TIMEOUT_S).json()["token"]
    claims = jwt.decode(token, nodes.secret, algorithms=[ALGORITHM])
    ((now_s,),) = _rows(nodes.db, "SELECT UNIX_TIMESTAMP(NOW(6))")

    assert claims["exp"] - claims["iat"] == TTL_S
    assert 0 < claims["exp"] - float(now_s) <= TTL_S
    assert status(nodes.right, token) == (200, "")


def test_what_a_node_an_hour_ahead_writes_does_not_stand_in_the_future(nodes: Nodes) -> None:
    person = Person(nodes.right.url)
    person.url, person.token = nodes.ahead.url, nodes.token(person, ttl_s=2 * HOUR_S)
    assert person.deposit("10.00").status_code == 201
    assert person.post("/logout", {}).status_code == 204

    for table, moment in (
        ("users", "created_at"),
        ("operations", "created_at"),
        ("stream_events", "created_at"),
        ("idempotency_keys", "created_at"),
        ("revocations", "revoked_at"),
    ):
        found = _rows(nodes.db, f"SELECT COUNT(*), SUM({moment} > UTC_TIMESTAMP(6)) FROM {table}")
        assert found[0][0] > 0, table
        assert found[0][1] == 0, table


def test_a_worker_an_hour_ahead_keeps_what_ended_sessions_whose_tokens_still_live(nodes: Nodes, tmp_path: Path) -> None:
    person = Person(nodes.right.url)
    assert person.post("/logout", {}).status_code == 204

    with lone_worker(tmp_path, {**nodes.env, **nodes.clock_ahead.env}):
        ran = "SELECT last_ok FROM jobs WHERE name = 'revocations'"
        _run_now(nodes.db)
        eventually(lambda: _rows(nodes.db, ran) == [(1,)], "a run of the job that drops revocations", 30)

    for node in (nodes.right, nodes.behind):
        assert status(node, person.token) == (401, "token_revogado")


def test_a_node_says_that_its_clock_is_off_and_goes_on(nodes: Nodes) -> None:
    for node, off_s in ((nodes.right, 0), (nodes.behind, -HOUR_S), (nodes.ahead, HOUR_S)):
        answer = requests.get(f"{node.url}/readyz", timeout=HTTP_TIMEOUT_S)
        assert answer.status_code == 200
        assert answer.json()["relogio_s"] == pytest.approx(off_s, abs=2)
    assert _readyz(nodes.right)["estado"] == "pronto"
    assert _readyz(nodes.behind)["redis"] == "ok"
    assert _readyz(nodes.behind)["estado"] == "degradado"
    told = requests.get(f"{nodes.behind.url}/metrics", timeout=HTTP_TIMEOUT_S).text
    (offset,) = [line for line in told.splitlines() if line.startswith("socketio_cluster_clock_offset_seconds ")]
    assert float(offset.split()[1]) == pytest.approx(-HOUR_S, abs=2)
    assert nodes.behind.log.count("clock_off") == 1
    assert "clock_off" not in nodes.right.log


def test_a_clock_that_jumps_while_the_node_runs_changes_nothing(nodes: Nodes, alice: Person) -> None:
    good, expired = nodes.token(alice, ttl_s=60), nodes.token(alice, ttl_s=-1)
    nodes.clock_behind.jump(-48 * HOUR_S)
    try:
        assert _readyz(nodes.behind)["relogio_s"] == pytest.approx(-48 * HOUR_S, abs=2)
        assert status(nodes.behind, good) == (200, "")
        assert status(nodes.behind, expired) == (401, "token_expirado")
    finally:
        nodes.clock_behind.jump(-HOUR_S)


def _readyz(node: LoneNode) -> dict[str, object]:
    answer: dict[str, object] = requests.get(f"{node.url}/readyz", timeout=HTTP_TIMEOUT_S).json()
    return answer


def _rows(db: Database, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.read(lambda connection: connection.execute(text(sql)).all())]


def _run_now(db: Database) -> None:
    """What is due in ten minutes is due now, as soon as the worker has made its entry."""

    def pull() -> bool:
        with db.engine.connect() as connection, connection.begin():
            moved = connection.execute(
                text("UPDATE jobs SET next_run_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE name = 'revocations'")
            )
        return moved.rowcount == 1

    eventually(pull, "the worker's list of jobs", 30)
