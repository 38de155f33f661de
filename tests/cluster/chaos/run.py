"""One run: fault after fault, a check after each, and the final account."""

import math
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable

from tests.cluster.chaos import schedule_audit
from tests.cluster.chaos.devices import Page
from tests.cluster.chaos.lab import Lab, running_lab
from tests.cluster.chaos.listener import Listener
from tests.cluster.chaos.plan import Step
from tests.cluster.chaos.record import Record, message_fact, operation_fact
from tests.cluster.chaos.report import Report, write
from tests.support.cluster import ROOT

CONCILIAR_TIMEOUT_S = 60.0

Say = Callable[[str], None]


def run(
    seed: str, steps: Iterable[Step], *, lasting_s: float = math.inf, databases: str | None = None, say: Say
) -> Report:
    """Take `steps`, one at least, until they or the time are over, and account for everything. `databases`: see
    `running_lab`."""
    record = Record()
    with record.stalls.watching(), running_lab(seed, record, databases) as lab:
        return take_all(lab, seed, steps, lasting_s=lasting_s, say=say)


def take_all(lab: Lab, seed: str, steps: Iterable[Step], *, lasting_s: float = math.inf, say: Say) -> Report:
    """As `run`, in a lab that is at work."""
    record = lab.record
    record.begun = time.monotonic()
    for step in steps:
        lab.hold(step.calm_s)
        _take(lab, step, say)
        if time.monotonic() > record.begun + lasting_s:
            break
    say(f"{time.monotonic() - record.begun:7.1f} s  the last requests, and the final account")
    lab.stop()
    lab.wait_all_told()
    account(lab)
    return write(seed, lab, time.monotonic() - record.begun)


def _take(lab: Lab, step: Step, say: Say) -> None:
    fault, record = step.fault, lab.record
    say(f"{time.monotonic() - record.begun:7.1f} s  {fault.name}")
    known = len(record.problems)
    window = record.open_window(fault.name, held_s=step.hold_s, extra_s=fault.extra_s)
    try:
        fault.work(lab, step.hold_s)
    except (AssertionError, TimeoutError) as failed:
        record.problem(f"{fault.name}: {failed}")
        lab.mend()
    lab.wait_healthy()
    lab.wait_all_told()
    window.ended = time.monotonic()
    lab.wait_presence_true()
    lab.auditor.check_operations(all_of_them=False)
    lab.auditor.reconcile()
    for problem in record.problems[known:]:
        say(f"  PROBLEM {problem}")


def account(lab: Lab) -> None:
    """When nothing is under way any more, everything must fit exactly."""
    lab.auditor.check_operations(all_of_them=True)
    lab.auditor.check_schedules()
    runs = lab.auditor.runs()
    lab.record.dates_done = sum(run.operation_id is not None for run in runs)
    lab.record.dates_refused = len(runs) - lab.record.dates_done
    _check_command(lab)
    balances = lab.auditor.balances()
    for customer in lab.customers:
        events = lab.auditor.facts(customer.login.user_id)
        scheduled = schedule_audit.facts(customer.login.user_id, lab.record.schedules, runs)
        _check_stream(lab, customer.login.user_id, events, scheduled)
        for device in customer.devices:
            _check_shown(lab, device, events)
            if isinstance(device, Page):
                _check_balance(lab, device, balances[customer.login.account])


def _check_command(lab: Lab) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "worker", "conciliar"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": lab.cluster.database(), "REDIS_URL": lab.cluster.redis()},
        capture_output=True,
        text=True,
        timeout=CONCILIAR_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        lab.record.problem(f"books: python -m worker conciliar: {done.stdout}{done.stderr}")


def _check_stream(lab: Lab, user_id: int, events: dict[int, str], scheduled: list[str]) -> None:
    """Exactly one event for each operation, each message and each date of a schedule of this user, numbered from 1
    with what else was told."""
    operations = {operation_fact(o.id) for o in lab.record.operations.values() if user_id in o.parties}
    written = {message.id for message in lab.record.messages.values() if user_id in message.parties}
    messages = {message_fact(number) for number in written | lab.auditor.cards(user_id)}
    told = [fact for fact in events.values() if " " in fact]
    if sorted(events) != list(range(1, len(events) + 1)):
        lab.record.problem(f"user {user_id}: {len(events)} events are not numbered from 1")
    expected = [*operations, *messages, *scheduled]
    if sorted(told) != sorted(expected):
        lab.record.problem(
            f"user {user_id}: told of {len(told)} things, of {len(operations)} + {len(messages)} + {len(scheduled)}: "
            f"{_differing(told, expected)}"
        )


def _differing(told: list[str], expected: list[str]) -> str:
    much, little = Counter(told) - Counter(expected), Counter(expected) - Counter(told)
    return f"too much {list(much.elements())[:5]}, too little {list(little.elements())[:5]}"


def _check_shown(lab: Lab, device: Listener, events: dict[int, str]) -> None:
    """What a page showed is the whole stream, once, in order; what a plain client showed is part of it."""
    shown = [(event.seq, event.fact) for event in device.shown]
    if isinstance(device, Page):
        if shown != sorted(events.items()):
            lab.record.problem(f"lost or duplicated: {device.name} showed {len(shown)} of {len(events)} events")
    elif any(events.get(seq) != fact for seq, fact in shown):
        lab.record.problem(f"leaked: {device.name} showed what is not in its stream")


def _check_balance(lab: Lab, device: Listener, balance: tuple[int, int]) -> None:
    version, cents = balance
    if device.balance[0] != version or round(float(device.balance[1]) * 100) != cents:
        lab.record.problem(f"{device.name} shows balance {device.balance}, the books say {balance}")
