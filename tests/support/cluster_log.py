"""What a cluster's parts have logged since some moment: each line is the name of a part, a bar, and often JSON."""

import json
from typing import Any

# A node says so when a store answered late, which one pause of the machine is enough for; no client's request is.
LATE_STORES = frozenset({"loop_put_off", "limiter_without_redis", "buckets_without_redis", "deaf", "database_down"})


def events(log: str, name: str) -> list[dict[str, Any]]:
    """The events of that name."""
    return [event for event in map(_event, log.splitlines()) if event.get("event") == name]


def added(log: str, before: str) -> list[str]:
    """The lines of `log` behind `before`, but for those about LATE_STORES."""
    assert log.startswith(before)
    return [line for line in log[len(before) :].splitlines() if _event(line).get("event") not in LATE_STORES]


def _event(line: str) -> dict[str, Any]:
    """Empty for a line of any other kind."""
    _part, _bar, text = line.partition("|")
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
