"""Structured logs on standard error: one JSON line an event, or plain text on a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask_socketio_cluster import trace
from flask_socketio_cluster.trace import EVENTS_LOG
from gevent import get_hub
from structlog.stdlib import ExtraAdder, ProcessorFormatter


def configure(*, node_id: str, events: bool = False) -> None:
    """Send structlog, the standard library's loggers and errors that nobody caught in a greenlet to standard error,
    marked with the node's name and the id of the request. Gunicorn's own logger keeps its form.

    `events`: also a line for each durable event where it is appended, relayed and handed to a socket.
    """

    def add_node(_logger: object, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        # Not a context variable: a greenlet starts with an empty context.
        request = trace.current()
        return {**({} if request is None else {"trace": request}), **line, "node": node_id}

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
    rendered: list[Any] = [structlog.processors.format_exc_info, renderer]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    others = logging.StreamHandler(sys.stderr)
    others.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[ExtraAdder(), _add_subject, *shared],
            processors=[ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    logging.basicConfig(handlers=[others], level=logging.WARNING)
    EVENTS_LOG.setLevel(logging.INFO if events else logging.WARNING)
    get_hub().print_exception = _greenlet_failed


def _add_subject(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {"subject": line["_record"].name, **line}


def _greenlet_failed(_context: object, kind: Any, error: BaseException | None, traceback: Any) -> None:
    """In place of gevent's `Hub.print_exception`, which also prints what the greenlet was called with."""
    get("gevent").error("greenlet_failed", kind=kind.__name__, exc_info=error and (kind, error, traceback))


def get(name: str) -> Any:
    return structlog.get_logger(subject=name)
