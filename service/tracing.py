"""OpenTelemetry spans, when the `tracing` extra is installed and the environment says where to send them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import IndexingError
from service.problems import from_exception

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NANO = 1_000_000_000


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether spans are to be sent anywhere."""
    return any(environment.get(name) for name in ENDPOINTS)


def exporting() -> Any:
    """A tracer provider that sends spans by OTLP over HTTP. Raises: IndexingError: the extra is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise IndexingError(
            f"{ENDPOINTS[0]} asks for traces, but OpenTelemetry is not installed; install sanad-search[tracing]"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "sanad"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Tracing:
    """ASGI middleware inside of Exchange: a span a request, the stages of its search as spans within."""

    def __init__(self, app: ASGIApp, provider: Any) -> None:
        self._app, self._tracer = app, provider.get_tracer("sanad")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        parent = TraceContextTextMapPropagator().extract(carrier)
        with self._tracer.start_as_current_span(
            scope["method"], parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            try:
                await self._app(scope, receive, told)
            except Exception as error:  # Exchange answers it
                span.set_attribute("http.response.status_code", from_exception(error).status_code)
                raise
            finally:
                self._name(span, scope)

    def _name(self, span: Any, scope: Scope) -> None:
        """The route, never the path's own words or what was asked."""
        route = getattr(scope.get("route"), "path", None) or "none"
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.request.method", scope["method"])
        span.set_attribute("http.route", route)
        span.set_attribute("sanad.request_id", scope["state"]["request_id"])
        stages: Mapping[str, float] = scope["state"].get("stages", {})
        end = time.time_ns()
        begins = end - int(stages.get("total", 0) * NANO)
        for name, seconds in stages.items():
            if name != "total":
                # Measured as sums, so laid one after the other.
                ends = begins + int(seconds * NANO)
                self._tracer.start_span(name, start_time=begins).end(ends)
                begins = ends
