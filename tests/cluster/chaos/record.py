"""What happened during a run: acknowledged operations, when each fault was at work, and what went wrong."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date

from tests.support.stalls import Stalls

CALM = "none"
# With Redis or every worker dead, from the answer 201 to the screen.
PROMISED_S = 6.0


@dataclass(frozen=True, slots=True)
class Operation:
    """A money request whose outcome is known: done. `at` is when its 201 was in the client's hands."""

    id: int
    key: str
    user_id: int
    parties: frozenset[int]
    at: float


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote, or asked for, whose outcome is known. `at` as that of an Operation."""

    id: int
    parties: frozenset[int]
    at: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """What somebody has asked for on days to come, and was answered 201. `target_account`: None for a payment.

    `days`: all its dates, as they are once the operator has moved them.
    """

    id: int
    user_id: int
    parties: frozenset[int]
    source_account: int
    target_account: int | None
    cents: int
    days: tuple[date, ...]


def operation_fact(operation_id: int) -> str:
    return f"operation {operation_id}"


def message_fact(message_id: int) -> str:
    return f"message {message_id}"


def refusal_fact(schedule_id: int, day: str, text: str) -> str:
    """That a date of a schedule could not be done, in the words in which its owner is told."""
    return f"refusal {schedule_id} {day}: {text}"


@dataclass
class Window:
    """One fault, from its start until everything answered again. Times of `time.monotonic`.

    `extra_s`: what a listener who can be reached may have to wait for an event on top of PROMISED_S.
    """

    fault: str
    held_s: float
    extra_s: float
    begun: float
    ended: float | None = None


@dataclass
class Record:
    """Safe to write from every thread. `stalls`: when the machine stood still."""

    stalls: Stalls = field(default_factory=Stalls)
    begun: float = field(default_factory=time.monotonic)
    operations: dict[int, Operation] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    schedules: dict[int, Schedule] = field(default_factory=dict)
    refused_keys: list[tuple[int, str]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    balance_reads: int = 0
    repeats: int = 0
    dates_done: int = 0
    dates_refused: int = 0
    jobs_left: int = 0
    # For how long at the most nobody got an operation acknowledged, by fault.
    pauses_s: dict[str, float] = field(default_factory=dict)
    # How often somebody who moved money was answered so during a fault, and how long the longest of these took.
    answers: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, operation: Operation) -> None:
        with self._lock:
            first = self.operations.setdefault(operation.id, operation)
        if first is not operation:
            self.problem(f"keys {first.key} and {operation.key} were answered with one operation {operation.id}")

    def acknowledge_message(self, message: Message) -> None:
        with self._lock:
            known = self.messages.setdefault(message.id, message)
        if known is not message:
            self.problem(f"duplicated: two requests were answered with one message {message.id}")

    def acknowledge_schedule(self, schedule: Schedule) -> None:
        with self._lock:
            known = self.schedules.setdefault(schedule.id, schedule)
        if known is not schedule:
            self.problem(f"duplicated: two requests were answered with one schedule {schedule.id}")

    def done_at(self, fact: str) -> float | None:
        """When the client knew of what an event tells; None for what no client asked for."""
        kind, _, number = fact.partition(" ")
        known: dict[str, dict[int, Operation] | dict[int, Message]] = {
            "operation": self.operations,
            "message": self.messages,
        }
        done = known[kind].get(int(number)) if kind in known else None
        return done.at if done else None

    def refuse(self, user_id: int, key: str) -> None:
        with self._lock:
            self.refused_keys.append((user_id, key))

    def repeat(self) -> None:
        """A request was sent again under its key."""
        with self._lock:
            self.repeats += 1

    def answer(self, code: str, begun: float) -> None:
        """A request for money that began then was answered so just now."""
        ended = time.monotonic()
        window = self.window_of(begun, ended)
        key = (window.fault if window else CALM, code)
        with self._lock:
            times, longest_s = self.answers.get(key, (0, 0.0))
            self.answers[key] = (times + 1, max(longest_s, ended - begun))

    def pause(self, fault: str, duration_s: float) -> None:
        """After a fault it took so long until an operation was acknowledged."""
        with self._lock:
            self.pauses_s[fault] = max(duration_s, self.pauses_s.get(fault, 0.0))

    def problem(self, text: str) -> None:
        """Something that must not happen; the text says what and to whom."""
        with self._lock:
            self.problems.append(f"{time.monotonic() - self.begun:.1f} s: {text}")

    def open_window(self, fault: str, *, held_s: float, extra_s: float) -> Window:
        window = Window(fault, held_s, extra_s, time.monotonic())
        with self._lock:
            self.windows.append(window)
        return window

    def window_of(self, begun: float, ended: float) -> Window | None:
        """The fault at work while an event was on its way; the first one, if there were several."""
        for window in self.windows:
            if window.begun <= ended and (window.ended is None or begun <= window.ended):
                return window
        return None
