"""What the nodes keep in Redis of who is online: a lease for each node, and under it the node's sockets.

A socket is alive while the lease of its node is. A node that died loses its lease, and any other node then takes its
sockets out. A node of which Redis lost something begins anew, as another generation of itself with a lease of its own,
and what is left of the former one ends as that of a dead node does. Nothing is counted, so nothing can be counted
twice. Needs Redis 6.2 or newer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

from flask_socketio_cluster import redis_client
from flask_socketio_cluster.bus.channels import Channels
from flask_socketio_cluster.streams.stream import Key
from flask_socketio_cluster.wire import DECODER, dumps

# A node that says nothing for so long has gone.
LEASE_S = 6.0
# A person who came or went is looked at again after so long, so that a reload tells nobody anything.
GRACE_S = 3.0
# When no node said anything for so long, it was Redis that was away, and every lease begins anew.
SILENT_S = 3.0
# After Redis lost everything: how long nodes have to say what it knew, before anything counts as a change.
RESTORE_S = 5.0
# A change that a node took and did not say to have told is given to another one.
RETRY_S = 5.0
CHANGES_MAX = 500
# Sockets of a dead node that one beat takes out.
SWEPT_MAX = 2000
LISTED_MAX = 1000
ANSWER_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """A person came online or went. Of two changes of one person the one with the higher `version` is the newer."""

    key: Key
    online: bool
    version: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Who of those that were asked for is online. Changes of a higher version than `version` are newer than it."""

    online: frozenset[Key]
    version: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_known`: Redis has all that this node said. `restoring_s`: so long nodes still give back what Redis lost."""

    is_known: bool
    restoring_s: float
    changes: list[Change]


class Leases:
    """The leases of the nodes that share `channel`. One call of a method is one round trip. All raise RedisError."""

    def __init__(self, redis_url: str, channel: str) -> None:
        client: Any = redis_client.connect(redis_url, answer_timeout_s=ANSWER_TIMEOUT_S)
        self._client = client
        self._prefix = Channels(channel).presence
        self._beat, self._listing = (_script(name) for name in ("beat.lua", "listing.lua"))

    def beat(
        self,
        generation: str,
        number: int,
        *,
        entered: Mapping[str, Key],
        left: Iterable[str],
        told: Iterable[Change],
        again: bool,
        changes_max: int,
    ) -> Answer:
        """Renew the lease of a node's `generation` and say what its sockets did; the changes that are to be told now.

        `number` begins with 1 and grows by one for each beat that was answered; without an answer it is said again.
        `again`: those who entered were there before Redis lost them. `told`: the changes that this node has told.
        """
        said = {
            "entered": [(sid, dumps(key)) for sid, key in entered.items()],
            "left": list(left),
            "told": [_line(change) for change in told],
            "again": again,
        }
        times_ms = (int(1000 * s) for s in (LEASE_S, GRACE_S, SILENT_S, RESTORE_S, RETRY_S))
        answer = self._client.eval(
            self._beat, 1, self._prefix, generation, number, dumps(said), *times_ms, changes_max, SWEPT_MAX
        )
        known, restoring_ms, lines = cast(tuple[int, int, list[bytes]], answer)
        return Answer(known == 1, restoring_ms / 1000, [_change(line.decode()) for line in lines])

    def listing(self, keys: Sequence[Key]) -> Listing:
        """Who of these, LISTED_MAX at the most, is online."""
        assert len(keys) <= LISTED_MAX
        if not keys:
            return Listing(frozenset(), 0)
        version, members = self._client.eval(self._listing, 1, self._prefix, *map(dumps, keys))
        return Listing(
            frozenset(key for key, is_member in zip(keys, members, strict=True) if is_member), int(version or 0)
        )


def _script(name: str) -> str:
    return files(__package__).joinpath(name).read_text()


def _line(change: Change) -> str:
    return f"{change.version}:{change.online:d}:{dumps(change.key)}"


def _change(line: str) -> Change:
    version, online, key = line.split(":", 2)
    return Change(DECODER.decode(key), online == "1", int(version))
