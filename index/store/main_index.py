"""The main index of a view: exact while that is fast, compact beyond; made, grown, written and read."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from index.store.columns import Ints
from index.store.compact_index import TRAINING_PER_LIST, CompactIndex, list_count
from index.store.exact_index import ExactIndex
from index.store.faiss_api import copied, faiss, mapped
from index.store.records import Codes
from index.store.scoring import Fetch

MainIndex: TypeAlias = ExactIndex | CompactIndex

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many are done, of how many."""

BLOCK = 16_384
"""Codes read and added in one step: bounds memory."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """When an index changes its kind and when fresh passages are folded into it, in passages."""

    exact_below: int = 50_000
    fold_at: int = 4096


def build(rows: Ints, fetch: Fetch, dim: int, tuning: Tuning, progress: Progress | None = None) -> MainIndex:
    """The index that suits these rows, ascending, whose stored codes `fetch` gives."""
    if len(rows) < tuning.exact_below:
        blocks = [codes for _, codes in _blocks(rows, fetch, progress)]
        return ExactIndex.build(rows, np.concatenate([np.zeros((0, dim), dtype=np.float16), *blocks]))
    size = min(len(rows), TRAINING_PER_LIST * list_count(len(rows)))
    sample = np.sort(np.random.default_rng(0).choice(rows, size, replace=False))
    codes = np.concatenate([block for _, block in _blocks(sample, fetch)])
    return CompactIndex.build(codes, len(rows), _blocks(rows, fetch, progress))


def read(data: mmap.mmap, dim: int) -> MainIndex:
    """The index of a checkpoint. Raises: ValueError: it is none of ours."""
    index = mapped(data)
    inner = faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap) else None
    if index.d != dim or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ValueError(f"it is of {index.d} dimensions or another metric")
    if isinstance(inner, faiss.IndexScalarQuantizer):
        return ExactIndex(index, data)
    turned = faiss.downcast_index(inner.index) if isinstance(inner, faiss.IndexPreTransform) else None
    if isinstance(turned, faiss.IndexIVFRaBitQFastScan):
        return CompactIndex(copied(data))
    raise ValueError(f"it is of a kind that is not used here: {type(turned or inner or index).__name__}")


def _blocks(rows: Ints, fetch: Fetch, progress: Progress | None = None) -> Iterator[tuple[Ints, Codes]]:
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        yield block, fetch(block)
        if progress:
            progress(start + len(block), len(rows))
