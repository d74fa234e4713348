"""Ten times what the service can do, for a minute; and ten minutes of what it can."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.torture.service.live import Live, live

pytestmark = pytest.mark.torture
RecordFigure = Callable[[str, object], None]

CONTROL = Path(__file__).with_name("control.py")
MINUTE = 60.0
TIMES = 10
CROWD = 300
SOAK = 600.0
WARM = 700
"""Rounds of writes, after which passages have been folded into the main index: until then memory rises, by what is
fresh and not folded yet, which is bounded.
"""


def tally(running: Live, seconds: float, callers: int, pause: float = 0.0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(running.flood(seconds, callers, pause).communicate()[0])
    return told


def alive_ms(url: str, seconds: float, control: str | None = None) -> tuple[list[float], list[float]]:
    """Milliseconds of `/livez`, asked five times a second on a connection of its own; and of a bare server's answer."""
    found: tuple[list[float], list[float]] = ([], [])
    until = time.monotonic() + seconds
    with httpx.Client(timeout=30) as client:
        while time.monotonic() < until:
            for place, asked in zip(found, (url, control), strict=True):
                if asked is not None:
                    began = time.perf_counter()
                    assert client.get(asked).status_code == 200
                    place.append((time.perf_counter() - began) * 1000)
            time.sleep(0.2)
    return found


@pytest.mark.timeout(300)
def test_ten_times_the_capacity_for_a_minute(store: Path, record_figure: RecordFigure) -> None:
    # Where other work wants the processors, what things take is a figure to read, and says nothing of the service.
    is_quiet = os.getloadavg()[0] < (os.cpu_count() or 1) / 2
    with live(store, search_queue=30, query_cache=0) as running:
        tally(running, 3, 2)
        idle, _ = alive_ms(f"{running.base}/livez", 3)
        capacity = len(tally(running, 8, 4)["served_ms"]) / 8
        memory = running.status("VmRSS")
        control = subprocess.Popen([sys.executable, str(CONTROL)], stdout=subprocess.PIPE, text=True)
        assert control.stdout is not None
        elsewhere = f"http://127.0.0.1:{int(control.stdout.readline())}"
        crowd = running.flood(MINUTE, CROWD, CROWD / (TIMES * capacity))
        flooded, controls = alive_ms(f"{running.base}/livez", MINUTE - 1, elsewhere)
        control.kill()
        control.communicate()
        peak = running.status("VmHWM")
        told = json.loads(crowd.communicate()[0])
        time.sleep(5)
        after = len(tally(running, 8, 4)["served_ms"]) / 8
        assert running.stop() in (0, -15, 143)
    answers = told["statuses"]["200"] + told["statuses"]["503"]
    record_figure("other work on the machine", not is_quiet)
    record_figure("capacity, answers a second", capacity)
    record_figure("offered for a minute, a second", answers / MINUTE)
    record_figure("answers by status", told["statuses"])
    record_figure("median ms of those served", statistics.median(told["served_ms"]))
    record_figure("/livez idle, median and worst ms", (statistics.median(idle), max(idle)))
    record_figure("/livez flooded, median, 95 % and worst ms", quantiles(flooded))
    record_figure("/livez flooded, over 100 ms", f"{sum(took > 100 for took in flooded)} of {len(flooded)}")
    record_figure("a bare server beside it, the same", quantiles(controls))
    record_figure("memory before and at most, MiB", (memory // 1024, peak // 1024))
    record_figure("answers a second 5 s after", after)
    assert set(told["statuses"]) <= {"200", "503", "reconnected"}, "nothing but answers and refusals"
    assert told["without_retry"] == 0
    assert told["statuses"]["503"] > told["statuses"]["200"]
    assert peak - memory < 200 * 1024
    if is_quiet:
        assert quantiles(flooded)[1] < 100
        assert sum(took > 100 for took in flooded) <= len(flooded) // 100, "hardly one in a hundred"
        assert len(told["served_ms"]) / MINUTE > capacity / 4, "most of what it can do it goes on doing"
        assert after > capacity / 2


@pytest.mark.timeout(1800)
def test_ten_minutes_leave_nothing_behind(store: Path, record_figure: RecordFigure) -> None:
    with live(store, query_cache=256) as running:
        memory, descriptors = [], []
        with httpx.Client(base_url=running.base, headers=running.admin, timeout=60) as client:
            for turn in range(WARM):
                _write(client, turn)
            crowd = running.flood(SOAK, 6, 0.05)
            began, turn = time.monotonic(), WARM
            while time.monotonic() - began < SOAK:
                _write(client, turn)
                turn += 1
                memory.append(running.status("VmRSS") / 1024)
                descriptors.append(running.descriptors())
                time.sleep(2)
        told = json.loads(crowd.communicate()[0])
        assert running.stop() in (0, -15, 143)
    fifth = len(memory) // 5
    early, late = statistics.median(memory[fifth : 2 * fifth]), statistics.median(memory[-fifth:])
    record_figure("soak: answers by status", told["statuses"])
    record_figure("soak: writes", turn * 4)
    record_figure("soak: memory in the second and the last fifth, MiB", (round(early, 1), round(late, 1)))
    record_figure(
        "soak: descriptors, least and most in the last fifth",
        (min(descriptors[-fifth:]), max(descriptors[-fifth:])),
    )
    assert set(told["statuses"]) == {"200"}
    assert late < early * 1.02 + 4
    assert max(descriptors[-fifth:]) <= max(descriptors[: 2 * fifth]) + 8


def _write(client: httpx.Client, turn: int) -> None:
    """Each kind of write once, and some requests that fail."""
    text = f"Number {turn} of the minerals.\n\nA second paragraph on trade, {turn} words long."
    assert client.put(f"/v1/articles/turn-{turn % 20}", json={"text": text}).status_code in (200, 201)
    batch = {"articles": [{"source": f"batch-{turn % 7}-{n}", "text": f"{text} {n}"} for n in range(5)]}
    task = client.post("/v1/articles:batch", json=batch).json()["id"]
    assert client.get(f"/v1/tasks/{task}").status_code == 200
    assert client.delete(f"/v1/articles/turn-{turn % 20}").status_code == 200
    assert client.get("/v1/search").status_code == 422
    assert client.get("/metrics").status_code == 200
    assert (
        client.post(
            "/v1/search", content=b"[" * 1000, headers={"Content-Type": "application/json"}
        ).status_code
        == 400
    )


def quantiles(values: list[float]) -> tuple[float, float, float]:
    ordered = sorted(values)
    return tuple(round(ordered[int(len(ordered) * part)], 1) for part in (0.5, 0.95, 0.9999))  # type: ignore[return-value]
