"""How long a node stays deaf after Redis has come back."""

import time

from bench.lab import Lab, Live
from bench.load import Pattern
from bench.payload import users

EVERY_50_MS = Pattern(count=0, rate=20)
PATIENCE_S = 90


def run(lab: Lab, lives: list[Live]) -> None:
    for outage_s in lab.scale.outages_s:
        for live in lives:
            live.client.reset()
        emitters = [live.stack.emit(users(lab.scale.clients), EVERY_50_MS) for live in lives]
        back = _interrupt(lives, outage_s)
        waiting, deadline = dict(enumerate(lives)), time.monotonic() + PATIENCE_S
        while waiting and time.monotonic() < deadline:
            time.sleep(0.25)
            for number, live in list(waiting.items()):
                deaf_s = _heard_after(lab, live, back[number])
                if deaf_s is not None:
                    lab.results.add("deaf", f"Redis gone for {outage_s:g} s", live.name, deaf_s=deaf_s)
                    del waiting[number]
        for live in waiting.values():
            lab.results.add("deaf", f"Redis gone for {outage_s:g} s", live.name, deaf_s=PATIENCE_S)
        for emitter in emitters:
            emitter.stop()


def _interrupt(lives: list[Live], outage_s: float) -> list[int]:
    """Kill every Redis, wait, start them again; returns when each was back, in monotonic nanoseconds."""
    time.sleep(1)
    for live in lives:
        live.stack.redis.kill()
    time.sleep(outage_s)
    back = []
    for live in lives:
        live.stack.redis.start()
        back.append(time.monotonic_ns())
    return back


def _heard_after(lab: Lab, live: Live, back_ns: int) -> float | None:
    """Seconds from Redis's return to the emit of the first message that was delivered, if there is one."""
    sent = [stamp for stamp, _ in live.client.samples(lab.directory / "samples") if stamp >= back_ns]
    return (min(sent) - back_ns) / 1e9 if sent else None
