"""python -m tests.cluster.growth: what so many transfers add to MariaDB, to its binary log and to Redis.

People transfer over HTTP, each with sockets that are told; sizes are those of `information_schema.tables`, data and
indexes, after the transfers less those before. OPERATIONS (20,000) says how many.
"""

import os
import random
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import click
import redis
import requests

from tests.cluster.rolling.run import pages_of
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import Registered, eventually
from tests.support.registering import registering
from tests.support.servers import DatabaseServer, mariadb_server, redis_server

DATABASE = "growth"
OPERATIONS = 20_000
PEOPLE = 100
SOCKETS_OF_EACH = 5
THREADS = 8
TIMEOUT_S = 30.0
CHAINED_WITHIN_S = 120.0
TEXT = "Aluguel de novembro"
# So much that no transfer is ever refused.
FIRST_DEPOSIT = "1000000.00"

SIZES = "SELECT table_name, data_length + index_length FROM information_schema.tables WHERE table_schema = %s"


@dataclass(frozen=True)
class Sizes:
    """In bytes."""

    tables: dict[str, int]
    binlog: int
    redis: int


def main() -> int:
    operations = int(os.environ.get("OPERATIONS") or OPERATIONS)
    with mariadb_server() as mariadb, redis_server() as store:
        url = mariadb.create_database(DATABASE)
        # One address pays many: what limits it is only looked at.
        env = {"LIMITS_DRY_RUN": "on"}
        with running_cluster(database_url=url, redis_url=store.url, nodes=2, env=env) as cluster:
            with registering(cluster) as register:
                people = [register(f"Pessoa {n}", f"pessoa-{n}@teste.example") for n in range(PEOPLE)]
            _pay(cluster, people, PEOPLE, "/deposito")
            alone = _sizes(mariadb, store.url)
            with pages_of(cluster.url, people, SOCKETS_OF_EACH):
                before = _sizes(mariadb, store.url)
                _pay(cluster, people, operations, "/transferencia")
                eventually(lambda: _is_chained(mariadb), "the audit's chain", CHAINED_WITHIN_S)
                after = _sizes(mariadb, store.url)
    _write(operations, alone, before, after)
    return 0


def _pay(cluster: Cluster, people: Sequence[Registered], count: int, path: str) -> None:
    """Deposits: one for each. Transfers: between any two."""
    numbers = iter(range(count))
    lock, failures = threading.Lock(), list[str]()

    def work() -> None:
        with requests.Session() as session:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                payer = people[number % len(people)]
                payee = random.choice([other for other in people if other is not payer])
                body: dict[str, str | int] = {"correntista_id": payer.account, "valor": FIRST_DEPOSIT}
                if path == "/transferencia":
                    accounts = {"correntista_id_origem": payer.account, "correntista_id_destino": payee.account}
                    body = {**accounts, "valor": "1.00", "descricao": TEXT}
                headers = {"Authorization": f"Bearer {payer.token}", "Idempotency-Key": secrets.token_hex(16)}
                answer = session.post(cluster.url + path, json=body, headers=headers, timeout=TIMEOUT_S)
                if answer.status_code != 201:
                    failures.append(answer.text)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


def _sizes(mariadb: DatabaseServer, redis_url: str) -> Sizes:
    with mariadb.connection() as connection, connection.cursor() as cursor:
        cursor.execute(SIZES, [DATABASE])
        names = [str(name) for name, _ in cursor.fetchall()]
        cursor.execute(f"ANALYZE TABLE {', '.join(f'`{DATABASE}`.`{name}`' for name in names)}")
        cursor.execute(SIZES, [DATABASE])
        tables = {str(name): int(size) for name, size in cursor.fetchall()}
        cursor.execute("SHOW BINARY LOGS")
        binlog = sum(int(row[1]) for row in cursor.fetchall())
    with redis.Redis.from_url(redis_url) as client:
        return Sizes(tables, binlog, int(client.info("memory")["used_memory"]))


def _is_chained(mariadb: DatabaseServer) -> bool:
    with mariadb.connection() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM `{DATABASE}`.audit_pending")
        row = cursor.fetchone()
    return row is not None and row[0] == 0


def _write(operations: int, alone: Sizes, before: Sizes, after: Sizes) -> None:
    grown = {name: size - before.tables[name] for name, size in after.tables.items()}
    click.echo(f"{operations} transfers, {PEOPLE} people with {SOCKETS_OF_EACH} sockets each\n")
    click.echo("| Table | Bytes a transfer |\n|---|---|")
    for name, size in sorted(grown.items(), key=lambda item: -item[1]):
        if size > operations:
            click.echo(f"| {name} | {size / operations:.0f} |")
    click.echo(f"| all | {sum(grown.values()) / operations:.0f} |")
    click.echo(f"| binary log | {(after.binlog - before.binlog) / operations:.0f} |")
    sockets = PEOPLE * SOCKETS_OF_EACH
    click.echo(f"\nRedis: {alone.redis} bytes with no socket, {(before.redis - alone.redis) / sockets:.0f} for each")
    click.echo(f"socket, {(after.redis - before.redis) / PEOPLE:.0f} for each person after the transfers")


if __name__ == "__main__":
    sys.exit(main())
