"""Brings the production shape up for real and uses it: python -m deploy.compose_test

Two people on two nodes transfer and listen, one over polling and one over WebSocket; a node is killed; all is taken
down. Takes docker with its compose plugin, or podman. Everything has a name of its own, so that a cluster of the same
compose file that runs on this machine is left alone.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import socketio

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.readiness import http_status, wait_until

ROOT = Path(__file__).parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"
IMAGE = "saldo-vivo"
PODMAN_COMPOSE = "podman-compose==1.6.0"

NODES = 3
UP_TIMEOUT_S = 180.0
EVENT_TIMEOUT_S = 30.0
REQUEST_TIMEOUT_S = 30.0
# Handshakes go to a random node: enough to find two different ones.
CONNECTS_MAX = 40
REMOVALS_MAX = 6
PASSWORD = "uma senha de teste"


def say(text: str) -> None:
    print(f"compose-test: {text}", flush=True)


@dataclass(frozen=True)
class Engine:
    """What runs containers here: its own command, its compose command, and how it builds."""

    command: str
    compose: list[str]
    build: list[str]


def find_engine(workspace: Path) -> Engine:
    """Docker if it answers, else podman with podman-compose, which is fetched if need be."""
    if _succeeds("docker", "info") and _succeeds("docker", "compose", "version"):
        return Engine("docker", ["docker", "compose"], ["docker", "build"])
    if shutil.which("podman") is None:
        sys.exit("compose-test: needs docker with its compose plugin, or podman")
    compose = shutil.which("podman-compose") or _install_podman_compose(workspace / "podman-compose")
    # On the host's network: a build needs the package indexes, and nothing else of the network.
    return Engine("podman", [compose], ["podman", "build", "--network", "host"])


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _install_podman_compose(environment: Path) -> str:
    say(f"fetching {PODMAN_COMPOSE}")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", PODMAN_COMPOSE], check=True)
    return str(environment / "bin" / "podman-compose")


class Shape:
    """The compose file, brought up under a name, a port and secrets of its own."""

    def __init__(self, workspace: Path) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._engine = find_engine(workspace)
        self._project = f"saldo-vivo-test-{secrets.token_hex(3)}"
        self._secrets = workspace / "secrets"

    def up(self) -> None:
        say(f"building with {self._engine.command}")
        dockerfile = str(ROOT / "deploy" / "Dockerfile")
        subprocess.run([*self._engine.build, "-t", IMAGE, "-f", dockerfile, str(ROOT)], check=True)
        subprocess.run([ROOT / "deploy" / "secrets.sh", str(self._secrets)], check=True)
        say(f"starting {self._project} with {NODES} web nodes on port {self.port}")
        self._compose("up", "-d", "--scale", f"web={NODES}")
        wait_until(self._is_ready, UP_TIMEOUT_S, "a web node with its database and Redis, through nginx")

    def down(self) -> None:
        # podman-compose forgets what --scale added, and podman removes nothing on which something else depends:
        # each round removes what is free by then.
        of_project = f"label=com.docker.compose.project={self._project}"
        for _ in range(REMOVALS_MAX):
            if containers := self._ask("ps", "-aq", "--filter", of_project).split():
                self._ask("rm", "-f", "-v", *containers)
        self._compose("down", "-v")

    def show_logs(self) -> None:
        self._compose("logs", "--tail", "100")

    def kill_node(self, node: str) -> None:
        self._ask("kill", node)

    def container_of(self, service: str) -> str:
        """The id of the one container of a service, as long as its host name is."""
        return self._ask("ps", "-q", "--filter", f"name={self._project}[-_]{service}[-_]1").strip()[:12]

    def _is_ready(self) -> bool:
        # Without Redis a node is ready too, and everything would pass, only later.
        try:
            answer = requests.get(f"{self.url}/readyz", timeout=REQUEST_TIMEOUT_S)
            return answer.ok and answer.json()["redis"] == "ok"
        except requests.RequestException:
            return False

    def _ask(self, *arguments: str) -> str:
        """The engine's answer. Its warnings are its own affair."""
        command = [self._engine.command, *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout

    def _compose(self, *arguments: str) -> None:
        env = {
            **os.environ,
            "HTTP_HOST": LOOPBACK,
            "HTTP_PORT": str(self.port),
            "SECRETS_DIR": str(self._secrets),
        }
        command = [*self._engine.compose, "-p", self._project, "-f", str(COMPOSE_FILE), *arguments]
        subprocess.run(command, check=True, env=env, cwd=ROOT)


@dataclass
class Person:
    """Somebody with an account and a Socket.IO client, the real one."""

    url: str
    name: str
    transport: str
    token: str = ""
    account: int = 0
    node: str = ""
    # Where this person's stream was read up to; empty before the first connection.
    position: dict[str, int] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    authenticated: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        person = {"nome": self.name, "email": f"{self.name.lower()}@exemplo.com", "senha": PASSWORD}
        self.token = self.request("POST", "/registro", person)["token"]
        self.account = self.request("GET", "/correntistas")[0]["CorrentistaID"]
        self.client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1)
        self.client.on("conexao", self._greeted)
        self.client.on("autenticado", self._let_in)
        self.client.on("notificacao", self._notified)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=REQUEST_TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def connect(self) -> None:
        """Connect, and return when this person's events come."""
        self.authenticated.clear()
        self.client.connect(self.url, transports=[self.transport])
        self.wait_authenticated()

    def wait_authenticated(self) -> None:
        if not self.authenticated.wait(EVENT_TIMEOUT_S):
            raise TimeoutError(f"{self.name} is not authenticated within {EVENT_TIMEOUT_S:g} s")

    def wait_notice(self, operation: int) -> None:
        def heard() -> bool:
            return any(notice["dados"].get("operacao_id") == operation for notice in self.notices)

        wait_until(heard, EVENT_TIMEOUT_S, f"{self.name} hears of operation {operation}")

    def _greeted(self, greeting: dict[str, str]) -> None:
        self.node = greeting["no"]
        self.client.emit("autenticar", {"token": self.token, **self.position})

    def _let_in(self, answer: dict[str, Any]) -> None:
        self.position = {"ultimo_seq": answer["seq"], "epoca": answer["epoca"], **self.position}
        self.authenticated.set()

    def _notified(self, notice: dict[str, Any]) -> None:
        self.position["ultimo_seq"] = notice["seq"]
        self.notices.append(notice)


