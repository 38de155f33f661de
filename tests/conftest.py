"""What all tests share. Every server is real, private, on a free port, and gone at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.db import Database
from app.migrations import runner
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import Person
from tests.support.servers import DatabaseServer, RedisServer, mariadb_server, redis_server
from tests.support.stalls import Stalls


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """Shared; a test that stops or empties Redis starts one of its own."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def cluster(mariadb: DatabaseServer, redis: RedisServer) -> Iterator[Cluster]:
    """Three nodes, two workers and nginx on MariaDB; shared, so tests use people of their own and kill nothing."""
    url = mariadb.create_database("cluster")
    with running_cluster(database_url=url, redis_url=redis.url, workers=2) as started:
        yield started


@pytest.fixture(params=["mariadb", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of the newest schema, of either kind."""
    if request.param == "mariadb":
        server: DatabaseServer = request.getfixturevalue("mariadb")
        url = server.create_database("one_test")
    else:
        url = f"sqlite:///{tmp_path / 'bank.db'}"
    db = Database(url)
    runner.upgrade(db)
    yield db
    db.dispose()


@pytest.fixture
def stalls() -> Iterator[Stalls]:
    """For tests that hold seconds: those of the product, without the machine's own pauses."""
    with Stalls().watching() as watching:
        yield watching


@pytest.fixture
def person(cluster: Cluster) -> Callable[..., Person]:
    """Register somebody new on the shared cluster: `person()`, `person("Ana")`."""
    return lambda name=None: Person(cluster.url, name)


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    return person("Alice Souza")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("Bob Pereira")
