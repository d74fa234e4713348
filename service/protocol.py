"""HTTP/1.1 on a hostile network: uvicorn's protocol, with deadlines, a cap on connections, and problems as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from service.problems import MEDIA_TYPE, ProblemError

LEAVING_S = 0.25
"""How long an idle connection is kept when the service is told to stop."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds a connection may take to send the headers of a request, and to be done with a whole exchange, the
    answer read by the other side; and how many connections there may be.
    """

    header_s: float = 10.0
    exchange_s: float = 150.0
    connections: int = 1000


class PatientProtocol(H11Protocol):
    """uvicorn waits for ever for headers, and for a reader that does not read; this does not."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        patience: Patience = Patience(),
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience = patience
        self._deadline: asyncio.TimerHandle | None = None
        self._waits_for = ""
        self._is_leaving = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; one connection too many is told so and closed."""
        super().connection_made(transport)
        if len(self.connections) > self._patience.connections:
            transport.write(raw_problem(503, "too_many_connections", {"Retry-After": "1"}))
            transport.close()
        else:
            self._arm("headers", self._patience.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._disarm()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """What has come in, and then the clock for what must come next."""
        super().handle_events()
        if self._is_leaving:
            self._say_that_it_is_the_last()
        if self.cycle is not None and not self.cycle.response_complete:
            self._arm("exchange", self._patience.exchange_s)
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._arm("headers", self._patience.header_s)

    def shutdown(self) -> None:
        """Close when idle; a request that is on its way to a connection that was accepted is still answered."""
        self._is_leaving = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LEAVING_S, self._leave)
        else:
            self._say_that_it_is_the_last()

    def on_response_complete(self) -> None:
        """The exchange is over, but for an answer that waits to be read: that keeps its deadline."""
        if self.transport.get_write_buffer_size() == 0:
            self._disarm()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What cannot be read as HTTP is answered with a problem: 431 for headers too large, else 400."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self._has_answered():
            code = "headers_too_large" if status == 431 else "invalid_http"
            self.transport.write(raw_problem(431 if status == 431 else 400, code))
        self.transport.close()

    def _leave(self) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and not self.transport.is_closing() and self.conn.our_state is not h11.CLOSED:
            super().shutdown()

    def _say_that_it_is_the_last(self) -> None:
        """Without the header the other side might send its next request into the closing connection."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            if not cycle.response_started and CLOSE_HEADER not in cycle.default_headers:
                cycle.default_headers = [*cycle.default_headers, CLOSE_HEADER]

    def _has_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _arm(self, waits_for: str, seconds: float) -> None:
        if self._deadline is None or self._waits_for != waits_for:
            self._disarm()
            self._waits_for = waits_for
            self._deadline = self.loop.call_later(seconds, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            self.transport.abort()
        elif self._waits_for == "headers" and self.conn.our_state is h11.IDLE:
            self.transport.write(raw_problem(408, "too_slow"))
            self.transport.close()
        else:
            self.transport.abort()


def raw_problem(status: int, code: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP response with a problem, for when there is no request that an application could answer."""
    problem = ProblemError(status, code).body(uuid.uuid4().hex)
    body = json.dumps(problem.model_dump()).encode()
    lines = [
        f"HTTP/1.1 {status} {problem.title}",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {problem.request_id}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
