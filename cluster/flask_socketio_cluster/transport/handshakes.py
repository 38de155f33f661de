"""How fast new sessions may begin: of one address, and on the whole node. In memory, so a refusal costs nothing."""

from flask_socketio_cluster.limits.buckets import LocalBuckets, Tokens
from flask_socketio_cluster.limits.client_limits import ClientLimits


class Handshakes:
    """Each call counts one handshake. `are_too_many` is asked of those that their address may make, so that one address
    does not use up what is for all."""

    def __init__(self, limits: ClientLimits) -> None:
        self._limits = limits
        self._addresses = LocalBuckets()
        self._node = Tokens()

    def is_too_fast(self, address: str) -> bool:
        bucket = self._limits.address_handshakes
        return self._over(bucket.name, self._addresses.take(bucket, address))

    def are_too_many(self) -> bool:
        bucket = self._limits.node_handshakes
        return self._over(bucket.name, self._node.take(bucket))

    def _over(self, name: str, wait_s: float) -> bool:
        if wait_s:
            self._limits.count(name)
        return wait_s > 0 and not self._limits.dry_run
