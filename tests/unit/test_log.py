"""Every line of a node's log is JSON and names the node, whoever wrote it."""

import json
import subprocess
import sys

SCRIPT = """
import logging
import gevent
from app import log
log.configure(node_id="web7")
written = log.get("test")
written.warning("here")
gevent.spawn(written.warning, "in a greenlet").get()
gevent.get_hub().threadpool.apply(written.warning, ("in a thread",))
logging.getLogger("x").warning("from %s\\nin two lines", "a library")
try:
    {}["nothing"]
except KeyError:
    logging.getLogger("x").exception("with its cause")
gevent.spawn(lambda secret: 1 / 0, "segredo").join()
"""
TRACED = """
import logging
from flask_socketio_cluster import trace
from app import log
log.configure(node_id="web7")
events = logging.getLogger("flask_socketio_cluster.events")
trace.begin("0123456789abcdef0123456789abcdef")
log.get("test").warning("ours")
logging.getLogger("x").warning("a library's")
logging.getLogger("x").warning("of another request", extra={"trace": "another"})
events.info("not asked for")
trace.end()
log.get("test").warning("after it")
log.configure(node_id="web7", events=True)
events.info("asked for")
"""


def test_every_line_is_json_with_the_name_of_the_node() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["node"]) for line in lines] == [
        ("here", "web7"),
        ("in a greenlet", "web7"),
        ("in a thread", "web7"),
        ("from a library\nin two lines", "web7"),
        ("with its cause", "web7"),
        ("greenlet_failed", "web7"),
    ]
    *_, library, cause, failed = lines
    assert (library["subject"], library["level"], library["timestamp"][-1]) == ("x", "warning", "Z")
    assert cause["exception"].endswith("KeyError: 'nothing'")
    assert failed["exception"].endswith("ZeroDivisionError: division by zero")
    assert "segredo" not in done.stderr, "what a greenlet was called with"


def test_every_line_of_a_request_has_its_id_and_events_are_logged_where_they_are_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, check=True, timeout=60)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    own = "0123456789abcdef" * 2
    assert [(line["event"], line.get("trace")) for line in lines] == [
        ("ours", own),
        ("a library's", own),
        ("of another request", "another"),
        ("after it", None),
        ("asked for", None),
    ]
