"""How many statements may be written as files at once: one a user on all nodes together, few on each node."""

import secrets
from contextlib import suppress
from threading import Lock

from flask_socketio_cluster import redis_client
from redis.exceptions import RedisError

from app import clock, redis_keys
from app.errors import FileUnderWay, TooManyFiles

FILES_PER_NODE_MAX = 4
# A node that dies leaves its user's lease; it is kept from page to page, so this is long.
LEASE_S = 30
LEASE_KEPT_EVERY_S = 5
RETRY_AFTER_S = 5

# Only the holder keeps or ends a lease: one that lapsed may be somebody else's by now.
_KEEP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end"
_END = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class FileSlots:
    """While Redis is away a user is counted on each node by itself."""

    def __init__(
        self,
        redis_url: str,
        *,
        connect_timeout_s: float = redis_client.CONNECT_TIMEOUT_S,
        answer_timeout_s: float = redis_client.ANSWER_TIMEOUT_S,
    ) -> None:
        self._redis = redis_client.connect(
            redis_url, connect_timeout_s=connect_timeout_s, answer_timeout_s=answer_timeout_s
        )
        self._lock = Lock()
        self._users: set[int] = set()

    def take(self, user_id: int) -> "Slot":
        """A slot for one file, to be freed. Raises FileUnderWay or TooManyFiles, at once."""
        with self._lock:
            if user_id in self._users:
                raise FileUnderWay(retry_after_s=RETRY_AFTER_S)
            if len(self._users) >= FILES_PER_NODE_MAX:
                raise TooManyFiles(retry_after_s=RETRY_AFTER_S)
            self._users.add(user_id)
        slot = Slot(self, user_id)
        if not self._lease(user_id, slot.token):
            self._forget(user_id)
            raise FileUnderWay(retry_after_s=RETRY_AFTER_S)
        return slot

    def _lease(self, user_id: int, token: str) -> bool:
        try:
            return bool(self._redis.set(redis_keys.file_lease(user_id), token, nx=True, ex=LEASE_S))
        except RedisError:
            return True

    def keep(self, user_id: int, token: str) -> None:
        with suppress(RedisError):
            self._redis.eval(_KEEP, 1, redis_keys.file_lease(user_id), token, LEASE_S)

    def free(self, user_id: int, token: str) -> None:
        self._forget(user_id)
        with suppress(RedisError):
            self._redis.eval(_END, 1, redis_keys.file_lease(user_id), token)

    def _forget(self, user_id: int) -> None:
        with self._lock:
            self._users.discard(user_id)


class Slot:
    """The right to write one file. `keep` it while writing, `free` it once or more."""

    def __init__(self, slots: FileSlots, user_id: int) -> None:
        self.token = secrets.token_hex(8)
        self._slots, self._user_id = slots, user_id
        self._kept_s = clock.monotonic_s()
        self._freed = False

    def keep(self) -> None:
        now_s = clock.monotonic_s()
        if now_s - self._kept_s >= LEASE_KEPT_EVERY_S:
            self._kept_s = now_s
            self._slots.keep(self._user_id, self.token)

    def free(self) -> None:
        if not self._freed:
            self._freed = True
            self._slots.free(self._user_id, self.token)
