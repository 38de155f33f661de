"""What a node says of itself on /metrics, and what was counted in this process."""

import re

import requests
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

ANSWER_TIMEOUT_S = 10.0


def metric(node_url: str, name: str) -> float:
    """The value of the metric of that name, with its labels if it has any; 0 while it was never counted."""
    text = requests.get(node_url + "/metrics", timeout=ANSWER_TIMEOUT_S).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def total(node_url: str, name: str, **labels: str) -> float:
    """The sum of all values of that name that have these labels."""
    text = requests.get(node_url + "/metrics", timeout=ANSWER_TIMEOUT_S).text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


def counted(name: str, **labels: str) -> float:
    """The value in this process; 0 while it was never counted."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
