"""Building a node starts nothing; what `start` starts, `stop` ends."""

import json
import subprocess
import sys

from app.db import Database
from tests.support.cluster import ROOT
from tests.support.servers import RedisServer

SCRIPT = """
from gevent import monkey
monkey.patch_all()
import gc, json, sys
import gevent
from flask_socketio_cluster.node import EXTENSION
from app.factory import create_app
from app.settings import Settings

def running():
    gevent.sleep(0.01)  # those that are ending may end
    return sum(isinstance(o, gevent.Greenlet) and not o.dead for o in gc.get_objects())

counts = []
node = create_app(Settings.from_env()).extensions[EXTENSION]
counts.append(running())
node.start()
node.start()
counts.append(running())
node.stop()
counts.append(running())
print(json.dumps(counts))
"""


def test_building_a_node_starts_nothing_and_stopping_it_leaves_nothing(sqlite: Database, redis: RedisServer) -> None:
    env = {"DATABASE_URL": sqlite.url, "REDIS_URL": redis.url, "JWT_SECRET": "x" * 32, "NODE_ID": "web1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True
    )

    built, started, stopped = json.loads(done.stdout)
    assert built == stopped == 0
    assert started >= 7, "subscriber, canary, sweep, expiry, revocations, waker, heartbeat"
