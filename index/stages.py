"""Where the time of a search goes: seconds by stage, gathered only while someone listens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

STAGES = ("tokenise", "encode", "search", "rank")

_gathering: ContextVar[dict[str, float] | None] = ContextVar("gathering", default=None)


@contextmanager
def gathered() -> Iterator[dict[str, float]]:
    """Seconds by stage of what runs in the block, in this thread; a stage entered twice is summed."""
    seconds: dict[str, float] = {}
    token = _gathering.set(seconds)
    try:
        yield seconds
    finally:
        _gathering.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the block's time to this stage, but for what stages within it count to themselves.

    Where nobody listens it costs less than a microsecond.
    """
    seconds = _gathering.get()
    if seconds is None:
        yield
        return
    began, before = time.perf_counter(), sum(seconds.values())
    try:
        yield
    finally:
        within = sum(seconds.values()) - before
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - began - within
