"""What the service refuses so that it stays well: searches beyond its queue, bodies beyond their size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import ProblemError

T = TypeVar("T")


class Gate:
    """Runs searches in a few threads, off the event loop, and refuses those that would wait too long.

    Made inside the running event loop, one for the life of the application.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._room = threads + queue
        self._inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises: ProblemError: as many are waiting as may (503)."""
        if self._inside >= self._room:
            raise ProblemError(503, "overloaded", headers={"Retry-After": "1"})
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1


class BodyLimit:
    """ASGI middleware that lets no body through that is longer than `most` bytes, declared or not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._most:
            # The rest of the body is never read, so the connection cannot be used again.
            raise ProblemError(413, "body_too_large", headers={"Connection": "close"})
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise ProblemError(413, "body_too_large", headers={"Connection": "close"})
            return message

        await self._app(scope, counted, send)
