"""Whether gevent patches the standard library before anything that uses it is imported.

What was imported before keeps sockets and locks that stand still with the whole process.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from flask_socketio_cluster.doctor.findings import Finding, fault, ok, unknown

# Of what a web node uses: names that must not be imported while the standard library is not patched yet.
_USERS = ("flask", "flask_socketio", "socketio", "engineio", "redis", "requests", "urllib3", "sqlalchemy", "pymysql")
_WORKER_CLASS = "flask_socketio_cluster.node.worker.NodeWorker"
ASK_TIMEOUT_S = 30.0

# Loads what gunicorn does before its worker patches: the configuration file and the worker's class.
_ASK = """
import json, runpy, sys
settings = runpy.run_path(sys.argv[1])
from gunicorn.util import load_class
load_class(settings.get("worker_class", "sync"))
early = [name for name in json.loads(sys.stdin.read()) if name in sys.modules]
print(json.dumps([str(settings.get("worker_class")), bool(settings.get("preload_app")), early]))
"""


def check(gunicorn_conf: str) -> Iterator[Finding]:
    """Of a web node that gunicorn starts with this configuration file."""
    subject = "patching order"
    try:
        worker_class, preload, early = _ask(gunicorn_conf)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", None) or str(error)
        yield unknown(subject, f"gunicorn's beginning could not be tried: {why.strip().splitlines()[-1]}")
        return
    found = []
    if worker_class != _WORKER_CLASS:
        found.append(fault(subject, f"the worker class is {worker_class}", f"worker_class = {_WORKER_CLASS!r}"))
    if preload:
        found.append(fault(subject, "gunicorn loads the application before it patches", "remove preload_app"))
    if early:
        found.append(
            fault(
                subject,
                f"imported before gevent patches: {', '.join(early)}",
                f"keep these imports out of {gunicorn_conf}",
            )
        )
    yield from found or [ok(subject, "gevent patches before anything that uses sockets or locks is imported")]


def _ask(gunicorn_conf: str) -> Any:
    done = subprocess.run(  # noqa: S603  # this Python, with a file that the operator names
        [sys.executable, "-c", _ASK, gunicorn_conf],
        input=json.dumps(_USERS),
        capture_output=True,
        text=True,
        timeout=ASK_TIMEOUT_S,
        check=True,
    )
    return json.loads(done.stdout)
