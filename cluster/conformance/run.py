"""Run the official suites, of checkouts of https://github.com/socketio/socket.io and, where it is given, of
https://github.com/miguelgrinberg/python-socketio: `python cluster/conformance/run.py CHECKOUT [PYTHON_SOCKETIO]`.

Each suite of the first is copied into a temporary folder, where npm installs what it needs; nothing of it stays. Their
servers run under gunicorn with this package's worker, as in production. Of the second the tests of a client manager
run with this package's manager (`managers.py`).
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
# Folder of the suite in the checkout, and the application of server.py that it is for.
SUITES = {
    "docs/engine.io-protocol/v4-test-suite": "engine",
    "docs/socket.io-protocol/v5-test-suite": "socketio",
}
MANAGER_TESTS = "tests/common/test_pubsub_manager.py"
PYTEST = (sys.executable, "-m", "pytest", "-p", "managers", "-p", "no:cacheprovider", "-rs")
NPM_CI = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:flask_socketio_cluster.node.gunicorn_conf")
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="a checkout of https://github.com/socketio/socket.io")
    parser.add_argument("python_socketio", type=Path, nargs="?", help="one of miguelgrinberg/python-socketio")
    arguments = parser.parse_args()
    checkout: Path = arguments.checkout
    missing = [suite for suite in SUITES if not (checkout / suite / "test-suite.js").is_file()]
    if missing:
        parser.error(f"{checkout} has no {missing[0]}")
    failed = [suite for suite, app in SUITES.items() if not _passes(checkout / suite, app)]
    if arguments.python_socketio and not _manager_passes(arguments.python_socketio):
        failed.append(MANAGER_TESTS)
    for suite in failed:
        print(f"failed: {suite}", file=sys.stderr)
    return 1 if failed else 0


def _passes(suite: Path, app: str) -> bool:
    with tempfile.TemporaryDirectory() as folder, _server(app) as port:
        copy = Path(folder) / "suite"
        shutil.copytree(suite, copy, ignore=shutil.ignore_patterns("node_modules"))
        tests = copy / "test-suite.js"
        tests.write_text(re.sub(r"http://localhost:3000", f"http://127.0.0.1:{port}", tests.read_text()))
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=copy, check=True
        )
        return subprocess.run(["node_modules/.bin/mocha", "test-suite.js"], cwd=copy).returncode == 0


def _manager_passes(checkout: Path) -> bool:
    env = {**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parent}"}
    return subprocess.run([*PYTEST, MANAGER_TESTS], cwd=checkout, env=env).returncode == 0


@contextmanager
def _server(app: str) -> Iterator[int]:
    port = _free_port()
    command = (
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:flask_socketio_cluster.node.gunicorn_conf",
        f"server:{app}",
    )
    process = subprocess.Popen(command, cwd=HERE, env={**os.environ, "BIND": f"127.0.0.1:{port}"})
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server does not start")


if __name__ == "__main__":
    sys.exit(main())
