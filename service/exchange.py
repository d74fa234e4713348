"""What every exchange gets: a request id, safe headers, a log line, counts, and a problem for what was not foreseen."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics
from service.replies import problem_reply

GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
QUIET = ("/livez", "/readyz", "/metrics")
"""Asked for every few seconds by machines: logged only when something is wrong."""
log = logging.getLogger("sanad.service")


class Exchange:
    """ASGI middleware around the whole application; a response's own headers win over the defaults here."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log_queries: bool = False) -> None:
        self._app, self._metrics, self._log_queries = app, metrics, log_queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request_id = _request_id(request)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def complete(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, complete)
        except Exception as error:
            if status:
                raise  # The answer has begun: only the server can end it now, by closing the connection.
            await problem_reply(request, error)(scope, receive, complete)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, state = _route(scope), scope["state"]
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.took.labels(route).observe(seconds)
        if problem := state.get("problem"):
            self._metrics.problems.labels(problem).inc()
        if route in QUIET and status < 500:
            return
        if log.isEnabledFor(logging.INFO):
            log.info("%s %s", method, _path(scope), extra={"fields": self._fields(scope, status, seconds)})

    def _fields(self, scope: Scope, status: int, seconds: float) -> dict[str, Any]:
        state = scope["state"]
        caller = state.get("caller")
        fields = {
            "status": status,
            "took_ms": round(seconds * 1000, 2),
            "request_id": state["request_id"],
            "code": state.get("problem"),
            "key": caller.key.id if caller and caller.key else None,
            "address": caller.address if caller else None,
        }
        stages = {f"{name}_ms": round(value * 1000, 2) for name, value in state.get("stages", {}).items()}
        # What was asked is nobody's business, unless those who run the service say otherwise.
        asked = {"query": state["asked"]} if self._log_queries and "asked" in state else {}
        return {**fields, **stages, **asked}


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def _path(scope: Scope) -> str:
    """The path only: a query string holds what was asked."""
    return ascii(scope["path"][:200])[1:-1]


def _route(scope: Scope) -> str:
    """The pattern of the path, never the path itself: a label for each article would have no end."""
    pattern = getattr(scope.get("route"), "path", None)
    return pattern if isinstance(pattern, str) else "none"
