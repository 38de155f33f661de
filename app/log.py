"""Structured logs on standard error: one JSON line an event, or plain text on a terminal."""

import logging
import sys
from typing import Any

import structlog


def configure(*, node_id: str) -> None:
    """Send structlog and the standard library's loggers to standard error, marked with the node's name."""

    def add_node(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        # Not a context variable: a greenlet starts with an empty context.
        return {**line, "node": node_id}

    shared: list[Any] = [
        add_node,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def get(name: str) -> Any:
    return structlog.get_logger(subject=name)
