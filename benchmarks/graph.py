"""The graph by which a store on Milvus is searched, in FAISS, on which Milvus is built: `python -m benchmarks.graph`.

One thread, processor time. A query's cost grows with the logarithm of the passages in a segment, and with the number of
segments: docs/scale.md reckons with what is measured here.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from benchmarks import results
from benchmarks.scale import DIM, PER_STEP, rows_of
from index.store.faiss_api import faiss
from index.store.milvus.schema import HNSW
from index.store.milvus.view import EF

PASSAGES, QUERIES, K = 100_000, 300, 10
NOISE = 0.5
"""How far a query lies from a passage, of the passage's length."""


def measured(passages: int) -> dict[str, float]:
    """Milliseconds to add a passage and to answer a query, recall@10, bytes of a passage."""
    faiss.omp_set_num_threads(1)
    rows = np.concatenate([rows_of(block) for block in range(passages // PER_STEP)])
    index = faiss.IndexHNSWFlat(DIM, HNSW["M"], faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = HNSW["efConstruction"], EF
    began = time.process_time()
    index.add(rows)
    build = time.process_time() - began
    noise = np.random.default_rng(5).standard_normal((QUERIES, DIM)).astype(np.float32)
    queries = rows[:QUERIES] + NOISE * noise / np.sqrt(np.float32(DIM))
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    wanted = np.argsort(-(queries @ rows.T), axis=1)[:, :K]
    began = time.process_time()
    _, found = index.search(queries, K)
    search = time.process_time() - began
    recall = np.mean([len(set(a) & set(b)) / K for a, b in zip(found.tolist(), wanted.tolist(), strict=True)])
    return {
        "add": 1000 * build / len(rows),
        "search": 1000 * search / QUERIES,
        "recall": float(recall),
        "bytes": len(faiss.serialize_index(index)) / len(rows),
    }


def main() -> None:
    """Measure, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.graph", description=__doc__)
    parser.add_argument("--passages", type=int, default=PASSAGES)
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    given = parser.parse_args()
    found = measured(given.passages)
    shown = "\n".join(
        [
            f"HNSW, M {HNSW['M']}, efConstruction {HNSW['efConstruction']}, ef {EF}, {given.passages:,} synthetic"
            f" passages of {DIM} dimensions, float32, one thread; `python -m benchmarks.graph`.",
            "",
            "| what | figure |",
            "|---|--:|",
            f"| add a passage, ms of CPU | {found['add']:.2f} |",
            f"| answer a query, ms of CPU | {found['search']:.3f} |",
            f"| recall@{K} | {found['recall']:.3f} |",
            f"| bytes of a passage | {found['bytes']:.0f} |",
        ]
    )
    sys.stdout.write(shown + "\n")
    if given.record:
        results.put("The graph of Milvus, in FAISS", shown)


if __name__ == "__main__":
    main()
