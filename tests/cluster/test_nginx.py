"""What nginx promises in front of a cluster."""

import gzip
import json
import os
import re
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websocket import create_connection

from deploy.local.readiness import http_status, wait_until
from tests.support.cluster import Cluster, running_cluster
from tests.support.fetch import Answer, fetch
from tests.support.people import in_parallel
from tests.support.ports import LOOPBACK
from tests.support.stalls import Stalls

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
REQUEST_TIMEOUT_S = 10.0
LOG_TIMEOUT_S = 5.0
# What a request may lose on a dead node.
SKIP_S_MAX = 1.0
# Of ninety handshakes: how many more one node may have than another.
SPREAD_MAX = 10
# A school with one address: people, what each asks, and the files of the page.
PEOPLE, ASKED, FILES = 90, 15, 40
AT_ONCE = 30


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster(nodes=3) as running:
        yield running


def handshake(cluster: Cluster) -> str:
    """Open a polling session; its id."""
    opened = fetch(cluster.url, POLLING)
    assert opened.status == 200, opened
    return str(json.loads(opened.body[1:])["sid"])


def node_of(sid: str) -> str:
    return sid.split(".")[0]


def took_s(answer: Answer, stalls: Stalls) -> float:
    return stalls.awake_s(answer.begun, answer.ended)


def test_ninety_polling_handshakes_are_spread_evenly(cluster: Cluster) -> None:
    spread = Counter(node_of(handshake(cluster)) for _ in range(90))

    # nginx chooses by the requests it still counts: one that it has not yet written off moves its successor by a place.
    assert set(spread) == {"web1", "web2", "web3"}
    assert max(spread.values()) - min(spread.values()) <= SPREAD_MAX, spread


def open_websocket(cluster: Cluster, opened: ExitStack) -> str:
    """Open a session that stays until `opened` closes; its id."""
    url = cluster.url.replace("http", "ws") + WEBSOCKET
    connection = opened.enter_context(closing(create_connection(url, timeout=REQUEST_TIMEOUT_S)))
    return str(json.loads(connection.recv()[1:])["sid"])


def test_open_websockets_are_spread_evenly(cluster: Cluster) -> None:
    with ExitStack() as opened:
        spread = Counter(node_of(open_websocket(cluster, opened)) for _ in range(9))

    assert spread == {"web1": 3, "web2": 3, "web3": 3}


def test_other_requests_do_not_disturb_the_spread(cluster: Cluster) -> None:
    spread: Counter[str] = Counter()
    with ExitStack() as opened:
        for _ in range(9):
            for _ in range(2):
                fetch(cluster.url, "/healthz")
            spread[node_of(open_websocket(cluster, opened))] += 1

    assert spread == {"web1": 3, "web2": 3, "web3": 3}


def test_a_polling_session_stays_on_its_node(cluster: Cluster) -> None:
    sids = [handshake(cluster) for _ in range(6)]

    for sid in sids:
        path = f"{POLLING}&sid={sid}"
        assert fetch(cluster.url, path, method="POST", body=b"40").body == b"ok"
        heard = fetch(cluster.url, path).body.decode()
        if '"conexao"' not in heard:
            heard += fetch(cluster.url, path).body.decode()
        assert f'"no":"{node_of(sid)}"' in heard.replace(" ", "")


def test_a_session_is_upgraded_on_its_node(cluster: Cluster) -> None:
    for sid in [handshake(cluster) for _ in range(3)]:
        address = cluster.url.replace("http", "ws") + f"{WEBSOCKET}&sid={sid}"
        connection = create_connection(address, timeout=REQUEST_TIMEOUT_S)
        connection.send("2probe")
        assert connection.recv() == "3probe"
        connection.close()


@pytest.mark.parametrize(
    "sid",
    [
        "web1.unknown",
        "web9.unknown",
        "localhost.x",
        "127.0.0.1:22.x",
        "web1@example.org.x",
        "..%2f..",
        "%00.x",
        "x" * 2000,
    ],
)
def test_a_forged_session_id_gets_an_error_that_makes_the_client_start_anew(cluster: Cluster, sid: str) -> None:
    for method, body in (("GET", None), ("POST", b"40")):
        assert fetch(cluster.url, f"{POLLING}&sid={sid}", method=method, body=body).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/metrics?a=b",
        "/%6detrics",
        "/x/../metrics",
        "/metrics%2f",
        "/./metrics",
    ],
)
def test_metrics_are_not_reachable(cluster: Cluster, path: str) -> None:
    answer = fetch(cluster.url, path)

    assert answer.status == 404
    assert json.loads(answer.body)["codigo"] == "nao_encontrado"
    assert fetch(cluster.node_url("web1"), "/metrics").status == 200


