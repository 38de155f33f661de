"""OpenTelemetry costs nothing where it is not asked for, and says what it lacks where it is."""

import subprocess
import sys

import pytest

from app.settings import SettingsError
from app.telemetry import Spans
from tests.support.ports import LOOPBACK, free_port

NOT_ASKED_FOR = """
import sys
from gevent import monkey
monkey.patch_all()
import app.factory, worker.commands.run
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk.trace", "opentelemetry.exporter"))])
"""
# What a node does at its end, with a collector that is not there.
AWAY = """
from gevent import monkey
monkey.patch_all()
from app.telemetry import Spans
Spans(role="node", node_id="web1").request("GET", "/", 200, 0.1)
print("over")
"""


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", NOT_ASKED_FOR], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"


def test_an_address_without_the_extra_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(SettingsError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT.*extra"):
        Spans(role="node", node_id="web1")


def test_a_process_ends_without_waiting_for_a_collector_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")

    done = subprocess.run([sys.executable, "-c", AWAY], capture_output=True, text=True, check=True, timeout=60)

    assert (done.stdout, done.stderr) == ("over\n", "")
