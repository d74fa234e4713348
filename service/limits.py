"""What the service refuses so that it stays well: searches beyond its queue."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from service.auth import ASKED_BY_POST, READING, path_of
from service.bodies import declares_json
from service.metrics import Metrics
from service.problems import ProblemError

T = TypeVar("T")
RETRY = {"Retry-After": "1"}


class Place:
    """Room for one search, among those that run and those that wait."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.is_left = False

    def leave(self) -> None:
        """Make room for another; leaving twice does nothing."""
        if not self.is_left:
            self.is_left = True
            self._gate.count(-1)


_taken: ContextVar[Place | None] = ContextVar("_taken", default=None)
"""The place that `Places` took for the request in hand."""


class Gate:
    """Runs searches in a few threads, off the event loop, and refuses those that would wait too long.

    Made inside the running event loop, one for the life of the application.
    """

    def __init__(self, threads: int, queue: int, seconds: float, metrics: Metrics) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._room, self._seconds, self._metrics = threads + queue, seconds, metrics
        self._inside = 0

    def check(self) -> None:
        """Raises: ProblemError: as many searches are waiting as may (503)."""
        if self._inside >= self._room:
            self._metrics.refused.inc()
            raise ProblemError(503, "overloaded", headers=RETRY)

    def place(self) -> Place:
        """Room for a search, to be left when it is done. Raises: ProblemError: as many are waiting as may (503)."""
        self.check()
        self.count(1)
        return Place(self)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises: ProblemError: as many are waiting as may, or it took too long (503)."""
        taken = _taken.get()
        place = self.place() if taken is None or taken.is_left else taken
        try:
            with anyio.fail_after(self._seconds):
                # What has begun keeps its thread until it ends, but nobody waits for it any more.
                return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)
        except TimeoutError:
            raise ProblemError(503, "timed_out", headers=RETRY) from None
        finally:
            place.leave()

    def count(self, change: int) -> None:
        """Of those inside, so many more or fewer."""
        self._inside += change
        self._metrics.queue.inc(change)


class Places:
    """ASGI middleware inside `Bodies` that takes a place for a question as soon as its body is there.

    Of a crowd that comes at once, all would find room at the door, and most be refused only after they were routed,
    parsed and validated, at several times the cost. Not sooner, or slow bodies would fill the queue.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_question(scope):
            await self._app(scope, receive, send)
            return
        place = scope["state"]["service"].gate.place()
        held = _taken.set(place)
        try:
            await self._app(scope, receive, send)
        finally:
            _taken.reset(held)
            place.leave()


def _is_question(scope: Scope) -> bool:
    """Whether it will search, its body, if any, whole: JSON is, any other body is refused where it is read."""
    if path_of(scope) not in ASKED_BY_POST:
        return False
    return scope["method"] in READING or declares_json(dict(scope["headers"]))
