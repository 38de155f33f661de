"""What nginx passes on to a node, as told by nodes that repeat what they hear."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local import nginx
from deploy.local.readiness import http_status, wait_until
from deploy.local.spawn import spawn
from tests.support.fetch import fetch
from tests.support.people import in_parallel
from tests.support.ports import LOOPBACK, free_port

START_TIMEOUT_S = 10.0
NOTHING: Mapping[str, str] = {}
# The handshake of a browser that wants a WebSocket.
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}


class Repeating(BaseHTTPRequestHandler):
    """Answers with what it was sent; dies in the middle of a request for /die, and waits with the answer to /slow."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert isinstance(self.server, Node)
        self.server.heard.append(f"{self.command} {self.path}")
        if self.path.startswith("/die"):
            self.close_connection = True
            return
        if self.path.startswith("/slow"):
            self.server.let_go.wait(START_TIMEOUT_S)
        if "full" in self.path and self.server.full:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError):  # nginx did not wait
            self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_: Any) -> None:
        """The tests look at what was heard."""


class Node(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Repeating)
        self.heard: list[str] = []
        self.let_go = threading.Event()
        # Whether it takes no new sessions.
        self.full = False


@contextmanager
def serving(node: Node) -> Iterator[Node]:
    thread = threading.Thread(target=node.serve_forever, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        node.shutdown()
        node.server_close()
        thread.join()


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serving(Node())) for _ in range(2)]


@contextmanager
def nginx_before(
    nodes: list[Node],
    directory: Path,
    trusted_proxy: str,
    *,
    changed: Mapping[str, str] = NOTHING,
    limits_dry_run: bool = False,
) -> Iterator[str]:
    """`changed`: settings of the template and what is in their places, so that nobody has to wait long."""
    port = free_port()
    ports = {f"web{number}": node.server_port for number, node in enumerate(nodes, start=1)}
    nginx.configure(
        directory, host=LOOPBACK, port=port, nodes=ports, trusted_proxy=trusted_proxy, limits_dry_run=limits_dry_run
    )
    site = directory / "saldo-vivo.conf"
    for setting, instead in changed.items():
        assert setting in site.read_text()
        site.write_text(site.read_text().replace(setting, instead))
    with (directory / "log").open("wb") as log:
        process = spawn(nginx.command(directory), output=log)
    try:
        wait_until(lambda: http_status(port, "/") == 200, START_TIMEOUT_S, "nginx")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def url(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nginx_before(nodes, tmp_path_factory.mktemp("nginx"), nginx.NOBODY) as address:
        yield address


@pytest.fixture(scope="module")
def url_behind_proxy(nodes: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with nginx_before(nodes, tmp_path_factory.mktemp("nginx"), f"{LOOPBACK}/32") as address:
        yield address


def forwarded_headers(url: str, path: str, headers: dict[str, str]) -> dict[str, str]:
    told: dict[str, str] = json.loads(fetch(url, path, headers=headers).body)["headers"]
    return told


def all_are_used(url: str, nodes: list[Node]) -> bool:
    before = [len(node.heard) for node in nodes]
    for _ in nodes:
        fetch(url, "/")
    return all(len(node.heard) > count for node, count in zip(nodes, before, strict=True))


@pytest.mark.parametrize("path", ["/", "/socket.io/?EIO=4", "/socket.io/?EIO=4&sid=web1.x"])
def test_a_client_cannot_claim_another_address_host_or_scheme(url: str, path: str) -> None:
    claims = {
        "Host": "banco.example:8080",
        "X-Forwarded-For": "203.0.113.9",
        "X-Real-IP": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=203.0.113.9",
    }

    told = forwarded_headers(url, path, claims)

    assert told["Host"] == told["X-Forwarded-Host"] == "banco.example:8080"
    assert told["X-Forwarded-For"] == told["X-Real-IP"] == LOOPBACK
    assert told["X-Forwarded-Proto"] == "http"
    assert not {"X-Forwarded-Prefix", "Forwarded"} & set(told)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("10.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.6.6.6,2001:db8::7", "2001:db8::7"),
        ("not an address!", LOOPBACK),
        ("", LOOPBACK),
    ],
)
def test_the_proxy_that_ends_tls_says_who_the_client_is(url_behind_proxy: str, said: str, address: str) -> None:
    headers = {"X-Forwarded-For": said, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}

    told = forwarded_headers(url_behind_proxy, "/", headers)

    assert told["X-Forwarded-For"] == told["X-Real-IP"] == address
    assert told["X-Forwarded-Proto"] == "https"
    assert told["X-Forwarded-Host"] == told["Host"]


def test_what_the_proxy_says_of_the_scheme_is_https_or_nothing(url_behind_proxy: str) -> None:
    told = forwarded_headers(url_behind_proxy, "/", {"X-Forwarded-Proto": "gopher"})

    assert told["X-Forwarded-Proto"] == "http"


def test_only_socket_io_may_upgrade(url: str) -> None:
    asked = forwarded_headers(url, "/socket.io/?EIO=4&transport=websocket", UPGRADE)
    assert (asked["Upgrade"], asked["Connection"]) == ("websocket", "upgrade")

    for path in ("/", "/static/x"):
        told = forwarded_headers(url, path, UPGRADE)
        assert "Upgrade" not in told
        assert told.get("Connection") != "upgrade"


