"""What many ask at the same time is asked once for all of them."""

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from flask_socketio_cluster import clock
from flask_socketio_cluster.errors import Overloaded

# How many keys one question may have, and how many may wait for the one under way.
KEYS_MAX = 500
WAITING_MAX = 2_000
# Where so many were asked for within the time, a question waits a moment for others to come along.
BUSY_KEYS, BUSY_WITHIN_S = 8, 0.1
GATHER_S = 0.005


class _Question:
    __slots__ = ("answer", "error", "key", "leads", "turn")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.leads = False
        self.answer: Any = None
        self.error: Exception | None = None
        # Released once: when it has its answer, or when it is its turn to ask for all.
        self.turn = threading.Lock()
        self.turn.acquire()


class Batches:
    """`ask(keys)` gives the answers by key, each key once; one question is under way at a time.

    Nobody gets the answer to a question that began before theirs. For greenlets where the standard library is patched,
    for threads elsewhere. `full()`: what to raise when WAITING_MAX wait already. `gathers`: whether, where
    many are asked, a question waits for others, which is worth it where each costs much. Those that come while another
    is under way go together anyway.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Any]], Mapping[Any, Any]],
        *,
        full: Callable[[], Exception] = Overloaded,
        gathers: bool = True,
    ) -> None:
        self._ask = ask
        self._full = full
        self._gathers = gathers
        self._lock = threading.Lock()
        self._waiting: list[_Question] = []
        self._asking = False
        # When the last ones came, by the monotonic clock.
        self._came_s: deque[float] = deque(maxlen=BUSY_KEYS)

    def get(self, key: Any) -> Any:
        """The answer for `key`. Raises what `ask` raised, KeyError for a key without an answer, or `full()`."""
        question = _Question(key)
        with self._lock:
            if len(self._waiting) >= WAITING_MAX:
                raise self._full()
            self._waiting.append(question)
            self._came_s.append(clock.monotonic_s())
            if not self._asking:
                self._asking = question.leads = True
        try:
            if not question.leads:
                question.turn.acquire()
            if question.leads:
                self._ask_for_all(question)
        except BaseException:
            self._interrupted(question)
            raise
        if question.error is not None:
            raise copy.copy(question.error) from question.error
        return question.answer

    def _ask_for_all(self, own: _Question) -> None:
        if self._gathers and len(self._came_s) == BUSY_KEYS and self._came_s[-1] - self._came_s[0] < BUSY_WITHIN_S:
            time.sleep(GATHER_S)
        with self._lock:
            batch, self._waiting = self._waiting[:KEYS_MAX], self._waiting[KEYS_MAX:]
        try:
            self._answer(batch)
        except BaseException:
            with self._lock:
                self._waiting = batch + self._waiting  # they ask again, without whoever was interrupted
            raise
        self._pass_on(own, batch)

    def _interrupted(self, own: _Question) -> None:
        """Whoever asked does not wait any more; if it was to ask for all, the next one does."""
        with self._lock:
            if own in self._waiting:
                self._waiting.remove(own)
        if own.leads:
            self._pass_on(own, [])

    def _answer(self, batch: list[_Question]) -> None:
        try:
            answers = self._ask(list({question.key: None for question in batch}))
        except Exception as error:
            for question in batch:
                question.error = error
            return
        for question in batch:
            try:
                question.answer = answers[question.key]
            except KeyError as missing:
                question.error = missing

    def _pass_on(self, own: _Question, batch: list[_Question]) -> None:
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._asking = following is not None
            if following:
                following.leads = True
        for question in batch:
            if question is not own:
                question.turn.release()
        if following:
            following.turn.release()
