"""Token buckets: how much each caller may ask, and when again."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MOST_CALLERS = 20_000
"""Buckets kept; the one longest unused goes first. Bounds memory whatever addresses are forged."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a caller. `wait_s` is 0 when the request passes, else the seconds until one would."""

    limit: int
    remaining: int
    reset_s: int
    wait_s: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit-*`, and `Retry-After` for a refusal."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return {**told, "Retry-After": str(self.wait_s)} if self.wait_s else told


class Buckets:
    """One bucket a caller: `burst` tokens at first, refilled at `rate` a second. A rate of 0 limits nothing.

    For one thread: the event loop's.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, caller: Hashable) -> Allowance | None:
        """What is left after one request; nothing is taken from a bucket that is empty. None when unlimited."""
        if not self._rate:
            return None
        now, level = self._level(caller)
        if level >= 1:
            level -= 1
            wait = 0
        else:
            wait = max(1, math.ceil((1 - level) / self._rate))
        self._keep(caller, now, level)
        reset = math.ceil((self._burst - level) / self._rate)
        return Allowance(self._burst, max(0, math.floor(level)), reset, wait)

    def charge(self, caller: Hashable, tokens: int) -> None:
        """Take more for a request that turned out to be several; the caller may go into debt, a full bucket at most."""
        if self._rate and tokens > 0:
            now, level = self._level(caller)
            self._keep(caller, now, max(level - tokens, -float(self._burst)))

    def __len__(self) -> int:
        return len(self._levels)

    def _level(self, caller: Hashable) -> tuple[float, float]:
        now = self._clock()
        then, level = self._levels.get(caller, (now, float(self._burst)))
        return now, min(float(self._burst), level + (now - then) * self._rate)

    def _keep(self, caller: Hashable, now: float, level: float) -> None:
        self._levels[caller] = (now, level)
        self._levels.move_to_end(caller)
        while len(self._levels) > MOST_CALLERS:
            self._levels.popitem(last=False)
