"""A node whose database goes and comes again, as its proxy and its clients see it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.cluster.test_js_client import browser
from tests.integration.conftest import migrated
from tests.integration.library import NOWHERE
from tests.support.lone_node import LoneNode, lone_node, wait_ready
from tests.support.people import HTTP_TIMEOUT_S, Person, eventually
from tests.support.servers import DatabaseServer, mariadb_server

# What a node asks clients to wait, at the most.
COME_AGAIN_MS = 3000


@dataclass(frozen=True)
class Bank:
    node: LoneNode
    database: DatabaseServer


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """One node without a Redis, on a database of its own."""
    with mariadb_server() as server:
        migrated(server.url).dispose()
        env = {"DATABASE_URL": server.url, "REDIS_URL": NOWHERE, "JWT_SECRET": secrets.token_hex(32)}
        with lone_node("web1", tmp_path_factory.mktemp("outage"), env) as node:
            wait_ready(node)
            yield Bank(node, server)


def test_a_socket_that_could_not_authenticate_is_asked_to_come_again_and_does(bank: Bank) -> None:
    alice = Person(bank.node.url)
    bank.database.kill()
    with (
        browser(bank.node.url, ["websocket"], token=alice.token) as one,
        browser(bank.node.url, ["polling"], token=alice.token) as other,
    ):
        for page in (one, other):
            told = page.wait_for("erro")
            assert (told["codigo"], told["evento"]) == ("banco_indisponivel", "autenticar")
            assert 0 <= told["tentar_em_ms"] < COME_AGAIN_MS
            # Of "io server disconnect" a client makes an end.
            assert page.wait_for("disconnect")["reason"] in ("transport close", "transport error")
            page.wait_for("connect", 2)

        bank.database.start()
        one.wait_for("autenticado")
        other.wait_for("autenticado")


def test_readyz_says_when_nothing_can_be_written_and_when_it_can_again(bank: Bank) -> None:
    assert readyz(bank) == (200, "ok")
    with bank.database.setting("read_only", 1):
        eventually(lambda: readyz(bank) == (503, "nao_grava"), "a node that knows that it cannot write")
    eventually(lambda: readyz(bank) == (200, "ok"), "a node that is ready again")


def readyz(bank: Bank) -> tuple[int, str]:
    answer = requests.get(f"{bank.node.url}/readyz", timeout=HTTP_TIMEOUT_S)
    return answer.status_code, answer.json()["banco"]
