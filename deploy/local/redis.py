"""The Redis server of a local run: in memory, on loopback, nothing kept."""

from pathlib import Path

from deploy.local import binaries
from deploy.local.ports import LOOPBACK


def command(port: int, directory: Path) -> list[str]:
    """The command line of a server on `port`.

    Nothing is saved: what Redis holds here is what can be made again from the database.
    Raises binaries.MissingBinary.
    """
    settings = {
        "--bind": LOOPBACK,
        "--port": str(port),
        "--dir": str(directory),
        "--save": "",
        "--appendonly": "no",
        "--loglevel": "warning",
    }
    return [binaries.redis_server(), *(word for pair in settings.items() for word in pair)]


def url(port: int) -> str:
    return f"redis://{LOOPBACK}:{port}/0"
