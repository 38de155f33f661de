"""Files through nginx: a client that hangs up stops the node's work, and a long one arrives whole."""

import socket
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from app.db import Database
from tests.integration.customers import Customer, rows
from tests.integration.history import add_history
from tests.support.cluster import Cluster
from tests.support.people import Person, eventually

ROWS = 60_000
HUNG_UP = 5


@pytest.fixture(scope="module")
def old_customer(cluster: Cluster) -> Person:
    person = Person(cluster.url, "Olga Antiga")
    db = Database(cluster.database())
    add_history(Customer(db, person.id, person.account, person.name), ROWS)
    db.dispose()
    return person


def begin(person: Person) -> socket.socket:
    """Ask for the file and read its first part."""
    at = urlsplit(person.url)
    connection = socket.create_connection((at.hostname or "", at.port or 80), timeout=20)
    lines = [
        f"GET /extrato/{person.account}.csv HTTP/1.1",
        f"Host: {at.netloc}",
        f"Authorization: Bearer {person.token}",
    ]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    return connection


def rows_read(cluster: Cluster) -> int:
    """By the database since its start."""
    db = Database(cluster.database())
    counts = rows(db, text("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))
    db.dispose()
    return sum(int(str(count)) for _, count in counts)


def test_a_client_that_hangs_up_ends_the_work(cluster: Cluster, old_customer: Person) -> None:
    nothing = f"/extrato/{old_customer.account}.csv?antes=1"
    before = rows_read(cluster)
    for _ in range(HUNG_UP):
        begin(old_customer).close()
        eventually(lambda: old_customer.get(nothing).status_code == 200, "room for another file")

    # A whole file reads several rows for each of its own.
    assert rows_read(cluster) - before < HUNG_UP * ROWS


def test_no_second_file_while_one_is_written(old_customer: Person) -> None:
    connection = begin(old_customer)
    refused = old_customer.get(f"/extrato/{old_customer.account}.ofx")
    connection.close()

    assert (refused.status_code, refused.json()["codigo"]) == (429, "arquivo_em_andamento")
    assert int(refused.headers["Retry-After"]) > 0


def test_a_long_file_arrives_whole(old_customer: Person) -> None:
    path = f"/extrato/{old_customer.account}.csv"
    answer = eventually(lambda: (got := old_customer.get(path)).status_code == 200 and got, "room for another file")

    assert len(answer.content.splitlines()) == ROWS + 1
