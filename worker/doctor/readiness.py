"""What `/readyz` of a node says, and what to do about it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
from flask_socketio_cluster.doctor.findings import Finding, fault, ok, warning

TIMEOUT_S = 5.0

_ADVICE = {
    "indisponivel": "see the checks of the database, and the node's log",
    "degradado": "see the checks of Redis; clients are served from the database meanwhile",
    "drenando": "it is being replaced, and ends by itself",
}


def check(url: str) -> Iterator[Finding]:
    subject = f"node {urlsplit(url).netloc}"
    try:
        said = requests.get(f"{url}/readyz", timeout=TIMEOUT_S).json()
        state = str(said["estado"])
    except (requests.RequestException, KeyError, TypeError) as error:
        yield fault(subject, f"/readyz is not answered: {type(error).__name__}", "see that the node runs")
        return
    if state == "pronto":
        yield ok(subject, "it is ready")
    else:
        found = warning if state in ("degradado", "drenando") else fault
        told = ", ".join(f"{name}: {value}" for name, value in said.items() if name not in ("estado", "no"))
        yield found(subject, f"it is {state} ({told})", _ADVICE.get(state, "see the node's log"))
