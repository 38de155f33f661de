"""What all tests share. Every server is real, private, on a free port, and gone at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Connection, insert

from app import factory
from app.bank import accounts
from app.contacts.models import Contact
from app.db import Database
from app.migrations import runner
from app.users import actions as users
from app.users import sessions
from app.users.passwords import hash_password
from app.users.sessions import Place
from app.users.tokens import Tokens
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import PASSWORD, Person, Register, Registered
from tests.support.servers import DatabaseServer, RedisServer, mariadb_server, redis_server
from tests.support.stalls import Stalls

TOKEN_TTL_S = 3600
# The shared cluster takes subscriptions there; nobody listens.
NO_PUSH_SERVICE = "http://127.0.0.1:9"

# How long an example takes says nothing: the machine may be busy.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


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
    env = {"PUSH_HOSTS": NO_PUSH_SERVICE}
    with running_cluster(database_url=url, redis_url=redis.url, workers=2, env=env) as started:
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


@pytest.fixture(scope="session")
def register(cluster: Cluster) -> Iterator[Register]:
    """As the web does it, with the slow hash of the password made once; `/registro` has tests of its own."""
    db, tokens = Database(cluster.database()), Tokens(cluster.jwt_secret(), TOKEN_TTL_S)
    hashed = hash_password(PASSWORD)

    def insert(connection: Connection, name: str, email: str) -> Registered:
        user = users.register(connection, email=email, name=name, password_hash=hashed)
        factory.welcome(connection, user.id, name)
        (account,) = accounts.of_user(connection, user.id)
        place = Place("Navegador de teste", "127.0.0.1")
        session, _ = sessions.begin(connection, user_id=user.id, generation=user.generation, place=place, tokens=tokens)
        return Registered(user.id, account.id, sessions.token_of(session, tokens))

    yield lambda name, email: db.transact(insert, name, email)
    db.dispose()


@pytest.fixture
def stalls() -> Iterator[Stalls]:
    """For tests that hold seconds: those of the product, without the machine's own pauses."""
    with Stalls().watching() as watching:
        yield watching


@pytest.fixture
def person(cluster: Cluster, register: Register) -> Callable[..., Person]:
    """Somebody new on the shared cluster: `person()`, `person("Ana")`."""
    return lambda name=None: Person(cluster.url, name, register)


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    return person("Alice Souza")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("Bob Pereira")


@pytest.fixture(scope="session")
def bank(cluster: Cluster) -> Iterator[Database]:
    """The shared cluster's database, for what no client can do."""
    db = Database(cluster.database())
    yield db
    db.dispose()


@pytest.fixture
def befriend(bank: Database) -> Callable[[Person, Person], None]:
    """Make two people contacts of each other."""
    flags = {"consents": 1, "listed": 1, "refused": 0, "favourite": 0, "blocked": 0}

    def both(one: Person, other: Person) -> None:
        pairs = [{"user_id": a.id, "other_id": b.id, **flags} for a, b in ((one, other), (other, one))]
        bank.transact(lambda connection: connection.execute(insert(Contact), pairs))

    return both
