"""Our histogram shows what prometheus_client's own would."""

from flask_socketio_cluster.fast_histogram import FastHistogram
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest

BUCKETS = (0.001, 0.5, 1.0, 60.0)


@given(st.lists(st.tuples(st.sampled_from(["bus", "database"]), st.sampled_from(BUCKETS) | st.floats(0, 100))))
def test_it_shows_what_the_library_s_own_shows(observed: list[tuple[str, float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    fast = FastHistogram("trial_seconds", "For this test", "way", ("bus", "database"), buckets=BUCKETS)
    REGISTRY.unregister(fast)
    ours.register(fast)
    stock = Histogram("trial_seconds", "For this test", ["way"], buckets=BUCKETS, registry=theirs)
    for way in ("bus", "database"):
        stock.labels(way)

    for way, value in observed:
        fast.labels(way).observe(value)
        stock.labels(way).observe(value)

    shown = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert generate_latest(ours).decode().splitlines() == shown
