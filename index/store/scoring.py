"""Scores as they are defined: the cosine of a query and a stored embedding, the same wherever the embedding lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.errors import StoreError
from index.store.columns import Ints
from index.store.records import Codes
from index.types import Embeddings

Direction: TypeAlias = npt.NDArray[np.float64]
"""A query made unit in double precision, shape `(dim,)`."""

Scores: TypeAlias = npt.NDArray[np.float32]

Fetch: TypeAlias = Callable[[Ints], Codes]
"""Gives the stored codes of rows `(n,)`, ascending, as `(n, dim)`."""

BLOCK = 8192
"""Rows scored in one step: bounds memory."""

MARGIN = 1e-3
"""An inner product with a stored code in single precision is off its cosine by less: rounding left the codes up to
4.9e-4 off unit length, and this is twice that.
"""

FEW = 256
"""Up to this many passages it is quicker to score all."""


def direction(embedding: Embeddings, dim: int) -> Direction:
    """The query as scoring takes it. Raises: StoreError: it has another shape, is not finite, or is zero."""
    if embedding.shape != (dim,):
        raise StoreError(f"a query embedding of shape ({dim},) was wanted, {embedding.shape} came")
    wide = embedding.astype(np.float64)
    norm = float(np.linalg.norm(wide))
    if not np.isfinite(norm) or norm == 0:
        raise StoreError("a query embedding must be finite and not zero")
    return wide / norm


def cosines(codes: Codes, query: Direction) -> Scores:
    """Cosines `(n,)` of stored codes `(n, dim)`: summed in double precision, so that equal embeddings score equal."""
    scores = np.empty(len(codes), dtype=np.float32)
    for start in range(0, len(codes), BLOCK):
        block = codes[start : start + BLOCK].astype(np.float32).astype(np.float64)
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))
        scores[start : start + BLOCK] = block @ query / norms
    return scores


def nearest(rows: Ints, codes: Codes, query: Direction, k: int) -> tuple[Ints, Scores]:
    """What `best` gives of the cosines of all these, of which only those that can be among them are worked out."""
    if len(rows) > max(FEW, 4 * k) and k:
        products = codes.astype(np.float32) @ query.astype(np.float32)
        kept = products >= np.partition(products, len(rows) - k)[len(rows) - k] - 2 * MARGIN
        rows, codes = rows[kept], codes[kept]
    return best(rows, cosines(codes, query), k)


def best(rows: Ints, scores: Scores, k: int) -> tuple[Ints, Scores]:
    """The k highest scores and their rows, best first, ties by lower row; all when there are fewer."""
    if len(rows) > 4 * k:
        floor = np.partition(scores, len(scores) - k)[len(scores) - k] if k else np.inf
        kept = scores >= floor
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]
