"""The machine and the versions that a run was made with."""

import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.build import NODE_PEER
from deploy.local import binaries

PYTHON_PACKAGES = (
    "flask-socketio",
    "python-socketio",
    "python-engineio",
    "gevent",
    "gevent-websocket",
    "gunicorn",
)
NODE_PACKAGES = ("socket.io", "@socket.io/redis-adapter", "redis")


def describe(loads: list[float]) -> dict[str, str]:
    """`loads` are load averages taken during the run."""
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gib()} GiB",
        "System": f"{_system()}, Linux {platform.release()}",
        "Python": f"{platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in PYTHON_PACKAGES),
        "Node": ", ".join([_first_line(["node", "--version"]), *map(_node_package, NODE_PACKAGES)]),
        "Redis": _first_line([binaries.redis_server(), "--version"]),
        "Load average during the run": f"{min(loads):.1f} to {max(loads):.1f}, median {median(loads):.1f}",
    }


def raise_file_limit() -> None:
    """As many files as the system lets this process have; its children inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _system() -> str:
    release = platform.freedesktop_os_release()
    return release.get("PRETTY_NAME", "Linux")


def _node_package(name: str) -> str:
    command = ["node", "-p", f"require('./node_modules/{name}/package.json').version"]
    return f"{name} {_first_line(command)}"


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, check=True, cwd=NODE_PEER, capture_output=True, text=True)
    return done.stdout.splitlines()[0]
