"""nginx of a local run: the project's templates, rendered into one folder."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from string import Template

from deploy.local import binaries
from deploy.local.ports import LOOPBACK

TEMPLATES = Path(__file__).parents[2] / "nginx"

# Every open WebSocket is two: one to the browser and one to its node.
CONNECTIONS_MAX = 16_384
# Kept open to each group of nodes, for each nginx process.
IDLE_CONNECTIONS_MAX = 64
NOBODY = "255.255.255.255"


def command(directory: Path) -> list[str]:
    """The command line of an nginx on what `configure` wrote. Raises binaries.MissingBinary."""
    # -e: until the configuration is read, errors would go to a file that only root may write.
    return [binaries.nginx(), "-p", str(directory), "-e", "stderr", "-c", str(directory / "nginx.conf")]


def configure(
    directory: Path,
    *,
    host: str,
    port: int,
    nodes: Mapping[str, int],
    trusted_proxy: str = NOBODY,
    limits_dry_run: bool = False,
) -> None:
    """Write the configuration of an nginx on `host`:`port` in front of `nodes` (name → port on loopback).

    `trusted_proxy`: the address of a proxy in front whose word of the client's address and scheme counts.
    `limits_dry_run`: limits by address are only looked at.
    """
    directory.mkdir(parents=True, exist_ok=True)
    access_log = directory / "access.log"
    access_log.write_bytes(b"")
    values = {
        "NGINX_LISTEN": f"{host}:{port}",
        "NGINX_ACCESS_LOG": str(access_log),
        "NGINX_UPSTREAMS": _upstreams(nodes),
        "NGINX_WEB": "web",
        "NGINX_HANDSHAKES": "handshakes",
        "NGINX_NODE_PATTERN": "|".join(nodes),
        "NGINX_NODE_PORT": "",
        "NGINX_LOCAL_RESOLVERS": LOOPBACK,
        # A pattern that no file matches is no error.
        "NGINX_TLS": str(directory / "tls*.conf"),
        "NGINX_TRUSTED_PROXY": trusted_proxy,
        "NGINX_LIMITS_DRY_RUN": "on" if limits_dry_run else "off",
        # Started by root, its processes would become `nobody`, who may not enter the folder.
        "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
        "NGINX_DIRECTORY": str(directory),
        "NGINX_CONNECTIONS": str(_connections()),
    }
    for name in ("nginx.conf", "saldo-vivo.conf"):
        # Like envsubst: what is no name of ours is nginx's own variable.
        text = Template((TEMPLATES / f"{name}.template").read_text()).safe_substitute(values)
        (directory / name).write_text(text)


def _upstreams(nodes: Mapping[str, int]) -> str:
    every = list(nodes.values())
    groups = {"web": every, "handshakes": every, **{name: [port] for name, port in nodes.items()}}
    # A new session goes to the node that has the fewest: an open WebSocket counts for as long as it is open.
    return "\n".join(_upstream(name, ports, least=name == "handshakes") for name, ports in groups.items())


def _upstream(name: str, ports: list[int], *, least: bool) -> str:
    # The zone makes nginx's processes share the count of who is next. No node is ever marked as dead: nginx would also
    # count an answer that is slow. One that is dead refuses the connection, and the request goes to the next.
    servers = "".join(f"    server {LOOPBACK}:{port} max_fails=0;\n" for port in ports)
    choice = "    least_conn;\n" if least else ""
    return f"upstream {name} {{\n    zone {name} 64k;\n{choice}{servers}    keepalive {IDLE_CONNECTIONS_MAX};\n}}\n"


def _connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if soft == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, soft)
