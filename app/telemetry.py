"""OpenTelemetry, an extra: a span for each request and for each relayed event, in the trace that has the request's id.

What else there is to say, such as how many are sampled, the SDK reads from its own variables of the environment.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from flask_socketio_cluster import trace
from flask_socketio_cluster.streams.relay import StreamsPublisher
from flask_socketio_cluster.streams.stream import Stored

from app.settings import SettingsError

# A collector that is away holds up nothing but the thread that sends; what it does not take is dropped.
EXPORT_TIMEOUT_S = 5
ID_CHARS = 32


class Spans:
    """`role` and `node_id`: of this process. Raises SettingsError where the extra is not installed."""

    def __init__(self, *, role: str, node_id: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
            from opentelemetry.trace import SpanKind
        except ModuleNotFoundError:
            raise SettingsError(
                'OTEL_EXPORTER_OTLP_ENDPOINT: needs the extra "otel" of this program, which is not installed'
            ) from None

        class OurIds(RandomIdGenerator):
            def generate_trace_id(self) -> int:
                current = trace.current()
                if current is not None and len(current) == ID_CHARS:
                    return int(current, 16)
                return super().generate_trace_id()

        self._kinds = SpanKind
        resource = Resource.create({"service.name": f"saldo-vivo-{role}", "service.instance.id": node_id})
        # The end of a process does not wait for a collector: what it did in its last seconds is not sent.
        provider = TracerProvider(resource=resource, id_generator=OurIds(), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=EXPORT_TIMEOUT_S)))
        self._tracer = provider.get_tracer("saldo-vivo")

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One that was just answered."""
        now_ns = time.time_ns()
        attributes = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        self._span(f"{method} {route}", self._kinds.SERVER, now_ns - int(seconds * 1e9), now_ns, attributes)

    def relayed(self, events: Sequence[Stored]) -> None:
        """What was just published: from its append on."""
        now_ns = time.time_ns()
        for event in events:
            if event.origin is None or event.origin.trace is None:
                continue
            attributes = {"saldo_vivo.user": event.key, "saldo_vivo.seq": event.seq}
            trace.begin(event.origin.trace)
            self._span("relay", self._kinds.PRODUCER, int(event.origin.at_s * 1e9), now_ns, attributes)
            trace.end()

    def _span(self, name: str, kind: Any, start_ns: int, end_ns: int, attributes: Mapping[str, Any]) -> None:
        self._tracer.start_span(name, kind=kind, start_time=start_ns, attributes=attributes).end(end_ns)


class SpanningPublisher:
    """`publisher`, with a span for each event that it has published."""

    def __init__(self, publisher: StreamsPublisher, spans: Spans) -> None:
        self._publisher = publisher
        self._spans = spans

    def ping(self) -> None:
        self._publisher.ping()

    def publish(self, events: Sequence[Stored]) -> None:
        self._publisher.publish(events)
        self._spans.relayed(events)
