"""The package's own tests: against a real Redis, and with the wheel in an environment that has nothing else."""

from collections.abc import Iterator

import pytest

from tests.support.redis_cluster import RedisCluster, redis_cluster
from tests.support.servers import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def cluster() -> Iterator[RedisCluster]:
    """A test that takes something from it makes it whole again."""
    with redis_cluster() as servers:
        yield servers