def test_the_path_and_its_query_string_arrive_as_they_were_sent(url: str) -> None:
    path = "/extrato/1?texto=p%C3%A3o%2Fcaf%C3%A9&de=2026-11-01"

    assert json.loads(fetch(url, path).body)["path"] == path


def test_a_session_id_leads_to_its_node_and_nowhere_else(url: str, nodes: list[Node]) -> None:
    for number, node in enumerate(nodes, start=1):
        path = f"/socket.io/?EIO=4&sid=web{number}.abc"
        fetch(url, path)
        assert node.heard[-1] == f"GET {path}"
        assert all(f"GET {path}" not in other.heard for other in nodes if other is not node)


def test_what_a_node_may_have_done_is_not_sent_to_another(url: str, nodes: list[Node]) -> None:
    answer = fetch(url, "/die", method="POST", body=b"{}")

    assert answer.status == 503
    assert json.loads(answer.body)["codigo"] == "resultado_desconhecido"
    assert sum(node.heard.count("POST /die") for node in nodes) == 1


def test_what_changes_nothing_is_tried_on_another_node(url: str, nodes: list[Node]) -> None:
    # A node that failed a request is left alone for a second.
    wait_until(lambda: all_are_used(url, nodes), START_TIMEOUT_S, "both nodes in use")

    answer = fetch(url, "/die")

    assert answer.status == 503
    assert json.loads(answer.body)["codigo"] == "servico_indisponivel"
    assert [node.heard.count("GET /die") for node in nodes] == [1, 1]


def test_slow_answers_take_no_node_out(nodes: list[Node], tmp_path: Path) -> None:
    with nginx_before(
        nodes, tmp_path, nginx.NOBODY, changed={"proxy_read_timeout 20s;": "proxy_read_timeout 300ms;"}
    ) as url:
        try:
            late = in_parallel([lambda: fetch(url, "/slow?segredo=x").status] * 6, 6)
            after = [fetch(url, "/").status for _ in range(6)]
        finally:
            for node in nodes:
                node.let_go.set()

    assert late == [503] * 6
    assert after == [200] * 6


def test_a_new_session_goes_to_the_next_node_when_one_is_full(url: str, nodes: list[Node]) -> None:
    nodes[0].full = True
    try:
        answers = [fetch(url, "/socket.io/?EIO=4&transport=polling&full").status for _ in range(4)]
    finally:
        nodes[0].full = False

    assert answers == [200] * 4


def test_only_a_get_may_ask_for_a_websocket(url: str) -> None:
    told = json.loads(fetch(url, "/socket.io/?EIO=4", method="POST", body=b"x", headers=UPGRADE).body)["headers"]

    assert "Upgrade" not in told


def test_a_node_that_dies_at_work_leaves_no_session_id_in_nginx_s_log(nodes: list[Node], tmp_path: Path) -> None:
    with nginx_before(nodes, tmp_path, nginx.NOBODY) as url:
        for path in ("/die?segredo=x", "/socket.io/?EIO=4&sid=web1.segredo&x=/die", "/" + "x" * 9000 + "?segredo"):
            fetch(url, path)
        raw(url, b"GET /%zz?segredo HTTP/9.9\r\n\r\n")

    assert "segredo" not in (tmp_path / "log").read_text()
    assert "segredo" not in (tmp_path / "access.log").read_text()


# Where nginx keeps answers of its own; nobody outside may ask for them.
OWN_PAGES = ["400", "414", "501"]


def raw(url: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of the answer to these bytes."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=START_TIMEOUT_S) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):  # nginx ends so what it has answered and waited for in vain
            while data := connection.recv(65_536):
                answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize("path", ["/", "/socket.io/"])
@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda path: f"GET {path} HTTP/1.1\r\n\r\n", 400),
        (lambda path: f"GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (lambda path: f"GET {path} HTTP/1.1\r\nHost: x\r\nX: {'y' * 40_000}\r\n\r\n", 400),
        (lambda path: f"G\0T {path} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (lambda path: f"GET {path} HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        (lambda path: f"TRACE {path} HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (lambda path: f"GET {path}{'x' * 40_000} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (lambda path: f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (lambda path: f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (lambda path: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        *((lambda path, own=own: f"GET /.saldo-vivo/{own} HTTP/1.1\r\nHost: x\r\n\r\n", 404) for own in OWN_PAGES),
    ],
    ids=[
        *("no host", "two hosts", "large header", "no method", "version", "TRACE", "long", "large body", "gzip", "404"),
        *OWN_PAGES,
    ],
)
def test_what_nginx_itself_refuses_it_refuses_in_the_contract_s_form(
    url: str, request_of: Callable[[str], str], status: int, path: str
) -> None:
    answered, headers, body = raw(url, request_of(path).encode())

    assert answered == status
    assert set(json.loads(body)) == {"erro", "codigo"}
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", ["/", "/socket.io/?EIO=4"])
def test_an_accident_of_nginx_s_own_is_told_in_the_contract_s_form(
    nodes: list[Node], tmp_path: Path, path: str
) -> None:
    with nginx_before(nodes, tmp_path, nginx.NOBODY) as url:
        (tmp_path / "client_body").rmdir()  # a large body has nowhere to wait
        answer = fetch(url, path, method="POST", body=b"x" * 60_000)

    assert answer.status == 500
    assert json.loads(answer.body)["codigo"] == "erro_interno"
    assert answer.headers["Content-Type"] == "application/json"
