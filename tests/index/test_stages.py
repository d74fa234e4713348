"""Time by stage: summed, exclusive, and nothing kept where nobody listens."""

from __future__ import annotations

import time

import pytest

from index.stages import gathered, stage


def test_a_stage_counts_what_no_stage_within_it_counts() -> None:
    with gathered() as seconds:
        with stage("rank"):
            time.sleep(0.01)
            with stage("encode"):
                time.sleep(0.02)
        with stage("rank"):
            time.sleep(0.01)
    assert set(seconds) == {"rank", "encode"}
    assert seconds["encode"] >= 0.02
    assert seconds["rank"] >= 0.02
    assert sum(seconds.values()) == pytest.approx(0.04, abs=0.05)


def test_nothing_is_gathered_outside() -> None:
    with stage("encode"):
        pass
    with gathered() as seconds:
        pass
    assert seconds == {}
