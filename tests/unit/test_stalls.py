"""The witness that tells a pause of the machine from a server that is late."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cluster import ROOT
from tests.support.people import eventually
from tests.support.stalls import NAP_S, Stalls, uncovered_s

FROZEN_S = 0.5

# Says when it begins, is frozen before it is asked to end, and says how much of the time it was awake.
SLEEPER = """
import sys, time
from tests.support.stalls import Stalls
with Stalls().watching() as stalls:
    begun = time.monotonic()
    print("watching", flush=True)
    sys.stdin.readline()
    ended = time.monotonic()
    print(ended - begun, stalls.awake_s(begun, ended), flush=True)
"""


@pytest.mark.parametrize(
    ("spans", "left_s"),
    [
        ([], 10),
        ([(1, 2)], 10),
        ([(21, 22)], 10),
        ([(12, 13), (14, 16)], 7),
        ([(9, 11), (19, 25)], 8),
        ([(12, 16), (13, 14), (15, 17)], 5),
        ([(14, 16), (12, 15)], 6),
        ([(5, 25), (11, 12)], 0),
        ([(18, float("inf"))], 8),
    ],
)
def test_what_no_span_covers_is_counted_once(spans: list[tuple[float, float]], left_s: float) -> None:
    assert uncovered_s(10, 20, spans) == left_s


def test_a_pause_is_seen_although_the_witness_has_not_woken_up_from_it_yet() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sleeper:
        assert sleeper.stdin
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "watching\n"
        sleeper.send_signal(signal.SIGSTOP)
        eventually(lambda: _is_frozen(sleeper.pid), "a process that does nothing")
        begun = time.monotonic()
        time.sleep(FROZEN_S)
        frozen_s = time.monotonic() - begun
        sleeper.stdin.write("\n")
        sleeper.stdin.flush()
        sleeper.send_signal(signal.SIGCONT)

        passed_s, awake_s = map(float, sleeper.stdout.readline().split())

    assert passed_s >= frozen_s
    assert passed_s - awake_s >= frozen_s - NAP_S


def _is_frozen(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_who_watches_nothing_saw_nothing() -> None:
    assert Stalls().awake_s(10, 20) == 10
