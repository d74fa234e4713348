"""What indexing costs, a passage and stage, and what more processes gain: `python -m benchmarks.indexing`.

The stages are of one process and thread, in processor time, so that other work on the machine does not count. The gain
is of wall time, the numbers of processes in turn, round after round: what else runs meanwhile slows all of them alike.
Beside it stands what so many encoders gain that do nothing but encode: cores that share a core's parts gain less than
their number, whatever is built on them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from benchmarks import results, texts
from index.clean import Phrases, clean
from index.encoder import load_encoder
from index.encoder.pool import PIECE, EncoderPool
from index.read import read_folder
from index.split import split
from index.store import create_store
from index.sync import FLUSH_PASSAGES, Cut, encode_passages, entries
from index.types import RawArticle

PASSAGES, ROUNDS = 2048, 3

Took: TypeAlias = dict[int, list[float]]
"""Seconds of each round, by number of processes."""


def stages(folder: Path, place: Path) -> dict[str, float]:
    """Milliseconds of processor time of a passage, by stage."""
    encoder, phrases = load_encoder(), Phrases.load()
    began = time.process_time()
    raw = [item for item in read_folder(folder) if isinstance(item, RawArticle)]
    articles = [clean(item, phrases) for item in raw]
    cuts = [Cut(one, split(one, encoder.count_tokens, encoder.max_tokens)) for one in articles]
    read = time.process_time() - began
    passages = [passage for cut in cuts for passage in cut.passages]
    began = time.process_time()
    rows = encode_passages(encoder, passages)
    embed = time.process_time() - began
    known = dict(zip((passage.id for passage in passages), rows, strict=True))
    put = 0.0
    with create_store(place, encoder.key) as store:
        step: list[Cut] = []
        for cut in cuts:
            step.append(cut)
            if sum(len(one.passages) for one in step) >= FLUSH_PASSAGES or cut is cuts[-1]:
                stored = [{p.id: (p.heading, known[p.id]) for p in one.passages} for one in step]
                whole = entries(step, (), stored, encoder)
                began = time.process_time()
                store.put(whole)
                put += time.process_time() - began
                step = []
    tokens = encoder.count_tokens([passage.text for passage in passages])
    per = 1000 / len(passages)
    return {
        "passages": len(passages),
        "tokens": sum(tokens) / len(tokens),
        "bytes": sum(len(passage.text.encode()) for passage in passages) / len(passages),
        "read, clean, split": read * per,
        "embed": embed * per,
        "write": put * per,
    }


def wall(folder: Path, place: Path, jobs: int) -> float:
    """Seconds of a first sync with this number of processes, start and all."""
    command = [sys.executable, "-m", "index", "sync", str(folder), "--store", str(place), "--jobs", str(jobs)]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def encoding(passages: Sequence[str], jobs: int) -> float:
    """Seconds in which so many processes encode these passages, once they have started."""
    with EncoderPool.create(load_encoder, load_encoder().key, jobs) as pool:
        pool.begin(passages[: 2 * PIECE * jobs])()
        began = time.perf_counter()
        pool.begin(passages)()
        return time.perf_counter() - began


def table(found: Mapping[str, float], took: Took, alone: Took, load: tuple[float, float]) -> str:
    """The section of RESULTS.md, of seconds by number of processes: of the sync, and of encoding alone."""
    whole = sum(found[name] for name in ("read, clean, split", "embed", "write"))
    lines = [
        f"{found['passages']:.0f} passages of {found['tokens']:.0f} tokens and {found['bytes']:.0f} bytes of UTF-8,"
        " made of the seeds' sentences; `python -m benchmarks.indexing`.",
        "",
        "| stage, one process and thread | ms of CPU a passage |",
        "|---|--:|",
        *(f"| {name} | {found[name]:.2f} |" for name in ("read, clean, split", "embed", "write")),
        f"| all | {whole:.2f}, {1000 / whole:.0f} passages/s |",
        "",
        f"Load {load[0]:.1f} before and {load[1]:.1f} after, {os.cpu_count()} cores. Medians of {len(took[1])} rounds,"
        " the processes in turn; times as fast: against one process of the same round.",
        "",
        "| `--jobs` | passages/s | times as fast | encoders alone, times as fast |",
        "|--:|--:|--:|--:|",
    ]
    for jobs, seconds in took.items():
        rate = found["passages"] / statistics.median(seconds)
        lines.append(f"| {jobs} | {rate:.0f} | {_gain(took, jobs)} | {_gain(alone, jobs)} |")
    return "\n".join(lines)


def _gain(took: Took, jobs: int) -> str:
    gains = [one / these for one, these in zip(took[1], took[jobs], strict=True)]
    return f"{statistics.median(gains):.2f} ({min(gains):.2f} to {max(gains):.2f})"


def main() -> None:
    """Measure, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexing", description=__doc__)
    parser.add_argument("--passages", type=int, default=PASSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--jobs", type=int, nargs="+", default=[1, 2], help="numbers of processes; 1 is the measure"
    )
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="sanad-indexing-") as place:
        folder = Path(place)
        texts.write(folder / "articles", given.passages)
        found = stages(folder / "articles", folder / "stages")
        before = os.getloadavg()[0]
        took: Took = {jobs: [] for jobs in sorted({1, *given.jobs})}
        alone: Took = {jobs: [] for jobs in took}
        passages = [text.text for text in texts.texts(given.passages // 2)]
        for number in range(given.rounds):
            for jobs in took:
                took[jobs].append(wall(folder / "articles", folder / f"{number}-{jobs}", jobs))
                alone[jobs].append(encoding(passages, jobs))
        shown = table(found, took, alone, (before, os.getloadavg()[0]))
    sys.stdout.write(shown + "\n")
    if given.record:
        results.put("Indexing", shown)


if __name__ == "__main__":
    main()
