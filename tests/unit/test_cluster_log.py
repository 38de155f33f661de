"""How the tests read what a cluster has logged."""

from tests.support import cluster_log

BEFORE = 'web1 | {"event": "database_down"}\nweb1 | ERROR something\n'
LATE = 'web2 | {"subject": "limiter", "event": "limiter_without_redis", "error": "a|b"}\n'


def test_only_what_was_added_is_looked_at() -> None:
    assert cluster_log.added(BEFORE, BEFORE) == []


def test_late_stores_are_passed_over_and_nothing_else_is() -> None:
    lines = [
        'web1 | {"subject": "loop", "event": "loop_failed"}',
        "web1 | ERROR loop_put_off",
        'web1 | {"subject": "loop", "event": "other", "loop": "deaf"}',
        'web1 | ["loop_put_off"]',
        "web1 | Traceback (most recent call last):",
    ]

    assert cluster_log.added(BEFORE + LATE + "\n".join(lines), BEFORE) == lines


def test_events_are_found_by_their_name() -> None:
    assert [event["error"] for event in cluster_log.events(BEFORE + LATE, "limiter_without_redis")] == ["a|b"]
