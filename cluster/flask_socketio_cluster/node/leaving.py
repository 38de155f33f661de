"""Ask a node, from anywhere, to send its clients elsewhere and to end, as by SIGTERM: what watches over it (gunicorn's
master, a supervisor) starts it anew. One node at a time, and never the last one that takes clients."""

import json
import secrets
from dataclasses import dataclass

from flask_socketio_cluster import clock, redis_client
from flask_socketio_cluster.bus.channels import STOCK_CHANNEL, Channels
from flask_socketio_cluster.bus.manager import LEAVE
from flask_socketio_cluster.bus.signing import Keys
from flask_socketio_cluster.errors import ClusterError
from flask_socketio_cluster.node.report import NODE, Reported, Reports

# Until the node that was asked says in its report that it leaves.
CLAIMED_S = 10

_DRAINING = "socketio_cluster_draining"
_DROP = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_KEEP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class NoSuchNode(ClusterError):
    """No node of that name says anything of itself."""


class LastNode(ClusterError):
    """No other node takes clients."""


class OtherLeaves(ClusterError):
    """Another node was asked to leave a moment ago."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to ask this node, which nobody else has meanwhile."""

    node_id: str
    token: str


class Leaving:
    """`keys` and `channel`: as those of the node's `RoutedRedisManager`. First `claim`, then `ask` or `give_up`."""

    def __init__(self, redis_url: str, *, keys: Keys | None = None, channel: str = STOCK_CHANNEL) -> None:
        self._channels = Channels(channel)
        self._client = redis_client.connect(redis_url)
        self._keys = keys
        self._reports = Reports(redis_url, keys=keys, channel=channel)

    def claim(self, node_id: str) -> Claim:
        """For CLAIMED_S. Raises NoSuchNode, LastNode, OtherLeaves, RedisError."""
        claim = Claim(node_id, secrets.token_hex(16))
        if not self._client.set(self._channels.leaving, claim.token, nx=True, ex=CLAIMED_S):
            raise OtherLeaves
        try:
            # Looked at once nobody else can ask, or two nodes could take each other for the one that stays.
            require_others(self._reports.read(), node_id)
        except ClusterError:
            self.give_up(claim)
            raise
        return claim

    def give_up(self, claim: Claim) -> None:
        """Nothing is asked after all. Raises RedisError."""
        self._client.eval(_DROP, 1, self._channels.leaving, claim.token)

    def ask(self, claim: Claim) -> None:
        """Raises OtherLeaves when the claim has run out, RedisError."""
        if not self._client.eval(_KEEP, 1, self._channels.leaving, claim.token, CLAIMED_S):
            raise OtherLeaves
        channel = self._channels.node(claim.node_id).encode()
        body = json.dumps({"method": LEAVE, "at": clock.unix_s()}).encode()
        self._client.publish(channel, self._keys.sign(channel, body) if self._keys else body)


def require_others(reported: list[Reported], node_id: str) -> None:
    """Raises NoSuchNode, LastNode."""
    nodes = [r for r in reported if r.role == NODE and not r.is_gone]
    if all(r.name != node_id for r in nodes):
        raise NoSuchNode
    if all(r.name == node_id or is_leaving(r) for r in nodes):
        raise LastNode


def is_leaving(node: Reported) -> bool:
    return node.value(_DRAINING) > 0
