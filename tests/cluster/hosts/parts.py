"""The bank's own parts, each on its host, started as deploy/systemd starts them."""

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.readiness import http_status
from tests.cluster.hosts.network import INSIDE, OUTSIDE, Hosts, address
from tests.support.cluster import ROOT, Cluster
from tests.support.hosts import nginx_example
from tests.support.servers import DatabaseServer, RedisServer, Server, started

NGINX_PORT = 8080
NODE_PORTS = (8001, 8002)


class Part(Server):
    """A process of ours. `path`: what it answers over HTTP at `host`:`port` with 200; None when it answers nothing."""

    def __init__(
        self,
        directory: Path,
        command: list[str],
        env: Mapping[str, str],
        *,
        host: str,
        path: str | None,
        within: list[str],
    ) -> None:
        directory.mkdir()
        super().__init__(directory, host=host, within=[*within, "env", *(f"{key}={env[key]}" for key in env)])
        self._words = command
        self._path = path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """By SIGTERM, so that what it has started goes too."""
        if self.is_running:
            self.terminate()

    def _command(self) -> list[str]:
        return self._words

    def _answers(self) -> bool:
        return self._path is None or http_status(self.port, self._path, self.host) == 200


@dataclass
class HostsCluster(Cluster):
    """What the people and the auditor ask of a cluster."""

    hosts: Hosts = field(kw_only=True)
    # Where nginx is, and each web node.
    front: str = field(kw_only=True)
    web: dict[str, Part] = field(kw_only=True)
    state: dict[str, Any] = field(kw_only=True)

    def _state(self) -> dict[str, Any]:
        return self.state


@contextmanager
def stores(hosts: Hosts, folder: Path) -> Iterator[tuple[DatabaseServer, RedisServer]]:
    """MariaDB and Redis on their host."""
    for name in ("mariadb", "redis"):
        (folder / name).mkdir()
    where, within = address("stores", INSIDE), hosts.on("stores")
    mariadb = DatabaseServer(folder / "mariadb", host=where, within=within)
    redis = RedisServer(folder / "redis", host=where, within=within)
    with started(mariadb), started(redis):
        yield mariadb, redis


@contextmanager
def bank(hosts: Hosts, folder: Path, *, database_url: str, redis_url: str) -> Iterator[HostsCluster]:
    """A worker beside the stores, two nodes on each of `a` and `b`, and nginx in front of them."""
    env = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": secrets.token_urlsafe(48),
        "BUS_KEYS": secrets.token_urlsafe(48),
        "DRAIN_S": "0",
    }
    parts = {"worker1": _worker(hosts, folder, env)}
    for host in ("a", "b"):
        for port in NODE_PORTS:
            parts[f"{host}-{port}"] = _web(hosts, folder, env, host, port)
    nodes = {name: part for name, part in parts.items() if name != "worker1"}
    parts["nginx"] = _nginx(hosts, folder, {name: f"{part.host}:{part.port}" for name, part in nodes.items()})
    with ExitStack() as stack:
        for part in parts.values():
            stack.enter_context(started(part))
        processes = [{"name": name, "pid": part.pid, "port": part.port} for name, part in parts.items()]
        state = {
            "url": parts["nginx"].url,
            "database_url": database_url,
            "redis_url": redis_url,
            "processes": processes,
        }
        yield HostsCluster(
            run_dir=folder,
            http_port=NGINX_PORT,
            hosts=hosts,
            front=address("front", OUTSIDE),
            web=nodes,
            state=state,
        )


def _worker(hosts: Hosts, folder: Path, env: Mapping[str, str]) -> Part:
    command = [sys.executable, "-m", "worker", "run"]
    env = {**env, "NODE_ID": "worker1"}
    return Part(folder / "worker1", command, env, host="", path=None, within=hosts.on("stores"))


def _web(hosts: Hosts, folder: Path, env: Mapping[str, str], host: str, port: int) -> Part:
    where, name = address(host, OUTSIDE), f"{host}-{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    command = [*gunicorn, "--bind", f"{where}:{port}", "app.wsgi:app"]
    env = {**env, "NODE_ID": name}
    node = Part(folder / name, command, env, host=where, path="/readyz", within=hosts.on(host))
    node.port = port
    return node


def _nginx(hosts: Hosts, folder: Path, nodes: Mapping[str, str]) -> Part:
    """As the operator's file has it, with these addresses."""
    directory = folder / "nginx"
    env = {
        **nginx_example(),
        "NGINX_NODES": " ".join(f"{name}={where}" for name, where in nodes.items()),
        "NGINX_LISTEN": f"{address('front', OUTSIDE)}:{NGINX_PORT}",
        "NGINX_ACCESS_LOG": str(directory / "access.log"),
        "NGINX_USER": "user root;",
        "NGINX_DIRECTORY": str(directory),
    }
    command = ["sh", str(ROOT / "nginx/entrypoint.sh")]
    where = address("front", OUTSIDE)
    nginx = Part(directory, command, env, host=where, path="/healthz", within=hosts.on("front"))
    nginx.port = NGINX_PORT
    return nginx
