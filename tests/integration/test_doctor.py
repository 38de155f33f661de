"""What the doctor finds in real servers that are set badly, and in those that are set well."""

from collections.abc import Iterator

import pytest
from flask_socketio_cluster.doctor import Finding, Level, redis_server
from redis import Redis

from app.db import Database
from tests.integration.conftest import migrated
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import DatabaseServer, RedisServer
from worker.doctor import database as database_check

NODES, WORKERS = 3, 1


def worst(found: Iterator[Finding] | list[Finding], subject: str) -> tuple[Level, str]:
    """The level and text of the one finding of this subject."""
    (one,) = [finding for finding in found if finding.subject == subject]
    return one.level, one.text


def of_redis(server: RedisServer, **settings: str) -> list[Finding]:
    client = Redis.from_url(server.url)
    before = {name: str(client.config_get(name)[name]) for name in settings}
    for name, value in settings.items():
        client.config_set(name, value)
    try:
        return list(redis_server.check(server.url))
    finally:
        for name, value in before.items():
            client.config_set(name, value)


def test_a_redis_without_a_bound_for_subscriptions_is_a_fault(own_redis: RedisServer) -> None:
    found = of_redis(own_redis, **{"client-output-buffer-limit": "pubsub 0 0 0"})

    assert worst(found, "redis buffers")[0] is Level.FAULT


def test_a_redis_that_throws_keys_away_is_a_fault(own_redis: RedisServer) -> None:
    found = of_redis(own_redis, **{"maxmemory-policy": "allkeys-lru"})

    assert worst(found, "redis memory")[0] is Level.FAULT


def test_a_redis_that_closes_what_rests_is_told(own_redis: RedisServer) -> None:
    found = of_redis(own_redis, timeout="300")

    assert worst(found, "redis settings")[0] is Level.WARNING


def test_a_redis_as_it_should_be_has_no_fault(own_redis: RedisServer) -> None:
    found = of_redis(own_redis, **{"maxmemory-policy": "noeviction", "maxmemory": "100mb"})

    assert Level.FAULT not in {finding.level for finding in found}
    assert worst(found, "redis memory")[0] is Level.OK


def test_a_user_that_may_not_ask_for_settings_is_no_fault(own_redis: RedisServer) -> None:
    Redis.from_url(own_redis.url).acl_setuser("node", enabled=True, passwords=["+" + "p" * 16], commands=["+ping"])

    found = list(redis_server.check(own_redis.url.replace("redis://", f"redis://node:{'p' * 16}@")))

    assert Level.FAULT not in {finding.level for finding in found}
    assert worst(found, "redis settings")[0] is Level.UNKNOWN


def test_a_redis_that_is_away_is_one_fault() -> None:
    found = list(redis_server.check(f"redis://{LOOPBACK}:{free_port()}/0"))

    assert [(finding.subject, finding.level) for finding in found] == [("redis", Level.FAULT)]


def test_protocol_3_in_the_address_is_a_fault(own_redis: RedisServer) -> None:
    found = list(redis_server.check(own_redis.url + "?protocol=3"))

    assert worst(found, "redis protocol")[0] is Level.FAULT


def of_database(db: Database) -> list[Finding]:
    return list(database_check.check(db, nodes=NODES, workers=WORKERS))


@pytest.mark.parametrize(
    ("setting", "value", "subject", "names"),
    [
        ("innodb_flush_log_at_trx_commit", 0, "database settings", "innodb_flush_log_at_trx_commit is 0"),
        ("read_only", 1, "database settings", "read_only is on"),
        ("max_connections", 40, "database connections", "40 are allowed"),
    ],
)
def test_a_database_that_is_set_badly_is_a_fault(
    mariadb: DatabaseServer, emptied_mariadb: Database, setting: str, value: int, subject: str, names: str
) -> None:
    with mariadb.setting("innodb_flush_log_at_trx_commit", 1), mariadb.setting(setting, value):
        level, text = worst([f for f in of_database(emptied_mariadb) if f.level is not Level.WARNING], subject)

    assert (level, names in text) == (Level.FAULT, True)


def test_a_database_as_it_should_be_has_no_fault(mariadb: DatabaseServer, emptied_mariadb: Database) -> None:
    with mariadb.setting("innodb_flush_log_at_trx_commit", 1):
        found = of_database(emptied_mariadb)

    assert Level.FAULT not in {finding.level for finding in found}
    assert worst(found, "ledger")[0] is Level.OK
    assert worst(found, "migrations")[0] is Level.OK
    assert worst(found, "clock")[0] is Level.OK
    assert worst(found, "database isolation")[0] is Level.OK


def test_connections_for_more_nodes_than_the_database_takes_are_a_fault(emptied_mariadb: Database) -> None:
    found = list(database_check.check(emptied_mariadb, nodes=100, workers=1))

    assert worst(found, "database connections")[0] is Level.FAULT


def test_a_ledger_without_its_seals_is_told(mariadb: DatabaseServer) -> None:
    db = migrated(mariadb.create_database("unsealed"))
    with mariadb.connection() as connection, connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER unsealed.entries_refuse_delete")

    level, text = worst(of_database(db), "ledger")

    assert (level, "entries_refuse_delete" in text) == (Level.WARNING, True)
    db.dispose()


def test_a_schema_that_is_not_the_newest_is_a_fault(mariadb: DatabaseServer) -> None:
    empty = Database(mariadb.create_database("empty"))

    assert worst(of_database(empty), "migrations")[0] is Level.FAULT
    empty.dispose()


def test_a_database_that_is_away_is_one_fault() -> None:
    away = Database(f"mysql+pymysql://a:b@{LOOPBACK}:{free_port()}/bank")

    assert [(f.subject, f.level) for f in of_database(away)] == [("database", Level.FAULT)]
    away.dispose()
