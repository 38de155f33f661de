"""What each node says of itself behind the proxy's back, in its metrics."""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from flask_socketio_cluster.doctor.findings import Finding, fault, ok, warning

TIMEOUT_S = 5.0
OPEN_FILES_MIN = 4_096
CANARY_S_MAX = 5.0
_FILES_MAX, _FILES = "process_max_fds", "process_open_fds"
_CANARY = "socketio_cluster_canary_age_seconds"


def check(url: str) -> Iterator[Finding]:
    """`url`: of the node itself."""
    subject = f"node {urlsplit(url).netloc}"
    try:
        figures = _figures(_metrics(url))
    except (OSError, ValueError, http.client.HTTPException) as error:
        yield fault(subject, f"it does not answer: {error}", "see that it runs and what its log says")
        return
    yield from _files(subject, figures)
    yield from _canary(subject, figures)


def _files(subject: str, figures: dict[str, float]) -> Iterator[Finding]:
    most, used = figures.get(_FILES_MAX, 0.0), figures.get(_FILES, 0.0)
    if 0 < most < OPEN_FILES_MIN:
        yield warning(
            subject,
            f"it may open {most:.0f} files, {used:.0f} are open: so few sockets fit",
            "raise the limit (ulimit -n, LimitNOFILE, ulimits in compose) to 65536",
        )
    elif most:
        yield ok(subject, f"{used:.0f} of {most:.0f} files are open")


def _canary(subject: str, figures: dict[str, float]) -> Iterator[Finding]:
    age_s = figures.get(_CANARY)
    if age_s is None:
        yield fault(subject, "it has no canary: no node of this package", "see what answers at this address")
    elif age_s > CANARY_S_MAX:
        yield fault(
            subject,
            f"it has not heard itself through Redis for {age_s:.0f} s",
            "see the checks of Redis; until then its clients get events from the database, later",
        )
    else:
        yield ok(subject, f"it heard itself through Redis {age_s:.1f} s ago")


def _figures(text: str) -> dict[str, float]:
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }


def _metrics(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"{url!r} is not an address such as http://10.0.0.5:8000")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"/metrics is answered by {answer.status}; is this the proxy?")
    return text
