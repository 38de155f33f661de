"""Every line of a node's log names the node, whoever wrote it."""

import json
import subprocess
import sys

SCRIPT = """
import gevent
from app import log
log.configure(node_id="web7")
written = log.get("test")
written.warning("here")
gevent.spawn(written.warning, "in a greenlet").get()
gevent.get_hub().threadpool.apply(written.warning, ("in a thread",))
"""


def test_lines_of_greenlets_and_threads_have_the_name_of_the_node() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["node"]) for line in lines] == [
        ("here", "web7"),
        ("in a greenlet", "web7"),
        ("in a thread", "web7"),
    ]
