"""The panel for the administrators that watch it on this node. Nobody watching, nothing is done."""

import time
from typing import Any

from flask_socketio_cluster.delivery.delivery import Delivery
from flask_socketio_cluster.delivery.sockets import UserSocket
from flask_socketio_cluster.loops import Loop
from flask_socketio_cluster.node.report import EVERY_S, Reported, Reports
from redis.exceptions import RedisError

from app import clock, wire
from app.db import Database
from app.errors import DatabaseDown
from app.panel import payloads
from app.panel.figures import panel
from app.users import administrators
from app.users.auth import Identity

IDLE_S = 3600.0
# Of a core; where there is much to read, it is read less often. With what is not counted it stays below twice that.
SHARE_MAX = 0.005


class PanelFeed:
    """Who watches is known to this node alone: a room of the bus has a name, under which others could speak in it."""

    def __init__(self, db: Database, reports: Reports) -> None:
        self._db = db
        self._reports = reports
        self._delivery: Delivery | None = None
        self._room: dict[UserSocket, int] = {}
        self._before: tuple[list[Reported], float] | None = None
        self.loop = Loop("panel", self._turn, every_s=EVERY_S, retry_s=EVERY_S, expected=(RedisError, DatabaseDown))

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def serve(self, delivery: Delivery) -> None:
        self._delivery = delivery
        delivery.serve(wire.PAINEL_ACOMPANHAR, self._enter)
        delivery.serve(wire.PAINEL_SAIR, self._leave)

    def _enter(self, socket: UserSocket, who: Identity, _data: dict[str, Any]) -> wire.PainelAcompanhado:
        """Raises NotFound."""
        self._db.read(administrators.require, who.user_id)
        self._room[socket] = who.user_id
        if len(self._room) == 1:
            self.loop.wake()
        return {"ok": True}

    def _leave(self, socket: UserSocket, _who: Identity, _data: dict[str, Any]) -> wire.PainelAcompanhado:
        self._room.pop(socket, None)
        return {"ok": True}

    def _turn(self) -> float:
        """Returns the seconds until the next. Raises RedisError, and DatabaseDown: who cannot be asked for is told
        nothing."""
        self._keep_administrators()
        if not self._room:
            self._before = None
            return IDLE_S
        fetched, now_s = self._reports.fetch(), clock.monotonic_s()
        began_s = time.thread_time()
        now = self._reports.opened(fetched)
        self._tell(now, now_s)
        self._before = now, now_s
        return max(EVERY_S, (time.thread_time() - began_s) / SHARE_MAX)

    def _keep_administrators(self) -> None:
        asked = dict(self._room)
        allowed = self._db.read(administrators.among, set(asked.values())) if asked else set()
        for socket, user_id in asked.items():
            if user_id not in allowed:
                self._room.pop(socket, None)

    def _tell(self, now: list[Reported], now_s: float) -> None:
        assert self._delivery
        before, before_s = self._before or ([], None)
        seen = panel(now, before, None if before_s is None else now_s - before_s)
        heard = set(self._delivery.say_to(self._room, wire.PAINEL, payloads.panel(seen)))
        self._room = {socket: user_id for socket, user_id in self._room.items() if socket in heard}
