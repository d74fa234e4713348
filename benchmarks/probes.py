"""How many inverted lists a question needs, and what is found in them, in real paragraphs with real questions.

`make bench-probes`: Arabic news and encyclopaedia paragraphs, embedded by the bundled model and stored as they are in a
store; Arabic and English questions that were written about some of them.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import results
from benchmarks.duplicates import texts
from index.encoder import load_encoder
from index.encoder.pool import EncoderPool
from index.store import compact_index
from index.store.columns import Ints
from index.store.compact_index import CompactIndex, list_count
from index.store.records import Codes, to_codes
from index.store.scoring import Scores, direction, nearest
from index.types import Embeddings

QUESTIONS = Path("training/data/written_queries.jsonl.xz")
ASKED, K, STEP, SEED = 500, 10, 4096, 0
SHARES, MARGINS = (32, 16, 8, 4), (2.0, 2.5, 3.0, 3.5)
HEADING = "Lists searched"


def main() -> None:
    """Embed, ask, print the table, and record it where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probes", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--passages", type=int, default=60_000)
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    given = parser.parse_args()
    codes = to_codes(embedded(list(islice(texts(given.data), given.passages))))
    queries = [direction(row, codes.shape[1]) for row in load_encoder().encode_queries(questions())]
    rows = np.arange(1, len(codes) + 1)

    def fetch(wanted: Ints) -> Codes:
        return codes[wanted - 1]

    lists, own = list_count(len(codes)), compact_index.MARGIN
    sample = codes[
        np.random.default_rng(SEED).permutation(len(codes))[: lists * compact_index.TRAINING_PER_LIST]
    ]
    index = CompactIndex.build(sample, len(codes), [(rows, codes)])
    wanted = [set(nearest(rows, codes, query, K)[0].tolist()) for query in queries]
    found = [
        "| lists searched | on average | half of the questions | the most | nearest, p50 / p99 | recall@10 |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for label, margin, least in settings():
        compact_index.MARGIN, compact_index.LEAST_PROBED = margin, least
        shares = np.array([index.probed(query) / index.lists for query in queries])
        took, answers = zip(
            *(timed(partial(index.nearest, query, K, None, fetch)) for query in queries), strict=True
        )
        recall = np.mean(
            [len(set(of.tolist()) & true) / K for (of, _), true in zip(answers, wanted, strict=True)]
        )
        milliseconds = np.percentile(took, (50, 99)) * 1000
        found.append(
            f"| {label} | {shares.mean():.3f} | {np.median(shares):.3f} | {shares.max():.3f}"
            f" | {milliseconds[0]:.2f} / {milliseconds[1]:.2f} ms | {recall:.4f} |"
        )
    about = (
        f"{len(codes):,} Arabic paragraphs, {ASKED} questions in both languages, {lists} lists, the bundled model's"
        f" embeddings in memory, one thread; `make bench-probes`. The store's own way is {own} deviations."
    )
    table = "\n".join([about, "", *found])
    sys.stdout.write(table + "\n")
    if given.record:
        results.put(HEADING, table)


def settings() -> Iterator[tuple[str, float, int]]:
    """A label, a margin, and the share that is searched at least: shares alone, then margins with the store's share."""
    store = compact_index.LEAST_PROBED
    yield from ((f"one in {share}", 0.0, share) for share in SHARES)
    yield from (
        (f"within {margin} deviations of the nearest, at least one in {store}", margin, store)
        for margin in MARGINS
    )


def embedded(paragraphs: list[str]) -> Embeddings:
    """Unit rows of these paragraphs, `(len(paragraphs), dim)`, made on all cores."""
    with EncoderPool.create(load_encoder, load_encoder().key, os.cpu_count() or 1) as pool:
        steps = [pool.begin(paragraphs[start : start + STEP])() for start in range(0, len(paragraphs), STEP)]
    return np.concatenate(steps)


def questions() -> list[str]:
    """Some of those that were written for the training of the model, English and Arabic by turns."""
    with lzma.open(QUESTIONS, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    chosen = np.random.default_rng(SEED).permutation(len(records))[:ASKED].tolist()
    return [records[place]["query_en" if turn % 2 else "query_ar"] for turn, place in enumerate(chosen)]


def timed(ask: Callable[[], tuple[Ints, Scores]]) -> tuple[float, tuple[Ints, Scores]]:
    """Seconds, and what was found."""
    began = time.perf_counter()
    answer = ask()
    return time.perf_counter() - began, answer


if __name__ == "__main__":
    main()
