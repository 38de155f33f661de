"""Starts parts, prints what they say, starts again what dies, and leaves nothing behind.

One thread and one loop: children are tied to the thread that started them (see spawn.py), and a single loop
needs no locks.
"""

import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Self

from deploy.local.console import Console
from deploy.local.processes import Life, Part, describe_end

PAUSE_FIRST_S = 0.2
PAUSE_MAX_S = 10.0
# A part that lived for so long died of something new.
SETTLED_S = 10.0
TICK_S = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WAKE_BYTES_MAX = 4096


class StopAsked(Exception):
    """Somebody asked for the end while the launcher was still starting."""


class PartFailed(Exception):
    """A part ended, or was too slow, while the cluster was being started; the text says which."""


class Supervisor:
    """A context manager: at its end no process is left, whatever happened inside."""

    def __init__(self, console: Console, on_restart: Callable[[], None]) -> None:
        """`on_restart` is called whenever a part was started again."""
        self._console = console
        self._on_restart = on_restart
        self._lives: dict[str, Life] = {}
        self._known: dict[str, tuple[int, int | None]] = {}
        self._pauses_s: dict[str, float] = {}
        self._due: dict[str, tuple[float, Part]] = {}
        self._stop_asked = False
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()

    def __enter__(self) -> Self:
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        # The numbers of arriving signals come through the socket; the handlers themselves have nothing to do.
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        for number in STOP_SIGNALS:
            # Under nohup the end of the terminal is no reason to stop.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _nothing)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._lives):
            self._finish(name)
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def start(self, part: Part) -> None:
        """Start `part` and return at once."""
        life = Life(part)
        self._lives[part.name] = life
        self._known[part.name] = (life.pid, part.port)
        self._selector.register(life.output, selectors.EVENT_READ, life)

    def processes(self) -> dict[str, tuple[int, int | None]]:
        """Name → (process id, port) of each part; of its last life while it waits to be started again."""
        return dict(self._known)

    def wait_ready(self, parts: Iterable[Part], timeout_s: float) -> None:
        """Return when all of `parts`, started before, are ready. Raises PartFailed, StopAsked."""
        waiting = list(parts)
        deadline = time.monotonic() + timeout_s
        while waiting := [part for part in waiting if not part.ready()]:
            self._tick(TICK_S)
            self._check_start(deadline, waiting[0].name)

    def wait_done(self, name: str, timeout_s: float) -> None:
        """Return when the command `name`, started before, has done its work. Raises PartFailed, StopAsked."""
        deadline = time.monotonic() + timeout_s
        while not self._lives[name].has_ended():
            self._tick(TICK_S)
            self._check_start(deadline, name, but=name)
        status = self._finish(name)
        del self._known[name]
        if status != 0:
            raise PartFailed(f"{name} {describe_end(status)}; its own lines above say why")

    def supervise(self) -> None:
        """Keep every part alive until SIGINT, SIGTERM or SIGHUP."""
        while not self._stop_asked:
            next_due = min((due for due, _ in self._due.values()), default=None)
            self._tick(None if next_due is None else max(0.0, next_due - time.monotonic()))
            self._schedule_the_dead()
            self._start_the_due()

    def stop(self, names: Iterable[str], timeout_s: float) -> None:
        """Ask the parts to stop, all at once; after `timeout_s` seconds kill what is left of them."""
        leaving = list(names)
        for name in leaving:
            self._due.pop(name, None)
            if name in self._lives:
                self._lives[name].ask_to_stop()
        deadline = time.monotonic() + timeout_s
        while late := [name for name in leaving if name in self._lives and not self._lives[name].has_ended()]:
            if time.monotonic() > deadline:
                self._console.say(f"{', '.join(late)}: not gone after {timeout_s:g} s, killed")
                break
            self._tick(TICK_S)
        for name in leaving:
            if name in self._lives:
                self._finish(name)

    def _tick(self, timeout_s: float | None) -> None:
        """Wait for output, for a signal or for the time; print the output."""
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._wake:
                self._stop_asked |= not set(STOP_SIGNALS).isdisjoint(self._wake.recv(WAKE_BYTES_MAX))
            else:
                self._print(key.data)

    def _print(self, life: Life) -> bool:
        """Print what `life` said; False when there is nothing more to come now."""
        data = life.read()
        if data:
            self._console.feed(life.part.name, data)
        elif data is not None:
            self._selector.unregister(life.output)
        return bool(data)

    def _check_start(self, deadline: float, waiting_for: str, but: str | None = None) -> None:
        if self._stop_asked:
            raise StopAsked
        for name, life in list(self._lives.items()):
            if name != but and life.has_ended():
                raise PartFailed(f"{name} {describe_end(self._finish(name))}; its own lines above say why")
        if time.monotonic() > deadline:
            raise PartFailed(f"{waiting_for} is not ready in time")

    def _schedule_the_dead(self) -> None:
        for name, life in list(self._lives.items()):
            if not life.has_ended():
                continue
            if life.age_s > SETTLED_S:
                self._pauses_s.pop(name, None)
            pause_s = self._pauses_s.get(name, PAUSE_FIRST_S)
            self._pauses_s[name] = min(pause_s * 2, PAUSE_MAX_S)
            self._due[name] = (time.monotonic() + pause_s, life.part)
            self._console.say(f"{name} {describe_end(self._finish(name))}; starting it again in {pause_s:g} s")

    def _start_the_due(self) -> None:
        for name, (due, part) in list(self._due.items()):
            if time.monotonic() >= due:
                del self._due[name]
                self.start(part)
                self._on_restart()

    def _finish(self, name: str) -> int:
        """Remove every remain of a part's process and print its last words."""
        life = self._lives.pop(name)
        status = life.finish()
        if life.output in self._selector.get_map():
            while self._print(life):
                pass
        if life.output in self._selector.get_map():
            self._selector.unregister(life.output)
        life.output.close()
        self._console.finish(name)
        return status


def _nothing(*_: object) -> None:
    """A handler must exist for the signal to be noticed."""
