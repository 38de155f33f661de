"""A transfer's own statements through bare PyMySQL: what is left when everything above the driver is taken away.

bare_sql.py DATABASE_URL FIRST_USER USERS CONNECTIONS SECONDS

The same statements in the same order as one `POST /transferencia` (the lookup of the token's user included), values
made up beforehand, nothing checked. As in a node, one process with a greenlet a connection. Prints one JSON line.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import gevent
import pymysql
from gevent import monkey

NOW = "2026-11-23 13:05:09.123456"
# As long as a real answer, payload and state are.
ANSWER, PAYLOAD, STATE, TEXT, DETAIL = "x" * 400, "x" * 440, "x" * 130, "almoco pessoa 1234", "x" * 60


def main() -> None:
    url, first, users, connections, seconds = sys.argv[1], *map(int, sys.argv[2:])
    ids, done = range(first, first + users), [0] * connections
    pairs = [(_connect(url, autocommit=True), _connect(url, autocommit=False)) for _ in done]

    def client(number: int) -> None:
        reads, writes = pairs[number]
        numbers = random.Random(number)
        while time.monotonic() < begin + seconds:
            source, target = numbers.sample(ids, 2)
            transfer(
                reads.cursor().execute,
                writes,
                source,
                target,
                f"bare:{number}:{done[number]}:{time.time_ns()}",
            )
            done[number] += 1

    begin, cpu = time.monotonic(), time.process_time_ns()
    gevent.joinall([gevent.spawn(client, number) for number in range(connections)], raise_error=True)
    took, used = time.monotonic() - begin, time.process_time_ns() - cpu
    print(json.dumps({"operations": sum(done), "seconds": took, "cpu_ns": used}))


def transfer(read: Callable[..., int], writes: "pymysql.Connection", source: int, target: int, key: str) -> None:
    read(
        "SELECT users.email, users.name, users.token_generation, revocations.id FROM users LEFT OUTER JOIN revocations "
        "ON revocations.session_id = %s AND revocations.user_id = users.id WHERE users.id = %s",
        (key[:32], source),
    )
    cursor = writes.cursor()
    low, high = sorted((source, target))
    cursor.execute(
        "INSERT INTO idempotency_keys (user_id, `key`, fingerprint, status, answer, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (source, key, "0" * 64, 0, "", NOW),
    )
    cursor.execute(
        "SELECT id, user_id, name, (SELECT users.name FROM users WHERE users.id = accounts.user_id), balance_cents, "
        "version FROM accounts WHERE id IN (%s, %s) AND user_id IS NOT NULL "
        "ORDER BY id FOR UPDATE",
        (low, high),
    )
    balances = {row[0]: row[4] for row in cursor.fetchall()}
    cursor.execute(
        "UPDATE accounts SET balance_cents = balance_cents + CASE id WHEN %s THEN %s WHEN %s THEN %s END, "
        "version = version + 1 WHERE id IN (%s, %s)",
        (source, -1, target, 1, low, high),
    )
    cursor.execute(
        "INSERT INTO operations (kind, user_id, amount_cents, description, source_account_id, target_account_id, "
        "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        ("transferencia", source, 1, "Almoço", source, target, NOW),
    )
    operation = cursor.lastrowid
    cursor.execute(
        "INSERT INTO audit_pending (at, user_id, kind, operation_id, detail) VALUES (%s, %s, %s, %s, %s)",
        (NOW, source, "operation", operation, DETAIL),
    )
    cursor.execute(
        "INSERT INTO entries (operation_id, account_id, amount_cents, balance_after_cents) "
        "VALUES (%s, %s, %s, %s), (%s, %s, %s, %s) RETURNING account_id, id",
        (operation, source, -1, balances[source] - 1, operation, target, 1, balances[target] + 1),
    )
    ids = {row[0]: row[1] for row in cursor.fetchall()}
    _statement_lines(cursor, ids, {source: -1, target: 1})
    _finish(cursor, writes, source, key, (low, high))


def _statement_lines(cursor: "pymysql.cursors.Cursor", ids: dict[int, int], changes: dict[int, int]) -> None:
    cursor.executemany(
        "INSERT INTO statement_lines (account_id, entry_id, day, moved_at, credit, amount_cents, search_text) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(account, ids[account], NOW[:10], NOW, int(cents > 0), cents, TEXT) for account, cents in changes.items()],
    )
    cursor.executemany(
        "INSERT INTO day_totals (account_id, day, in_cents, out_cents, own_in_cents, own_out_cents, closing_cents, "
        "first_entry_id, last_entry_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON DUPLICATE KEY UPDATE "
        "in_cents = in_cents + VALUES(in_cents), out_cents = out_cents + VALUES(out_cents), "
        "own_in_cents = own_in_cents + VALUES(own_in_cents), own_out_cents = own_out_cents + VALUES(own_out_cents), "
        "closing_cents = VALUES(closing_cents), last_entry_id = VALUES(last_entry_id)",
        [
            (account, NOW[:10], max(cents, 0), max(-cents, 0), 0, 0, 1, ids[account], ids[account])
            for account, cents in changes.items()
        ],
    )


def _finish(
    cursor: "pymysql.cursors.Cursor",
    writes: "pymysql.Connection",
    source: int,
    key: str,
    users: tuple[int, int],
) -> None:
    """The kept answer, and both users' streams."""
    cursor.execute(
        "UPDATE idempotency_keys SET status = %s, answer = %s WHERE user_id = %s AND `key` = %s",
        (201, ANSWER, source, key),
    )
    cursor.execute("UPDATE user_streams SET seq = seq + 1, notices = notices + 1 WHERE user_id IN (%s, %s)", users)
    cursor.execute("SELECT user_id, seq, notices FROM user_streams WHERE user_id IN (%s, %s)", users)
    seqs = cursor.fetchall()
    cursor.executemany(
        "INSERT INTO stream_events (user_id, seq, event, payload, state, created_at, notices) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(user_id, seq, "notificacao", PAYLOAD, STATE, NOW, notices) for user_id, seq, notices in seqs],
    )
    cursor.executemany(
        "INSERT INTO outbox (user_id, seq) VALUES (%s, %s)",
        [(user_id, seq) for user_id, seq, _ in seqs],
    )
    writes.commit()


def _connect(url: str, *, autocommit: bool) -> "pymysql.Connection":
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=parts.password or "",
        database=parts.path.strip("/"),
        charset="utf8mb4",
        autocommit=autocommit,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )


if __name__ == "__main__":
    # All that this program waits for is sockets, so the rest of the library may stay as it is.
    monkey.patch_socket()
    main()
