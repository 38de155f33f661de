"""Emits to one socket from anywhere, and what its client answers: across nodes, and from a script that listens."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import socketio

from tests.support.cluster import ROOT, Cluster
from tests.support.people import Person

SCRIPT_TIMEOUT_S = 60
# Another node of the cluster, without clients; or a stock script, which has to listen for the answers. Either begins
# once Redis says that it hears the shared channel.
ELSEWHERE = """
from gevent import monkey
monkey.patch_all()
import json, sys
import gevent, socketio
from gevent.event import AsyncResult
from redis import Redis

url, key, kind, how, sid, event = sys.argv[1:]
if kind == "node":
    from flask_socketio_cluster.bus.manager import RoutedRedisManager
    from flask_socketio_cluster.bus.signing import Keys
    manager = RoutedRedisManager(url, node_id="web9", keys=Keys([key.encode()]))
else:
    manager = socketio.RedisManager(url, channel="flask-socketio")
server = socketio.Server(client_manager=manager, async_mode="gevent")
redis = Redis.from_url(url)
listeners = lambda: redis.pubsub_numsub("flask-socketio")[0][1]
before = listeners()
server.manager_initialized = True
manager.initialize()
with gevent.Timeout(20):
    while listeners() == before:
        gevent.sleep(0.01)
answer = AsyncResult()
server.emit(event, {"n": 1}, to=sid)
if how == "call":
    answer.set(server.call(event, {"n": 2}, to=sid, timeout=20))
else:
    server.emit(event, {"n": 2}, to=sid, callback=lambda *args: answer.set(list(args)))
print(json.dumps(answer.get(timeout=20)))
"""


class Client:
    """A stock client on web1 that answers."""

    def __init__(self, alice: Person, node_url: str, transport: str) -> None:
        self.heard: list[Any] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("pergunta", self._answer)
        self.client.connect(node_url, transports=[transport], auth={"token": alice.token}, wait_timeout=10)
        self.sid = str(self.client.get_sid())

    def _answer(self, payload: Any) -> tuple[str, int]:
        self.heard.append(payload)
        return "resposta", 2


def elsewhere(cluster: Cluster, kind: str, how: str, sid: str) -> Any:
    command = [sys.executable, "-c", ELSEWHERE, cluster.redis(), cluster.bus_key(), kind, how, sid, "pergunta"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, text=True, timeout=SCRIPT_TIMEOUT_S, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("kind", "how", "transport"),
    [
        ("node", "callback", "websocket"),
        ("node", "call", "polling"),
        ("script", "callback", "polling"),
        ("script", "call", "websocket"),
    ],
)
def test_what_is_for_a_sid_on_another_node_arrives_there_once_and_its_answer_comes_back(
    cluster: Cluster, alice: Person, kind: str, how: str, transport: str
) -> None:
    client = Client(alice, cluster.node_url("web1"), transport)
    try:
        assert elsewhere(cluster, kind, how, client.sid) == ["resposta", 2]
    finally:
        client.client.disconnect()

    assert client.heard == [{"n": 1}, {"n": 2}]