def test_a_dead_node_is_skipped_until_it_can_answer_again_and_its_sessions_start_anew(
    cluster: Cluster, stalls: Stalls
) -> None:
    sid = next(sid for sid in iter(lambda: handshake(cluster), "") if node_of(sid) == "web2")
    port = cluster.process("web2")["port"]
    cluster.kill("web2")

    answers = [fetch(cluster.url, f"{POLLING}&sid={sid}")]
    while http_status(port, "/readyz") != 200:
        answers += [fetch(cluster.url, path) for path in ("/healthz", POLLING)]

    assert answers[0].status == 400
    assert {answer.status for answer in answers[1:]} == {200}
    assert max(took_s(answer, stalls) for answer in answers) < SKIP_S_MAX


def test_a_node_that_came_back_is_used_again(cluster: Cluster) -> None:
    cluster.wait_restarted("web3", cluster.kill("web3"))

    wait_until(lambda: node_of(handshake(cluster)) == "web3", REQUEST_TIMEOUT_S, "a handshake on web3")


def test_a_worker_process_that_is_started_again_refuses_until_it_can_answer(cluster: Cluster, stalls: Stalls) -> None:
    port, master = cluster.process("web1")["port"], cluster.pid("web1")
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()

    os.kill(int(worker), signal.SIGKILL)

    refused = 0
    while True:
        try:
            answer = fetch(f"http://{LOOPBACK}:{port}", "/healthz")
            break
        except ConnectionError:
            refused += 1
    assert refused, "nginx takes the next node only when this one refuses"
    assert answer.status == 200
    assert took_s(answer, stalls) < SKIP_S_MAX
    assert cluster.pid("web1") == master, "gunicorn itself went on"


def test_the_access_log_has_no_query_string_and_no_referer(cluster: Cluster) -> None:
    fetch(cluster.url, "/healthz?segredo=um", headers={"Referer": "http://x/?segredo=dois"})
    log = cluster.run_dir / "nginx" / "access.log"

    wait_until(lambda: '"GET /healthz HTTP/1.1" 200' in log.read_text(), LOG_TIMEOUT_S, "the log's line")

    assert "segredo" not in log.read_text()
    assert "?" not in log.read_text()


def test_static_files_are_compressed_and_kept_by_the_browser(cluster: Cluster) -> None:
    page = fetch(cluster.url, "/").body.decode()
    links = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    assert links

    for link in links:
        plain = fetch(cluster.url, link)
        assert plain.status == 200
        assert "immutable" in plain.headers["Cache-Control"]
        packed = fetch(cluster.url, link, headers={"Accept-Encoding": "gzip"})
        if len(plain.body) >= 1024:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert packed.headers["Vary"] == "Accept-Encoding"
            assert gzip.decompress(packed.body) == plain.body


def test_a_request_that_is_too_large_is_refused_in_the_contract_s_form(cluster: Cluster) -> None:
    answer = fetch(cluster.url, "/login", method="POST", body=b" " * 70_000)

    assert answer.status == 413
    assert set(json.loads(answer.body)) == {"erro", "codigo"}


def test_ninety_people_of_one_school_load_the_page_all_at_once_and_stay_served(cluster: Cluster) -> None:
    """Each loads the page and its files, asks fifteen things, and opens a socket that stays."""
    page = fetch(cluster.url, "/").body.decode()
    (file, *_) = re.findall(r'href="(/static/[^"]+\.css)"', page)
    asked = ["GET /", *["GET /healthz"] * ASKED, *[f"HEAD {file}"] * FILES]
    at = urlsplit(cluster.url)

    def load() -> Counter[bytes]:
        with socket.create_connection((str(at.hostname), int(at.port or 0)), timeout=REQUEST_TIMEOUT_S) as browser:
            for number, line in enumerate(asked, 1):
                last = "Connection: close\r\n" if number == len(asked) else ""
                browser.sendall(f"{line} HTTP/1.1\r\nHost: {at.netloc}\r\n{last}\r\n".encode())
            answer = b"".join(iter(lambda: browser.recv(65_536), b""))
        open_websocket(cluster, opened)
        return Counter(re.findall(rb"HTTP/1\.1 (\d+)", answer))

    with ExitStack() as opened:
        answers = in_parallel([load] * PEOPLE, AT_ONCE)

    assert answers == [Counter({b"200": len(asked)})] * PEOPLE
