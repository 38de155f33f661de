"""Who a socket belongs to, and which sessions of a user were ended."""

from dataclasses import dataclass
from typing import Protocol

from flask_socketio_cluster.streams.stream import Key


class Identity(Protocol):
    """What this package needs to know of a token's user; an application's own class may say more.

    `key` names the user's stream. `expires_at` in unix seconds. `session_id` names the login that the token comes
    from; `generation` is a number that an application raises to end all of a user's earlier logins. An application
    that never ends sessions gives "" and 0.
    """

    @property
    def key(self) -> Key: ...
    @property
    def session_id(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def expires_at(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """One session, or, without a `session_id`, all of a user's sessions of a generation below `generation` but for
    `kept_session_id`."""

    key: Key
    session_id: str | None
    generation: int | None
    kept_session_id: str | None = None

    def covers(self, identity: Identity) -> bool:
        if self.key != identity.key:
            return False
        if self.session_id:
            return self.session_id == identity.session_id
        return identity.generation < (self.generation or 0) and identity.session_id != self.kept_session_id
