"""Stopped and killed in the midst of work: what was accepted is answered, what was acknowledged is there."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from index.store import open_store
from tests.torture.service.live import Live, live

pytestmark = pytest.mark.torture
RecordFigure = Callable[[str, object], None]


class Caller(threading.Thread):
    """Asks again and again, and knows which answers it got whole."""

    def __init__(self, running: Live, number: int) -> None:
        super().__init__()
        self._running, self._number = running, number
        self.answered: set[str] = set()
        self.lost: Counter[str] = Counter()

    def run(self) -> None:
        """Ask until the service is gone."""
        headers = {"Authorization": f"Bearer {self._running.search}"}
        with httpx.Client(base_url=self._running.base, headers=headers, timeout=60) as client:
            for place in range(100_000):
                name = f"caller-{self._number:02d}-{place:05d}"
                try:
                    response = client.get(f"/v1/search?q=minerals+{place}", headers={"X-Request-ID": name})
                    response.json()
                    self.answered.add(name)
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    self.lost[type(error).__name__] += 1


@pytest.mark.timeout(300)
def test_no_accepted_request_is_lost_when_the_service_is_stopped(
    store: Path, record_figure: RecordFigure
) -> None:
    with live(store) as running:
        callers = [Caller(running, number) for number in range(12)]
        for caller in callers:
            caller.start()
        time.sleep(5)
        began = time.monotonic()
        running.stop()
        took = time.monotonic() - began
        for caller in callers:
            caller.join()
        accepted = {line["request_id"] for line in running.lines() if "request_id" in line}
    answered = set().union(*(caller.answered for caller in callers))
    lost = sum((caller.lost for caller in callers), Counter[str]())
    record_figure("stop: accepted, answered", (len(accepted), len(answered)))
    record_figure("stop: seconds until it was gone", round(took, 2))
    record_figure("stop: requests that were sent into the closing and never accepted", dict(lost))
    assert len(accepted) > 20
    assert accepted <= answered


@pytest.mark.timeout(300)
def test_writes_under_way_are_done_when_the_service_is_stopped(store: Path) -> None:
    with live(store) as running:
        done: list[str] = []

        def write() -> None:
            with httpx.Client(base_url=running.base, headers=running.admin, timeout=60) as client:
                for place in range(10_000):
                    try:
                        if (
                            client.put(f"/v1/articles/w-{place}", json={"text": f"water {place}"}).status_code
                            == 201
                        ):
                            done.append(f"w-{place}")
                    except httpx.TransportError:
                        return

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(4)
        running.stop()
        writer.join()
    assert done
    with open_store(store, read_only=True) as opened:
        sources = {provenance.source for _, provenance, _ in opened.view().articles(100_000)[0]}
    assert set(done) <= sources


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [3])
def test_a_batch_outlives_kills(store: Path, kills: int, record_figure: RecordFigure) -> None:
    total = 600
    articles = [
        json.dumps(
            {"source": f"a-{n}", "text": f"Article {n} tells of minerals.\n\nAnd of trade, {n} times."}
        )
        for n in range(total)
    ]
    acknowledged: set[str] = set()
    task = ""
    reached = []
    for turn in range(kills + 1):
        with (
            live(store) as running,
            httpx.Client(base_url=running.base, headers=running.admin, timeout=60) as client,
        ):
            if not task:
                lines = {"Content-Type": "application/x-ndjson"}
                response = client.post(
                    "/v1/articles:batch", content="\n".join(articles).encode(), headers=lines
                )
                assert response.status_code == 202
                task = response.json()["id"]
            single = f"single-{turn}"
            if client.put(f"/v1/articles/{single}", json={"text": f"Of water, {turn}."}).status_code == 201:
                acknowledged.add(single)
            told = _until(client, task, total * (turn + 1) // (kills + 1))
            reached.append(told["done"])
            if turn < kills:
                os.kill(running.process.pid, signal.SIGKILL)
                running.process.wait()
    record_figure("kill: articles done before each kill, and at the end", reached)
    assert told["status"] == "succeeded"
    assert told["done"] == told["total"] == total
    assert told["counts"]["refused"] == 0
    with open_store(store, read_only=True) as opened:
        sources = {provenance.source for _, provenance, _ in opened.view().articles(100_000)[0]}
    assert {f"a-{n}" for n in range(total)} | acknowledged <= sources


def _until(client: httpx.Client, task: str, done: int) -> dict[str, object]:
    """The task when so many of its articles are done."""
    while True:
        told: dict[str, object] = client.get(f"/v1/tasks/{task}").json()
        if int(str(told["done"])) >= done and (done < int(str(told["total"])) or told["finished_at"]):
            return told
        time.sleep(0.01)
