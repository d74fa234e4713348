"""Figures → tables of RESULTS.md: as measured, as ratios to Sanad, as multiples of what the machine can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.peers import limits
from benchmarks.peers.worker import CLIENTS

SANAD = "Sanad, by meaning"


@dataclass(frozen=True, slots=True)
class Row:
    """A way of asking a peer; what was not measured is None. Seconds and bytes, latencies in milliseconds."""

    label: str
    over_http: bool
    build_s: float | None = None
    build_cpu_s: float | None = None
    disk: float | None = None
    open_s: float | None = None
    memory: float | None = None
    answers: Mapping[str, Mapping[str, float]] | None = None
    nearest: Mapping[str, float] | None = None
    recall: float | None = None
    embeds: bool = False

    def answer(self, clients: int, what: str) -> float | None:
        """A percentile, or answers a second as `rate`."""
        return self.answers[str(clients)][what] if self.answers else None

    def near(self, what: str) -> float | None:
        """A percentile of a search by vector, or its processor time as `cpu_ms`."""
        return self.nearest[what] if self.nearest else None

    def put_ms(self, passages: int) -> float | None:
        """Processor time of a passage that is put in, embedded first where the peer embeds."""
        return None if self.build_cpu_s is None else 1000 * self.build_cpu_s / passages

    @property
    def cpu_ms(self) -> float | None:
        """Processor time of an answer, over all numbers of callers."""
        if not self.answers:
            return None
        loads = self.answers.values()
        return sum(one["cpu_ms"] * one["answers"] for one in loads) / sum(one["answers"] for one in loads)


def rows_of(peer: str, found: Mapping[str, Any]) -> Iterator[Row]:
    """A row for each way it is asked; the first says what is the same for all."""
    module = import_module(f"benchmarks.peers.{peer}")
    whole: dict[str, Any] = {
        name: found.get(name) for name in ("build_s", "build_cpu_s", "disk", "nearest", "recall")
    }
    whole["embeds"] = hasattr(module, "EMBEDS") and not found.get("given", True)
    inside = {"open_s": found.get("open_s"), "memory": found.get("memory")}
    served = {"open_s": found.get("http_open_s"), "memory": found.get("http_memory")}
    if "http" not in found or "answers" in found:
        yield Row(module.LABEL, False, **whole, **inside, answers=found.get("answers"))
        whole = {}
    for mode, answers in found.get("http", {}).items():
        name = f"{module.LABEL}, {mode}" if mode else module.LABEL
        yield Row(name, True, answers=answers, **whole, **served)
        whole = {}


def section(known: Mapping[str, Any]) -> str:
    """All tables, by size, and what could not be measured."""
    parts = [INTRODUCTION.format(environment=known["environment"])]
    for size, of_size in known["found"].items():
        if of_size:
            parts.append(_of_size(size, of_size, known["limits"][size]))
    return "\n\n".join(parts)


INTRODUCTION = """`python -m benchmarks.peers`: every peer in processes of its own, the same texts, questions and model;
{environment}.
Up to 1,000 passages Sanad, the script and txtai embed the texts themselves, each its own way; the others, and
all of them above that, are given the embeddings: embedding a million texts takes hours here. An answer is the
ten best passages with their texts; bm25s, and txtai where embeddings are given, give numbers only, Sanad's
answers carry provenance, relevance and the marked sentence too. "In process": the peer has no server that takes
a question, so threads ask it, each embedding its question, and nothing travels over HTTP. Memory is of the
process that answers, model included. "Nearest" is a search by vector in the process, and recall@10 its share of
what exact search finds. Processor time is of the process that answers, the caller's aside.

