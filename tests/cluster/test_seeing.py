"""What an operator sees of a cluster: metrics of every process, one id through all logs, the live panel."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from flask_socketio_cluster.bus.numbered import Numbered
from flask_socketio_cluster.bus.publisher import Publisher
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.node.report import Reports
from flask_socketio_cluster.trace import Origin
from flask_socketio_cluster.wire import dumps, event_packet

from app.panel.figures import snapshot
from app.wire import room_of
from tests.cluster.test_js_client import browser
from tests.cluster.test_scripts import run_worker
from tests.support.cluster import Cluster, running_cluster
from tests.support.cluster_log import events
from tests.support.collector import Collector, collector
from tests.support.metrics import total
from tests.support.people import Person, eventually

SENT = "socketio_cluster_stream_events_sent_total"
DELIVERED = "socketio_cluster_delivery_seconds"
END = event_packet("fim", "{}")


@pytest.fixture(scope="module")
def spans() -> Iterator[Collector]:
    with collector() as collecting:
        yield collecting


@pytest.fixture(scope="module")
def seen(spans: Collector) -> Iterator[Cluster]:
    """Two nodes and a worker that log every event, and send spans."""
    env = {"LOG_EVENTS": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": spans.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with running_cluster(nodes=2, env=env) as started:
        yield started


@pytest.fixture(scope="module")
def ana(seen: Cluster) -> Person:
    return Person(seen.url, "Ana Lima")


@pytest.fixture(scope="module")
def bia(seen: Cluster) -> Person:
    return Person(seen.url, "Bia Melo")


def line_of(seen: Cluster, part: str, event: str, **fields: Any) -> dict[str, Any]:
    """The first line of that kind that a part has logged."""

    def found() -> dict[str, Any] | None:
        lines = (line for line in seen.log.splitlines() if line.startswith(part))
        wanted = (line for line in events("\n".join(lines), event) if fields.items() <= line.items())
        return next(wanted, None)

    line: dict[str, Any] = eventually(found, f"{event} of {part} with {fields}")
    return line


def test_one_id_leads_from_nginx_through_node_and_worker_to_the_socket_on_another_node(
    seen: Cluster, ana: Person, bia: Person
) -> None:
    ana.deposit("10.00")
    with bia.listening(seen.node_url("web2")) as feed:
        answer = ana.transfer(bia, "4.00")
        told = feed.wait_for("notificacao").payload

    trace = answer.headers["X-Request-Id"]
    access = (seen.run_dir / "nginx" / "access.log").read_text()
    assert re.search(rf'"POST /transferencia HTTP/1.1" 201 .* trace {trace}$', access, re.MULTILINE)
    of_event = {"key": bia.id, "seq": told["seq"], "trace": trace}
    line_of(seen, "web", "event_appended", **of_event)
    line_of(seen, "worker1", "event_relayed", **of_event)
    line_of(seen, "web2", "event_handed", **of_event, way="bus")


def test_spans_of_node_and_worker_are_in_the_trace_of_the_request(
    seen: Cluster, spans: Collector, ana: Person, bia: Person
) -> None:
    ana.deposit("10.00")
    trace = ana.transfer(bia, "4.00").headers["X-Request-Id"]
    names = [("saldo-vivo-node", "POST /transferencia"), *[("saldo-vivo-worker", "relay")] * 2]

    eventually(lambda: sorted((s.service, s.name) for s in spans.of(trace)) == names, "three spans of one trace")

    assert all(span.start_ns <= span.end_ns for span in spans.of(trace))


def test_what_a_client_calls_its_request_is_not_believed(seen: Cluster, ana: Person) -> None:
    claimed = "f" * 32

    answer = requests.get(seen.url + "/perfil", headers={"X-Request-Id": claimed}, timeout=10)

    assert answer.status_code == 401
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert answer.headers["X-Request-Id"] != claimed
    assert claimed not in (seen.run_dir / "nginx" / "access.log").read_text()


def test_a_node_counts_events_by_kind_and_way_and_how_long_each_took(seen: Cluster, ana: Person, bia: Person) -> None:
    ana.deposit("10.00")
    web2 = seen.node_url("web2")
    with bia.listening(web2) as feed:
        sent, counted = total(web2, SENT, event="notificacao"), total(web2, f"{DELIVERED}_count")
        ana.transfer(bia, "4.00")
        feed.wait_for("notificacao")
        eventually(lambda: total(web2, SENT, event="notificacao") == sent + 1, "the event in the count")
        assert total(web2, f"{DELIVERED}_count") == counted + 1


def test_what_was_missed_while_away_is_no_delay(seen: Cluster, ana: Person) -> None:
    web2 = seen.node_url("web2")
    with ana.listening(web2) as feed:
        place = feed.wait_for("autenticado").payload
    ana.deposit("10.00")
    sent, counted = total(web2, SENT, way="database"), total(web2, f"{DELIVERED}_count")

    with ana.listening(web2, ask={"ultimo_seq": place["seq"], "epoca": place["epoca"]}) as feed:
        feed.wait_for("notificacao")
        eventually(lambda: total(web2, SENT, way="database") == sent + 1, "the event in the count")

    assert total(web2, f"{DELIVERED}_count") == counted


def test_a_worker_shows_its_outbox_what_it_relayed_and_how_jobs_stand(seen: Cluster, ana: Person) -> None:
    worker = seen.node_url("worker1")
    before = total(worker, "socketio_cluster_relay_seconds_count")

    ana.deposit("10.00")

    eventually(lambda: total(worker, "socketio_cluster_relay_seconds_count") == before + 1, "the event relayed")
    eventually(lambda: total(worker, "saldo_vivo_job_ok", job="agendamentos") == 1, "a job that has run")
    eventually(lambda: total(worker, "socketio_cluster_outbox_rows") == 0, "an empty outbox")
    assert requests.get(worker + "/", timeout=10).status_code == 404


def test_what_a_node_of_before_would_pass_on_is_nothing_to_clients(seen: Cluster, ana: Person) -> None:
    """It takes the line that says where an event is from for one more packet; here that line is one."""
    origin = Numbered("/", "", 0, (), Origin(1.5, "f" * 32)).body().decode().splitlines()[1]
    keys, web1 = Keys([seen.bus_key().encode()]), seen.node_url("web1")
    with ana.listening(web1) as feed, browser(web1, ["websocket"], token=ana.token) as page:
        seq = page.wait_for("autenticado")["seq"] + 1
        event = event_packet("notificacao", dumps({"seq": seq}))
        Publisher(seen.redis(), keys=keys).publish([Numbered("/", room_of(ana.id), seq, (event, origin, END))])
        page.wait_for("fim")
        feed.wait_for("fim")

        assert [heard.name for heard in page.events][-2:] == ["notificacao", "fim"]
        assert [heard.name for heard in feed.events][-2:] == ["notificacao", "fim"]


def test_the_panel_shows_every_node_with_its_sockets(seen: Cluster, ana: Person, bia: Person) -> None:
    reports = Reports(seen.redis(), keys=Keys([seen.bus_key().encode()]))

    def sockets(shown: dict[str, Any]) -> dict[str, tuple[int, int]]:
        return {node["name"]: (node["sockets"], node["users"]) for node in shown["nodes"]}

    three = {"web1": (1, 1), "web2": (2, 2)}
    with ExitStack() as stack:
        for who, node in ((ana, "web1"), (ana, "web2"), (bia, "web2")):
            stack.enter_context(who.listening(seen.node_url(node)))
        eventually(lambda: sockets(snapshot(reports.read())) == three, "three sockets on two nodes")
        printed = json.loads(run_worker(seen, "painel", "--json", env={"BUS_KEYS": seen.bus_key()}))

    assert sockets(printed) == three
    assert [worker["name"] for worker in printed["workers"]] == ["worker1"]
    assert not any(process["is_gone"] for process in (*printed["nodes"], *printed["workers"]))
