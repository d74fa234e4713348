"""The arithmetic: percentiles, recall, closed loops of callers, memory. Read in two environments."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Figures = dict[str, float]
LEAST, PATIENCE_S = 50, 30.0
"""Answers of a load at least, and the seconds beyond its own in which they may come."""
PAGE, TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def spread(seconds: Sequence[float]) -> Figures:
    """p50, p95 and p99 in milliseconds: the least value that so many percent do not exceed."""
    ordered = sorted(seconds)
    return {
        f"p{share}": 1000 * ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]
        for share in (50, 95, 99)
    }


def recall(found: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> float:
    """The share of what is wanted that was found, in the mean over questions."""
    shares = [
        len(set(these) & set(those)) / len(those) for these, those in zip(found, wanted, strict=True) if those
    ]
    return sum(shares) / len(shares)


def goes_on(end: float, answers: int) -> bool:
    """Whether a load goes on: until its end, and until there are `LEAST` answers, if these come at all."""
    now = time.perf_counter()
    return now < end or (answers < LEAST and now < end + PATIENCE_S)


def threads(ask: Callable[[str], object], questions: Sequence[str], clients: int, seconds: float) -> Figures:
    """Percentiles, answers a second and CPU an answer, of so many threads that ask one question after another."""
    took: list[float] = []
    spent = time.process_time()
    end = time.perf_counter() + seconds

    def run(first: int) -> None:
        place = first
        while goes_on(end, len(took)):
            began = time.perf_counter()
            ask(questions[place % len(questions)])
            took.append(time.perf_counter() - began)
            place += clients

    began = time.perf_counter()
    callers = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    rate = len(took) / (time.perf_counter() - began)
    cpu_ms = 1000 * (time.process_time() - spent) / len(took)
    return {**spread(took), "rate": rate, "answers": len(took), "cpu_ms": cpu_ms}


def tree(pid: int) -> list[int]:
    """A process and all it began."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process and all it began hold."""
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE for one in tree(pid))


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process and all it began have had."""
    stats = (Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split() for one in tree(pid))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
