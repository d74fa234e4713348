"""Token buckets, by a clock that is set by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service import rates
from service.rates import Allowance, Buckets


class Clock:
    """Tells the time it was set to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_then_the_rate_holds() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=3, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [
        Allowance(limit=3, remaining=2, reset_s=1),
        Allowance(limit=3, remaining=1, reset_s=1),
        Allowance(limit=3, remaining=0, reset_s=2),
    ]
    refused = buckets.take("a")
    assert refused == Allowance(limit=3, remaining=0, reset_s=2, wait_s=1)
    assert refused.headers == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "2",
        "Retry-After": "1",
    }
    assert buckets.take("b") == Allowance(limit=3, remaining=2, reset_s=1), "each caller has a bucket"
    clock.now = 0.5
    passed = buckets.take("a")
    assert passed is not None
    assert passed.wait_s == 0


def test_a_rate_of_0_limits_nothing() -> None:
    assert Buckets(rate=0, burst=1).take("a") is None


def test_a_batch_is_charged_for_its_parts() -> None:
    clock = Clock()
    buckets = Buckets(rate=1, burst=4, clock=clock)
    buckets.take("a")
    buckets.charge("a", 1000)
    left = buckets.take("a")
    assert left is not None
    assert left.wait_s == 5, "a full bucket of debt at most, and the token itself"


@given(st.lists(st.floats(0, 10), max_size=60))
def test_no_more_passes_than_burst_and_rate_allow(pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(rate=3, burst=5, clock=clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        left = buckets.take("a")
        passed += left is not None and not left.wait_s
    assert passed <= 5 + 3 * clock.now + 1e-6


def test_forged_callers_do_not_fill_the_memory() -> None:
    buckets = Buckets(rate=1, burst=1)
    for caller in range(rates.MOST_CALLERS + 100):
        buckets.take(caller)
    assert len(buckets) == rates.MOST_CALLERS
