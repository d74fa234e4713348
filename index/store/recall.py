"""How much of exact search a store's index finds: measured against all embeddings, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.store.scoring import best, cosines, direction
from index.store.view import EmbeddedView
from index.types import Embeddings, Filters

QUERIES, K, SEED = 100, 10, 4
BLOCK = 16_384
NOISE = 0.5
"""Queries are stored embeddings, moved by noise of half their length: near what is stored, as questions are."""

EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Recall:
    """`at_k` is the share of the `k` truly nearest that searches find, over so many `queries`."""

    at_k: float
    k: int
    queries: int


def recall(view: EmbeddedView, queries: int = QUERIES, k: int = K) -> Recall:
    """Recall@k of a view against exact search; 1 for an empty store. Reads every embedding once."""
    asked = sample(view, queries)
    if not len(asked):
        return Recall(1.0, k, 0)
    wanted = exact(view, asked, k)
    found = [{candidate.row for candidate in view.nearest(query, k)} for query in asked]
    shares = [len(rows & set(true)) / len(true) for rows, true in zip(found, wanted, strict=True)]
    return Recall(float(np.mean(shares)), k, len(asked))


def sample(view: EmbeddedView, count: int) -> Embeddings:
    """Queries near what is stored, shape `(count, dim)`, always the same; fewer when fewer passages are stored."""
    chance, rows = np.random.default_rng(SEED), view.memory.alive()
    drawn = np.sort(chance.choice(rows, min(count, len(rows)), replace=False))
    noise = chance.standard_normal((len(drawn), view.encoder_key.dim))
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    moved: Embeddings = (view.codes(drawn) + noise).astype(np.float32)
    return moved


def exact(view: EmbeddedView, queries: Embeddings, k: int) -> list[list[int]]:
    """The rows of the k truly nearest of each query, best first."""
    rows = view.memory.alive()
    directions = [direction(query, view.encoder_key.dim) for query in queries]
    tops = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)) for _ in queries]
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        codes = view.codes(block)
        near = (
            codes.astype(np.float32) @ np.array(directions, dtype=np.float32).T
        )  # to leave most of the block out
        for place, query in enumerate(directions):
            kept = np.argpartition(-near[:, place], min(4 * k, len(block) - 1))[: 4 * k]
            held, scores = tops[place]
            found = np.concatenate([scores, cosines(codes[kept], query)])
            tops[place] = best(np.concatenate([held, block[kept]]), found, k)
    return [held.tolist() for held, _ in tops]
