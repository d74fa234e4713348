"""What the service counts and times, for Prometheus. Labels come from fixed sets: never what was asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    multiprocess,
)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Set for several workers: the folder where they keep their counts, so that any of them answers for all."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The service's instruments, made once an application."""

    registry: CollectorRegistry
    requests: Counter
    problems: Counter
    took: Histogram
    stages: Histogram
    queue: Gauge
    refused: Counter
    key_failures: Counter
    remembered: Counter
    tasks: Gauge
    revision: Gauge
    passages: Gauge
    articles: Gauge
    model: Gauge

    @classmethod
    def create(cls) -> Self:
        """Instruments in a registry of their own, so that several applications can live in one process."""
        own = CollectorRegistry()

        def gauge(name: str, text: str, labels: tuple[str, ...] = (), mode: str = "mostrecent") -> Gauge:
            return Gauge(name, text, labels, registry=own, multiprocess_mode=mode)  # type: ignore[arg-type]

        if SHARED not in os.environ:
            ProcessCollector(registry=own)
        return cls(
            registry=own,
            requests=Counter("sanad_requests", "Answers.", ("route", "method", "status"), registry=own),
            problems=Counter("sanad_problems", "Answers that are problems.", ("code",), registry=own),
            took=Histogram(
                "sanad_request_seconds", "Seconds to answer.", ("route",), registry=own, buckets=SECONDS
            ),
            stages=Histogram(
                "sanad_search_seconds",
                "Seconds of a search.",
                ("stage",),
                registry=own,
                buckets=STAGE_SECONDS,
            ),
            queue=gauge("sanad_queue", "Searches that run or wait.", mode="livesum"),
            refused=Counter("sanad_queue_refused", "Searches refused for a full queue.", registry=own),
            key_failures=Counter("sanad_key_failures", "Wrong keys shown.", registry=own),
            remembered=Counter(
                "sanad_query_embeddings", "Query embeddings by where they came from.", ("from",), registry=own
            ),
            tasks=gauge("sanad_tasks_waiting", "Writes that wait."),
            revision=gauge("sanad_index_revision", "The index's newest revision."),
            passages=gauge("sanad_index_passages", "Passages in the index."),
            articles=gauge("sanad_index_articles", "Articles in the index."),
            model=gauge("sanad_model", "1 for the model that answers.", ("id", "revision")),
        )

    def on_query(self, known: bool) -> None:
        """Count a question's embedding as remembered, or as made."""
        self.remembered.labels("memory" if known else "encoder").inc()

    def observe_stages(self, seconds: Mapping[str, float]) -> None:
        """Time of one search by stage."""
        for name, value in seconds.items():
            self.stages.labels(name).observe(value)

    def exposition(self) -> bytes:
        """All of it in Prometheus's text format; of all workers together where there are several."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def forget_dead_workers() -> None:
    """Take out of the shared counts what workers that are gone say of themselves now; called as one starts."""
    shared = os.environ.get(SHARED)
    if shared is None:
        return
    for file in Path(shared).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        with suppress(PermissionError):  # alive, and another user's
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                multiprocess.mark_process_dead(pid, shared)  # type: ignore[no-untyped-call]
