"""A push from end to end: through a node, the database, a worker and its question to all nodes, to a push service."""

import time
from collections.abc import Iterator

import pytest

from app.db import Database
from tests.integration.customers import rows
from tests.support.cluster import Cluster, running_cluster
from tests.support.people import Person, eventually
from tests.support.push_service import Browser, PushService, push_service
from tests.support.servers import DatabaseServer, redis_server
from tests.support.stalls import Stalls
from worker.job_runner import LOOK_EVERY_S
from worker.jobs import PUSH_EVERY_S
from worker.push import SETTLED_S

# Asking the nodes, encrypting and sending, also on a slow machine.
WORK_S = 4.0
WITHIN_S = SETTLED_S + PUSH_EVERY_S + LOOK_EVERY_S + WORK_S
HEAD = "SELECT s.seq FROM user_streams s WHERE s.user_id = :user"
PUSHED_TO = "SELECT p.pushed_to FROM push_subscriptions p WHERE p.user_id = :user"


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as started:
        yield started


@pytest.fixture
def cluster(mariadb: DatabaseServer, service: PushService) -> Iterator[Cluster]:
    with redis_server() as server:
        url = mariadb.create_database("pushing")
        env = {"PUSH_HOSTS": service.url}
        with running_cluster(database_url=url, redis_url=server.url, workers=2, env=env) as started:
            yield started


@pytest.fixture
def bank(cluster: Cluster) -> Iterator[Database]:
    db = Database(cluster.database())
    yield db
    db.dispose()


def subscribed(person: Person, service: PushService) -> Browser:
    browser = Browser(service.url, f"/{person.id}")
    assert person.post("/push/inscricoes", browser.subscription).status_code == 201
    return browser


def is_told(bank: Database, person: Person) -> bool:
    """Whether the workers have done with all that the person was ever told of."""
    return rows(bank, PUSHED_TO, user=person.id) == rows(bank, HEAD, user=person.id)


def test_who_has_no_page_open_gets_one_push_and_who_confirms_on_another_node_gets_none(
    cluster: Cluster, bank: Database, service: PushService, stalls: Stalls
) -> None:
    alice, bob, eva = (Person(cluster.node_url("web1"), name) for name in ("Alice Souza", "Bob Pereira", "Eva Lima"))
    closed, opened = subscribed(alice, service), subscribed(eva, service)
    assert bob.deposit("100.00").status_code == 201
    with eva.listening(cluster.node_url("web3")) as page:
        asked: list[str] = []

        def confirm(_: object) -> int:
            asked.append("confirmar")
            return max(page.seqs())

        page.client.on("confirmar", confirm)
        assert bob.transfer(eva, "1.00").status_code == 201
        begun = time.monotonic()
        sent = bob.transfer(alice, "12.34").json()

        eventually(lambda: service.to(closed.path), "a push", WITHIN_S + 30)
        took_s = time.monotonic() - begun
        assert took_s >= SETTLED_S, "a page has that long to take it"
        assert stalls.awake_s(begun, begun + took_s) < WITHIN_S
        people = (alice, eva)
        eventually(lambda: all(is_told(bank, person) for person in people), "the end of the workers' work for both")

    (pushed,) = service.to(closed.path)
    assert closed.read(pushed)["caminho"] == f"/#/comprovante/{sent['operacao_id']}"
    assert service.to(opened.path) == []
    assert asked, "her page is what kept the push back"
