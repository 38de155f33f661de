"""One heartbeat for all Engine.IO sessions of a node, in place of a greenlet for each."""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

import gevent
from engineio.server import Server as EngineServer

from flask_socketio_cluster import clock, metrics
from flask_socketio_cluster.loops import Loop

if TYPE_CHECKING:
    from flask_socketio_cluster.transport.session import EngineSession

EVERY_S = 1.0
# The shortest pause between two turns, as a share of the ping interval.
PAUSE_SHARE = 0.05
PINGS_PER_TURN = 64


class Heartbeat:
    """Pings every session and ends those that do not answer, or do not enter; one greenlet for the node. Each queue is
    in the order of time, since its wait is the same for all. They know sessions by their ids, so that one that has gone
    is not kept for as long as its next ping would have been due.

    `is_inside(eio_sid)`: whether a session is in any namespace. The server may have put it out of the last one."""

    def __init__(self, server: EngineServer, *, enter_within_s: float, is_inside: Callable[[str], bool]) -> None:
        self._server = server
        self._is_inside = is_inside
        self._enter_within_s = enter_within_s
        self._to_enter: deque[tuple[float, str]] = deque()
        self._to_ping: deque[tuple[float, str]] = deque()
        # When an answer is due, of whom, and to the ping of when.
        self._to_answer: deque[tuple[float, str, float]] = deque()
        # When the next turn comes, by the monotonic clock.
        self._turn_at_s = 0.0
        # Few turns with long intervals, exact ones with short.
        self._pause_s_min: float = min(EVERY_S, server.ping_interval * PAUSE_SHARE)
        self.loop = Loop("heartbeat", self._turn, every_s=EVERY_S, retry_s=EVERY_S)

    def began(self, session: "EngineSession") -> None:
        """It has to enter a namespace in time. Again after it has left: that costs nothing more."""
        session.enter_by_s = clock.monotonic_s() + self._enter_within_s
        if not session.awaited:
            session.awaited = True
            self._to_enter.append((session.enter_by_s, session.sid))
            self._look_by(session.enter_by_s)

    def answered(self, session: "EngineSession") -> None:
        due_s = clock.monotonic_s() + self._server.ping_interval
        self._to_ping.append((due_s, session.sid))
        self._look_by(due_s)

    def ended(self, session: "EngineSession") -> None:
        self._to_answer.append((clock.monotonic_s() + self._server.ping_timeout, session.sid, 0))

    def _look_by(self, due_s: float) -> None:
        """Only where intervals are shorter than the longest pause, the next turn may be too late."""
        if due_s < self._turn_at_s:
            self._turn_at_s = due_s
            self.loop.wake()

    def _turn(self) -> float:
        """Returns the seconds until the next turn."""
        self.once()
        queues: tuple[deque[Any], ...] = (self._to_enter, self._to_ping, self._to_answer)
        due_s: float = min((queue[0][0] for queue in queues if queue), default=inf)
        now_s = clock.monotonic_s()
        pause_s = min(EVERY_S, max(self._pause_s_min, due_s - now_s))
        self._turn_at_s = now_s + pause_s
        return pause_s

    def once(self) -> None:
        """Everything that is due by now."""
        now_s = clock.monotonic_s()
        sessions = self._server.sockets
        while self._to_enter and self._to_enter[0][0] <= now_s:
            _, sid = self._to_enter.popleft()
            if session := sessions.get(sid):
                self._look_for_entry(session, now_s)
        while self._to_answer and self._to_answer[0][0] <= now_s:
            _, sid, asked_s = self._to_answer.popleft()
            session = sessions.get(sid)
            if session is None:
                continue
            if session.closed:
                del sessions[sid]
            elif session.last_ping == asked_s:
                gevent.spawn(session.close, wait=False, reason=self._server.reason.PING_TIMEOUT)
        done = 0
        while self._to_ping and self._to_ping[0][0] <= now_s:
            _, sid = self._to_ping.popleft()
            session = sessions.get(sid)
            if session is None or session.closed:
                continue
            if session.entered and not self._is_inside(sid):
                self.began(session)
            session.last_ping = now_s
            session.ping()
            self._to_answer.append((now_s + self._server.ping_timeout, sid, now_s))
            done += 1
            if done % PINGS_PER_TURN == 0:
                gevent.sleep(0)

    def _look_for_entry(self, session: "EngineSession", now_s: float) -> None:
        session.awaited = False
        if session.closed or (session.entered and self._is_inside(session.sid)):
            return
        if session.enter_by_s > now_s:
            self.began(session)  # it was in one meanwhile
        else:
            metrics.SESSIONS_ENDED.labels("unauthenticated").inc()
            gevent.spawn(session.close, wait=False)
