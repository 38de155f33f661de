"""What nginx takes of one address, before any node is asked; with smaller numbers, so that they are soon used up."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from select import select
from urllib.parse import urlsplit

import pytest

from deploy.local import nginx
from tests.cluster.test_nginx_forwarding import Node, nginx_before, serving
from tests.support.fetch import Answer, fetch
from tests.support.ports import LOOPBACK

ASKED, LOADED, SENDING = 20, 40, 4
# Nothing comes back while a test runs.
FEW = {
    "rate=300r/s": "rate=1r/m",
    "rate=1000r/s": "rate=1r/m",
    "burst=3000": f"burst={ASKED - 1}",
    "burst=8000": f"burst={LOADED - 1}",
    "limit_conn saldo_vivo_sending 200": f"limit_conn saldo_vivo_sending {SENDING}",
}
WAIT_S = 10.0


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Behind a proxy, so that a test may come from any address."""
    with ExitStack() as stack:
        node = stack.enter_context(serving(Node()))
        directory = tmp_path_factory.mktemp("nginx")
        yield stack.enter_context(nginx_before([node], directory, f"{LOOPBACK}/32", changed=FEW))


def ask(url: str, path: str, address: str) -> Answer:
    return fetch(url, path, headers={"X-Forwarded-For": address})


def taken(url: str, path: str, address: str) -> int:
    """How many requests until the first that is refused."""
    count = 0
    while ask(url, path, address).status == 200:
        count += 1
    return count


def test_an_address_that_asks_too_much_is_told_so_in_the_contract_s_form(url: str) -> None:
    assert taken(url, "/healthz", "192.0.2.1") == ASKED

    for path in ("/healthz", "/socket.io/?EIO=4&transport=polling"):
        refused = ask(url, path, "192.0.2.1")
        assert refused.status == 429
        assert set(json.loads(refused.body)) == {"erro", "codigo"}
        assert json.loads(refused.body)["codigo"] == "muitas_requisicoes"
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(url, "/healthz", "192.0.2.2").status == 200


def test_files_of_the_page_are_counted_apart(url: str) -> None:
    assert taken(url, "/static/x.js", "192.0.2.3") == LOADED

    assert taken(url, "/healthz", "192.0.2.3") == ASKED


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", "2001:db8:1:3::9"),
        ("2001:db8:7::1", "2001:db8:7::2:3:4:5", "2001:db8:8::1"),
    ],
)
def test_a_household_has_a_network_of_ipv6_addresses(url: str, one: str, same: str, other: str) -> None:
    taken(url, "/healthz", one)

    assert ask(url, "/healthz", same).status == 429
    assert ask(url, "/healthz", other).status == 200


def test_an_address_sends_few_bodies_at_once_and_others_send_theirs(url: str) -> None:
    place = (str(urlsplit(url).hostname), int(urlsplit(url).port or 0))

    def begin(address: str) -> socket.socket:
        """A body that does not come."""
        connection = opened.enter_context(socket.create_connection(place, timeout=WAIT_S))
        head = f"POST /login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(head.encode())
        return connection

    def status(connection: socket.socket) -> int:
        return int(connection.recv(4096).split(b" ")[1])

    with ExitStack() as opened:
        sending = [begin("192.0.2.4") for _ in range(SENDING + 1)]
        (refused,), _, _ = select(sending, [], [], WAIT_S)
        assert status(refused) == 429
        other = begin("192.0.2.5")
        other.sendall(b"123456789")
        assert status(other) == 200
        sending.remove(refused)
        for connection in sending:
            connection.sendall(b"123456789")
        assert [status(connection) for connection in sending] == [200] * SENDING


def test_in_a_dry_run_nobody_is_refused(tmp_path: Path) -> None:
    with serving(Node()) as node, nginx_before([node], tmp_path, nginx.NOBODY, changed=FEW, limits_dry_run=True) as url:
        assert {fetch(url, "/healthz").status for _ in range(2 * ASKED)} == {200}
