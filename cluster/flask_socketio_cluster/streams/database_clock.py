"""The time of the database, by which all processes go: machines whose clocks differ agree on what has expired.

Each new connection tells it, so it is known before anything is read or written; a loop asks again. SQLite's time is
the machine's, and nothing is asked there.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.loops import Loop

EVERY_S = 10.0
RETRY_S = 1.0
# The quickest answer says it best.
ASKED_TIMES = 3
# A machine whose clock is further off than this is in need of care.
OFF_S = 5.0

_NOW = "SELECT UTC_TIMESTAMP(6)"
_SERVERS = ("mysql", "mariadb")
_log = logging.getLogger(__name__)


def told_at_connect(engine: Engine) -> Engine:
    """Every new connection of `engine` tells the time first."""
    if engine.dialect.name not in _SERVERS:
        return engine

    @event.listens_for(engine, "connect")
    def ask(connection: Any, _record: object) -> None:
        def answer() -> datetime:
            with connection.cursor() as cursor:
                cursor.execute(_NOW)
                moment: datetime = cursor.fetchone()[0]
            return moment

        _learn(answer, times=1)

    return engine


def ask(connection: Connection) -> None:
    """Learn the time from an open connection."""
    if connection.dialect.name in _SERVERS:
        _learn(lambda: connection.execute(text(_NOW)).scalar_one(), times=ASKED_TIMES)


def is_off() -> bool:
    return abs(clock.machine_offset_s()) > OFF_S


def _learn(answer: Callable[[], datetime], *, times: int) -> None:
    told = []
    for _ in range(times):
        asked_s = clock.steady_s()
        moment = answer().replace(tzinfo=UTC)
        unsure_s = (clock.steady_s() - asked_s) / 2
        told.append((unsure_s, asked_s + unsure_s, moment.timestamp()))
    unsure_s, at_s, told_s = min(told)
    clock.learn(told_s, at_s=at_s, unsure_s=unsure_s)


class DatabaseClock:
    """Asks the database for the time every EVERY_S, and logs once that the machine's clock is off by more than OFF_S,
    and once that it is right again.

    `read(work)` runs `work(connection)`; `unavailable`: what it raises while the database is away. The time then goes
    on by the machine's steady clock, whatever happens to its time of day.
    """

    def __init__(self, read: Callable[..., Any], *, unavailable: tuple[type[Exception], ...]) -> None:
        self._read = read
        self._was_off = False
        self.loop = Loop("clock", self._turn, every_s=EVERY_S, jitter=0.1, retry_s=RETRY_S, expected=unavailable)

    @property
    def loops(self) -> tuple[Loop, ...]:
        return (self.loop,)

    def _turn(self) -> None:
        try:
            self._read(ask)
        finally:
            self._look()

    def _look(self) -> None:
        offset_s = clock.machine_offset_s()
        metrics.CLOCK_OFFSET.set(offset_s)
        if self._was_off != is_off():
            self._was_off = is_off()
            line = "clock_off" if self._was_off else "clock_right_again"
            _log.warning(line, extra={"offset_s": round(offset_s, 3)})
