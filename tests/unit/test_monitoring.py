"""What the monitoring asks for exists, every alert can fire, and each leads to a runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask_socketio_cluster import metrics as of_cluster
from flask_socketio_cluster.fast_histogram import FastHistogram
from prometheus_client.metrics import MetricWrapperBase

from app import metrics as of_bank

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"] for rule in group["rules"]
]
TESTS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
BOARD = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
# Of Prometheus itself, and of prometheus_client for each process.
OF_OTHERS = {
    "up": {"job", "instance"},
    "process_cpu_seconds_total": {"job", "instance"},
    "process_resident_memory_bytes": {"job", "instance"},
}

_NAME = re.compile(r"\b(?:socketio_cluster|saldo_vivo|process|up)(?:_[a-z0-9_]+)?\b")
_SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")
_LABEL = re.compile(r"([a-z]+)\s*(?:=~|!=|!~|=)")
_BY = re.compile(r"by \(([a-z, ]+)\)")


def samples() -> dict[str, set[str]]:
    """The labels of each sample that a process can show, by its name."""
    found = {name: set(labels) for name, labels in OF_OTHERS.items()}
    for metric in (*vars(of_cluster).values(), *vars(of_bank).values()):
        if not isinstance(metric, MetricWrapperBase | FastHistogram):
            continue
        (family,) = metric.describe()
        labels = {*getattr(metric, "_labelnames", getattr(family, "_labelnames", ())), "job", "instance"}
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}[family.type]
        found |= {family.name + suffix: labels | ({"le"} if suffix == "_bucket" else set()) for suffix in suffixes}
    return found


SAMPLES = samples()
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in BOARD["panels"] for target in panel.get("targets", ())
]


def names(expression: str) -> set[str]:
    return set(_NAME.findall(re.sub(r'"[^"]*"', '""', expression)))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_counted_somewhere_with_these_labels(expression: str) -> None:
    asked = names(expression)
    assert asked
    assert asked <= SAMPLES.keys()

    for name, selector in _SELECTOR.findall(expression):
        assert set(_LABEL.findall(selector)) <= SAMPLES[name]
    every = {label for name in asked for label in SAMPLES[name]} | {"job", "instance"}
    for by in _BY.findall(expression):
        assert {label.strip() for label in by.split(",")} <= every


def test_whatever_is_counted_is_on_the_board_or_wakes_somebody() -> None:
    def family(name: str) -> str:
        return re.sub(r"_(bucket|count|sum)$", "", name)

    shown = {family(name) for expression in EXPRESSIONS for name in names(expression)}
    assert set(map(family, SAMPLES)) <= shown


def test_every_alert_leads_to_a_runbook_of_its_own_that_says_what_to_do() -> None:
    parts = re.split(r"^## ", (ROOT / "docs" / "runbooks.md").read_text(), flags=re.MULTILINE)[1:]
    runbooks = {part.partition("\n")[0]: part for part in parts}

    assert set(runbooks) == {rule["alert"] for rule in RULES}
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        for heading in ("**Means:**", "**Users see:**", "**Look at:**", "**Do:**"):
            assert heading in runbooks[rule["alert"]]


def test_every_alert_is_tested_to_fire_and_to_stay_quiet() -> None:
    fires = {case["alertname"] for test in TESTS for case in test["alert_rule_test"] if case["exp_alerts"]}
    quiet = {case["alertname"] for test in TESTS for case in test["alert_rule_test"] if not case["exp_alerts"]}

    assert fires == quiet == {rule["alert"] for rule in RULES}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "arguments",
    [["check", "config", "prometheus.yml"], ["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]],
)
def test_prometheus_itself_agrees(arguments: list[str]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_monitoring_of_compose_is_reached_from_this_machine_only_and_hardened() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    monitoring = {name: each for name, each in services.items() if each.get("profiles") == ["monitoring"]}

    assert set(monitoring) == {"prometheus", "grafana"}
    for service in monitoring.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_prometheus_asks_the_ports_that_compose_gives_to_nodes_and_workers() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    jobs = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    (asked,) = zip(*(job["dns_sd_configs"] for job in jobs), strict=True)
    ports = {each["names"][0]: each["port"] for each in asked}

    assert services["worker"]["environment"]["WORKER_METRICS"].endswith(f":{ports['worker']}")
    assert services["nginx"]["environment"]["NGINX_WEB"] == f"web:{ports['web']}"
    assert all("back" in services[name]["networks"] for name in ("prometheus", *ports))
