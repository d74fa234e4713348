"""What every exchange gets: a request id, safe headers, a log line, and a problem for whatever was not foreseen."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.replies import problem_reply

GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
log = logging.getLogger("sanad.service")


class Exchange:
    """ASGI middleware around the whole application; a response's own headers win over the defaults here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            took = (time.perf_counter() - began) * 1000
            # The path only: the query string holds what was asked, which is nobody's business.
            log.info("%s %s %d %.1f ms %s", scope["method"], _path(scope), status, took, request_id)


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex


def _path(scope: Scope) -> str:
    return ascii(scope["path"][:200])
