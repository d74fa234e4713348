"""Several processes over one store: one writes, all answer, each counts for all."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.torture.service.live import Live, live

pytestmark = pytest.mark.torture


def pids(running: Live) -> set[int]:
    """The worker processes."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        command = status.with_name("cmdline").read_bytes() if status.exists() else b""
        if int(fields[1]) == running.process.pid and b"spawn_main" in command:
            found.add(int(status.parent.name))
    return found


def fresh(running: Live, method: str, path: str, **sent: object) -> httpx.Response:
    """On a connection of its own, which any of the workers may accept."""
    return httpx.request(method, running.base + path, headers=running.admin, timeout=60, **sent)  # type: ignore[arg-type]


@pytest.mark.timeout(300)
def test_two_workers_share_a_store(store: Path) -> None:
    with live(store, workers=2) as running:
        for place in range(10):
            written = fresh(
                running, "PUT", f"/v1/articles/w-{place}", json={"text": f"Water, {place} times."}
            )
            assert written.status_code == 201, written.text
            revision = written.json()["revision"]
            seen = Counter(fresh(running, "GET", "/readyz").json()["revision"] for _ in range(4))
            assert set(seen) == {revision}, "whichever worker is asked"
        asked = 40
        for _ in range(asked):
            assert fresh(running, "GET", "/v1/search?q=water").status_code == 200
        counts = Counter(_counted(fresh(running, "GET", "/metrics").text) for _ in range(6))
        assert set(counts) == {asked}, "whichever worker is asked"
        assert running.stop() in (0, -15, 143)


@pytest.mark.timeout(300)
def test_another_worker_writes_when_the_one_that_wrote_is_killed(store: Path) -> None:
    with live(store, workers=2) as running:
        for turn in range(3):
            assert fresh(running, "PUT", f"/v1/articles/t-{turn}", json={"text": "Water."}).status_code == 201
            deadline = time.monotonic() + 60
            while len(alive := sorted(pids(running))) < 2:  # the one killed before is being replaced
                assert time.monotonic() < deadline
                time.sleep(0.1)
            os.kill(alive[turn % 2], signal.SIGKILL)
            while True:
                try:
                    if (
                        fresh(running, "PUT", f"/v1/articles/u-{turn}", json={"text": "Law."}).status_code
                        == 201
                    ):
                        break
                except httpx.TransportError:
                    assert time.monotonic() < deadline
        assert running.stop() in (0, -15, 143)


def _counted(text: str) -> int:
    return round(
        sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "sanad_requests_total"
            and sample.labels["route"] == "/v1/search"
            and sample.labels["status"] == "200"
        )
    )
