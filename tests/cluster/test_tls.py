"""TLS by nginx itself, as nginx/tls.conf.example has it; and what it says to who comes by TLS."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from deploy.local import nginx
from tests.cluster.test_nginx_forwarding import Node, nginx_before, serving
from tests.cluster.test_redis_addresses import make_certificate
from tests.support.cluster import ROOT
from tests.support.fetch import fetch
from tests.support.people import FromAddress
from tests.support.ports import LOOPBACK, free_port

HSTS = "Strict-Transport-Security"
A_YEAR = "max-age=31536000"
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Site:
    plain: str
    secure: str
    certificate: Path


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with serving(Node()) as started:
        yield started


@pytest.fixture(scope="module")
def site(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx with the example's TLS, a certificate of our own making, and a port that is free."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    make_certificate(certificate, key)
    example = (ROOT / "nginx" / "tls.conf.example").read_text()
    wanted = example.replace("/etc/saldo-vivo/tls", str(folder)).replace("listen 8443", f"listen {LOOPBACK}:{port}")
    (folder / "tls.conf").write_text(wanted)
    with nginx_before([node], folder, nginx.NOBODY) as plain:
        yield Site(plain, f"https://{LOOPBACK}:{port}", certificate)


def test_who_comes_by_tls_is_told_to_come_by_nothing_else(site: Site) -> None:
    answer = requests.get(site.secure, verify=str(site.certificate), timeout=TIMEOUT_S)

    assert (answer.status_code, answer.headers[HSTS]) == (200, A_YEAR)
    assert answer.json()["headers"]["X-Forwarded-Proto"] == "https"
    refused = requests.get(f"{site.secure}/metrics", verify=str(site.certificate), timeout=TIMEOUT_S)
    assert (refused.status_code, refused.headers[HSTS]) == (404, A_YEAR)


def test_who_comes_without_is_sent_on_with_what_was_sent(site: Site, node: Node) -> None:
    before = list(node.heard)
    with requests.Session() as session:
        session.mount("http://", FromAddress("127.0.0.5"))
        answer = session.post(f"{site.plain}/login?a=1", json={}, allow_redirects=False, timeout=TIMEOUT_S)

    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{LOOPBACK}/login?a=1")
    assert node.heard == before


def test_this_machine_s_own_health_check_needs_no_tls(site: Site) -> None:
    answer = fetch(site.plain, "/healthz")

    assert (answer.status, HSTS in answer.headers) == (200, False)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(site: Site, version: ssl.TLSVersion) -> None:
    port = int(site.secure.rpartition(":")[2])
    told = openssl(port, {ssl.TLSVersion.TLSv1: "-tls1", ssl.TLSVersion.TLSv1_1: "-tls1_1"}[version])
    assert re.search(r"Cipher is \(NONE\)|Cipher\s*: 0000", told)
    assert "Cipher is ECDHE" in openssl(port, "-tls1_2")


def openssl(port: int, version: str) -> str:
    """What the client of the operator's tools says of a handshake; security level 0 lets it offer the old versions."""
    command = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{port}", version, "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, check=False, input="", capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.stdout + done.stderr


@pytest.mark.parametrize(("scheme", "told"), [("https", A_YEAR), ("http", None)])
def test_behind_a_proxy_that_ends_tls_its_word_counts(
    node: Node, tmp_path: Path, scheme: str, told: str | None
) -> None:
    with nginx_before([node], tmp_path, f"{LOOPBACK}/32") as url:
        assert fetch(url, "/", headers={"X-Forwarded-Proto": scheme}).headers.get(HSTS) == told


def test_a_client_s_own_word_of_its_scheme_counts_for_nothing(node: Node, tmp_path: Path) -> None:
    with nginx_before([node], tmp_path, nginx.NOBODY) as url:
        assert HSTS not in fetch(url, "/", headers={"X-Forwarded-Proto": "https"}).headers
