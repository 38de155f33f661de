"""The databases and Redis of a lab: one of each, or several of which one takes the place of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.cluster.chaos.network import Network
from tests.cluster.chaos.redis_link import RedisLink
from tests.support.sentinels import WatchedRedis, watched_redis
from tests.support.servers import DatabaseServer, RedisServer, folder, redis_server, started
from tests.support.several_databases import SeveralDatabases, several_databases
from tests.support.small_disk import ServerOnASmallDisk

# What is written in some hours; who fills it up empties it of old logs first.
DISK_BYTES = 512 << 20


@dataclass(frozen=True)
class OneOfEach:
    mariadb: DatabaseServer
    redis: RedisServer
    # None: the parts speak to Redis itself.
    redis_link: RedisLink | None = None

    @property
    def databases(self) -> DatabaseServer:
        return self.mariadb

    @property
    def redis_url(self) -> str:
        return self.redis_link.url if self.redis_link else self.redis.url

    def mend(self) -> None:
        """Both run, and nothing is in their way."""
        if isinstance(self.mariadb, ServerOnASmallDisk):
            self.mariadb.free_disk()
        if self.redis_link is not None:
            self.redis_link.heal()
        for server in (self.mariadb, self.redis):
            if server.is_running:
                server.cont()
            else:
                server.start()


@dataclass(frozen=True)
class SeveralOfEach:
    databases: SeveralDatabases
    redis: WatchedRedis

    @property
    def redis_url(self) -> str:
        return self.redis.url

    def mend(self) -> None:
        """All run, and have what the others have."""
        self.databases.mend()
        self.redis.mend()


@contextmanager
def one_of_each(network: Network) -> Iterator[OneOfEach]:
    with folder("saldo-mariadb-") as directory, redis_server() as redis:
        mariadb = ServerOnASmallDisk(directory, disk_bytes=DISK_BYTES)
        with started(mariadb):
            yield OneOfEach(mariadb, redis, RedisLink(network, redis.port))


@contextmanager
def several_of_each(kind: str) -> Iterator[SeveralOfEach]:
    """`kind`: of databases, see `several_databases`."""
    with several_databases(kind) as databases, watched_redis() as redis:
        yield SeveralOfEach(databases, redis)
