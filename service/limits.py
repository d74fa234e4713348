"""What the service refuses so that it stays well: searches beyond its queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from service.metrics import Metrics
from service.problems import ProblemError

T = TypeVar("T")
RETRY = {"Retry-After": "1"}


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

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises: ProblemError: as many are waiting as may, or it took too long (503)."""
        self.check()
        self._count(1)
        try:
            with anyio.fail_after(self._seconds):
                # What has begun keeps its thread until it ends, but nobody waits for it any more.
                return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)
        except TimeoutError:
            raise ProblemError(503, "timed_out", headers=RETRY) from None
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self._inside += change
        self._metrics.queue.inc(change)