def connect_to_two_nodes(first: Person, second: Person) -> None:
    first.connect()
    for _ in range(CONNECTS_MAX):
        second.connect()
        if second.node != first.node:
            return
        second.client.disconnect()
    raise TimeoutError(f"{CONNECTS_MAX} connections all came to {first.node}")


def transfer(giver: Person, taker: Person) -> None:
    """Both must hear of it."""
    order = {"correntista_id_origem": giver.account, "correntista_id_destino": taker.account, "valor": "12.34"}
    operation = giver.request("POST", "/transferencia", order)["operacao_id"]
    for person in (giver, taker):
        person.wait_notice(operation)


def use(shape: Shape) -> None:
    ana = Person(shape.url, "Ana", "polling")
    bia = Person(shape.url, "Bia", "websocket")
    ana.request("POST", "/deposito", {"correntista_id": ana.account, "valor": "100.00"})

    connect_to_two_nodes(ana, bia)
    say(f"Ana is on {ana.node} over polling, Bia on {bia.node} over WebSocket")
    transfer(ana, bia)
    say("both heard of the transfer")

    for lost in (bia, ana):
        old_node = lost.node
        for person in (ana, bia):
            if person.node == old_node:
                person.authenticated.clear()
        shape.kill_node(old_node)
        lost.wait_authenticated()
        say(f"{old_node} was killed; {lost.name} came back on {lost.node}")
        assert lost.node != old_node
        for person in (ana, bia):
            person.wait_authenticated()
        transfer(ana, bia)
    say("both heard of the transfers after that")

    redis = shape.container_of("redis")
    assert redis
    forged = f"/socket.io/?EIO=4&transport=polling&sid={redis}.x"
    assert http_status(shape.port, forged) == 400, "a forged session id must not reach another container"
    assert http_status(shape.port, "/metrics") == 404
    for person in (ana, bia):
        person.client.disconnect()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="saldo-compose-") as workspace:
        shape = Shape(Path(workspace))
        try:
            shape.up()
            use(shape)
        except BaseException:
            shape.show_logs()
            raise
        finally:
            shape.down()
    say("passed")


if __name__ == "__main__":
    main()
