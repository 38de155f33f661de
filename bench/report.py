"""Tables of a run, for people."""

from bench.results import Results

def render(results: Results, about: dict[str, str]) -> str:
    return ""
