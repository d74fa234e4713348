"""A peer's process: `python -m benchmarks.peers.worker PEER build|ask|serve FOLDER STORE MODEL [PORT]`.

What is measured is printed, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given, Rows
from benchmarks.peers.measures import Figures, recall, resident, spread, threads

CLIENTS, SECONDS = (1, 4, 16), 6.0
NEAREST_S = 20.0
"""Seconds in which queries are asked as vectors, at most, after a round that is not timed."""


def ask(peer: Any, given: Given) -> None:
    """Open, answer, and say so; then measure."""
    opened, questions = peer.Open(given), given.questions()
    opened.answer(questions[0])
    _tell(first=True)
    if hasattr(opened, "nearest"):
        queries, wanted = opened.truth() if hasattr(opened, "truth") else (given.queries(), given.wanted())
        found, took = _nearest(opened, queries)
        _tell(nearest=took, recall=recall(found, wanted[: len(found)]), questions=len(found))
    if not hasattr(peer, "serve") or hasattr(peer, "TAKES_VECTORS"):
        threads(opened.answer, questions, 1, 1.0)
        _tell(answers={clients: threads(opened.answer, questions, clients, SECONDS) for clients in CLIENTS})
    _tell(memory=resident(os.getpid()))


def _nearest(opened: Any, queries: Rows) -> tuple[list[list[int]], Figures]:
    end, found = time.perf_counter() + NEAREST_S, []
    for query in queries:
        found.append(list(opened.nearest(query)))
        if time.perf_counter() > end:
            break
    took, end, spent = [], time.perf_counter() + NEAREST_S, time.process_time()
    for query in queries[: len(found)]:
        began = time.perf_counter()
        opened.nearest(query)
        took.append(time.perf_counter() - began)
        if time.perf_counter() > end:
            break
    return found, {**spread(took), "cpu_ms": 1000 * (time.process_time() - spent) / len(took)}


def embed(given: Given) -> None:
    """Put beside the texts what sentence-transformers makes of the questions, and of the texts where it must."""
    import numpy as np

    from benchmarks.peers.encoding import encode

    np.save(given.folder / "queries.npy", encode(given.model, given.questions()))
    if not given.is_embedded:
        np.save(given.folder / "vectors.npy", encode(given.model, given.texts()))


def _tell(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what the command line says."""
    name, what, *places = sys.argv[1:6]
    given = Given(*(Path(place) for place in places))
    if what == "embed":
        embed(given)
        return
    peer = import_module(f"benchmarks.peers.{name}")
    if what == "build":
        began = time.perf_counter()
        peer.build(given)
        times = os.times()  # of those it began and waited for, too
        _tell(seconds=time.perf_counter() - began, cpu_s=sum(times[:4]))
    elif what == "ask":
        ask(peer, given)
    else:
        # Nobody reads what a server prints: one that prints a line an answer would wait for ever once the pipe is full.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        peer.serve(given, int(sys.argv[6]))


if __name__ == "__main__":
    main()
