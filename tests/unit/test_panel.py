"""The figures of the panel: rates between two looks, quantiles of what was new, and what a restart does to them."""

import io

import pytest
from flask_socketio_cluster.node.report import CPU_SECONDS, NODE, WORKER, Reported, Sample
from rich.console import Console

from app.panel.figures import panel, quantile_ms
from worker.commands.painel import view

SENT = "socketio_cluster_stream_events_sent_total"
DELIVERED = "socketio_cluster_delivery_seconds_bucket"


def node(*, cpu_s: float = 1.0, age_s: float = 0.0, events: float = 0.0, **buckets: float) -> Reported:
    """`buckets`: le10=…: how many were delivered within 10 ms, le20=… within 20."""
    samples = [Sample(CPU_SECONDS, {}, cpu_s), Sample(SENT, {"event": "notificacao", "way": "bus"}, events)]
    for name, count in buckets.items():
        bound = str(int(name.removeprefix("le")) / 1000)
        samples.append(Sample(DELIVERED, {"way": "bus", "le": bound}, count))
    return Reported("web1", NODE, age_s, samples)


def test_rates_are_what_was_added_between_two_looks_a_second() -> None:
    (shown,) = panel([node(events=130, cpu_s=1.5)], [node(events=100, cpu_s=1.0)], 2.0).nodes

    assert (shown.events, shown.cpu_percent) == (15.0, 25.0)


def test_a_node_that_was_started_anew_counts_from_nothing_and_never_below() -> None:
    (shown,) = panel([node(events=8, cpu_s=0.4)], [node(events=100, cpu_s=1.0)], 2.0).nodes

    assert shown.events == 4.0


def test_lag_is_that_of_the_new_events_only() -> None:
    before, now = node(le10=90, le20=90), node(le10=90, le20=100)

    (shown,) = panel([now], [before], 2.0).nodes

    assert (shown.p50_ms, shown.p99_ms) == (15.0, 19.9)


def test_without_new_events_there_is_no_lag() -> None:
    (shown,) = panel([node(le10=90)], [node(le10=90)], 2.0).nodes

    assert (shown.p50_ms, shown.p99_ms) == (None, None)


@pytest.mark.parametrize(
    ("buckets", "share", "wanted"),
    [
        ([(0.01, 10.0), (0.02, 10.0), (float("inf"), 10.0)], 0.5, 5.0),
        ([(0.01, 0.0), (0.02, 10.0), (float("inf"), 10.0)], 1.0, 20.0),
        ([(0.01, 0.0), (0.02, 0.0), (float("inf"), 10.0)], 0.5, 20.0),
        ([], 0.5, None),
        ([(0.01, 0.0), (float("inf"), 0.0)], 0.5, None),
    ],
)
def test_quantiles_lie_where_the_buckets_say(
    buckets: list[tuple[float, float]], share: float, wanted: float | None
) -> None:
    assert quantile_ms(buckets, share) == wanted


def test_of_one_look_there_are_sums_and_no_share_of_a_core() -> None:
    (shown,) = panel([node(events=130)]).nodes

    assert (shown.events, shown.cpu_percent) == (130, None)


def test_the_view_names_every_process_and_says_who_has_gone_on_a_narrow_terminal() -> None:
    worker = Reported(
        "worker1",
        WORKER,
        0.0,
        [
            Sample("socketio_cluster_outbox_rows", {}, 12),
            Sample("saldo_vivo_job_ok", {"job": "conciliar"}, 0.0),
            Sample("saldo_vivo_job_overdue_seconds", {"job": "con\x1b[2J"}, 400.0),
        ],
    )
    out = io.StringIO()

    Console(file=out, width=80).print(view(panel([node(age_s=9.0), worker])))

    printed = out.getvalue()
    assert "web1 gone" in printed
    assert "worker1" in printed
    assert "conciliar" in printed
    assert "failed" in printed
    assert "400 s" in printed
    assert "\x1b" not in printed