![processor time of an answer by size](peers.svg)"""


def _of_size(size: str, found: Mapping[str, Mapping[str, Any]], best: Mapping[str, float]) -> str:
    one = next(iter(found.values()))
    passages, tokens = int(one["passages"]), float(one["tokens"])
    rows = [row for peer, figures in found.items() for row in rows_of(peer, figures)]
    loads = [figures["load"] for figures in found.values()]
    labels = {peer: import_module(f"benchmarks.peers.{peer}").LABEL for peer in found}
    lines = [
        f"### {passages:,} passages" + (" of the seeds" if size == "seeds" else ""),
        "",
        f"Of {tokens:.0f} tokens, one thread of OpenMP a process."
        if one["threads"] == 1
        else f"Of {tokens:.0f} tokens, {one['threads']} threads of OpenMP a process.",
        f"The machine's load was {min(loads):.0f} to {max(loads):.0f} on {best['cores']:.0f} cores"
        + (
            ", with other work: read the processor times, and times of the clock only beside each other."
            if max(loads) > best["cores"]
            else "."
        ),
        "",
        *_markdown(MEASURED, [_measured(row, passages) for row in rows]),
        "",
        *[
            f"- Not measured of {labels[peer]}: {one['error']}."
            for peer, one in found.items()
            if "error" in one
        ],
        "",
        "As ratios to Sanad by meaning; less than 1 is less:",
        "",
        *_markdown(RATIOS, [_ratio(row, rows, passages) for row in rows if row.label != SANAD]),
        "",
        _limits(best, passages, tokens),
        "",
        *_markdown(MULTIPLES, [_multiple(row, passages, tokens, best) for row in rows]),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


MEASURED = (
    "",
    "asked",
    "a passage put in, ms of CPU",
    "passages/s",
    "MB on disk",
    "open to first answer",
    "memory, MB",
    "an answer, ms of CPU",
    "p50 / p95 / p99, ms",
    "answers/s of 1 / 4 / 16 callers",
    "nearest, ms of CPU",
    "p50 / p99, ms",
    "recall@10",
)
RATIOS = (
    "",
    "CPU of putting in",
    "disk",
    "memory",
    "open",
    "CPU of an answer",
    "p50",
    "answers/s of 1",
    "of 4",
    "of 16",
    "CPU of nearest",
)
MULTIPLES = (
    "",
    "CPU of an answer ÷ (bare ASGI + encode)",
    "p50 ÷ (round trip + encode)",
    "CPU of nearest ÷ exact, streamed",
    "CPU of putting in ÷ embedding at best",
)


def _measured(row: Row, passages: int) -> list[str]:
    return [
        row.label,
        "over HTTP" if row.over_http else "in process",
        shown(row.put_ms(passages)),
        shown(ratio(passages, row.build_s)),
        shown(ratio(row.disk, 1e6)),
        "" if row.open_s is None else f"{row.open_s:.1f} s",
        shown(ratio(row.memory, 1e6)),
        shown(row.cpu_ms),
        " / ".join(shown(row.answer(1, share)) for share in ("p50", "p95", "p99")).strip(" /"),
        " / ".join(shown(row.answer(clients, "rate")) for clients in CLIENTS).strip(" /"),
        shown(row.near("cpu_ms")),
        " / ".join(shown(row.near(share)) for share in ("p50", "p99")).strip(" /"),
        "" if row.recall is None else f"{row.recall:.3f}",
    ]


def _ratio(row: Row, rows: Sequence[Row], passages: int) -> list[str]:
    sanad = next((one for one in rows if one.label == SANAD), Row(SANAD, True))
    pairs = [
        (row.put_ms(passages), sanad.put_ms(passages)),
        (row.disk, sanad.disk),
        (row.memory, sanad.memory),
        (row.open_s, sanad.open_s),
        (row.cpu_ms, sanad.cpu_ms),
        (row.answer(1, "p50"), sanad.answer(1, "p50")),
        *((row.answer(clients, "rate"), sanad.answer(clients, "rate")) for clients in CLIENTS),
        (row.near("cpu_ms"), sanad.near("cpu_ms")),
    ]
    return [row.label, *(shown(ratio(its, to)) for its, to in pairs)]


def _multiple(row: Row, passages: int, tokens: float, best: Mapping[str, float]) -> list[str]:
    """Only what is asked over HTTP is compared with a round trip, only what embeds with embedding."""
    trip, trip_cpu = (best["trip_ms"], best["trip_cpu_ms"]) if row.over_http else (0.0, 0.0)
    embedding = limits.embedding_ms(best, tokens) if row.embeds else None
    return [
        row.label,
        shown(ratio(row.cpu_ms, best["encode_cpu_ms"] + trip_cpu)),
        shown(ratio(row.answer(1, "p50"), best["encode_ms"] + trip)),
        shown(ratio(row.near("cpu_ms"), limits.exact_ms(best, passages))),
        shown(ratio(row.put_ms(passages), embedding)),
    ]


def _limits(best: Mapping[str, float], passages: int, tokens: float) -> str:
    return (
        "As multiples of what the machine can do, measured in the same run (formulas in `benchmarks/peers/limits.py`):"
        f" a core reads {best['read'] / 1e9:.1f} GB/s and multiplies {best['multiply'] / 1e9:.0f} GFLOP/s; a bare ASGI"
        f" round trip takes {best['trip_ms']:.2f} ms, {best['trip_cpu_ms']:.2f} of CPU; a question is encoded in"
        f" {best['encode_ms']:.2f} ms, {best['encode_cpu_ms']:.2f} of CPU. Exact search streams"
        f" {passages * limits.DIM * 4 / 1e6:,.1f} MB, at best in {shown(limits.exact_ms(best, passages))} ms; a passage"
        f" of {tokens:.0f} tokens is embedded in float32 at best in {shown(limits.embedding_ms(best, tokens))} ms."
    )


def ratio(value: float | None, by: float | None) -> float | None:
    """The quotient, None where either is not known."""
    return None if value is None or not by else value / by


def shown(value: float | None) -> str:
    """Three digits that count at most, or nothing."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; a column that says nothing in any row is left out."""
    kept = [n for n in range(len(head)) if n == 0 or any(row[n] for row in rows)]
    cells = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return [f"| {' | '.join(row[n] for n in kept)} |" for row in cells]
