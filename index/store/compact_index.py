"""Approximate search for large corpora: FAISS holds two bits a dimension and finds candidates, stored codes rank them.

RaBitQ (Gao and Long, SIGMOD 2024) in FAISS's fast-scan layout within inverted lists. The vectors themselves stay in the
database and are stored once; a search reads those of its candidates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from index.store.columns import Ints, Mask
from index.store.faiss_api import faiss, search, selector, single_threaded
from index.store.records import Codes
from index.store.scoring import Direction, Fetch, Scores, best, cosines

CANDIDATES, PER_HIT = 200, 8
"""At least so many candidates are ranked by their stored codes, and so many for each passage asked for."""

QUANTIZER = "RaBitQfs2"
"""Two bits: among 100,000 passages cut from few words, so that hundreds are near every question, the ten nearest are
among the 200 candidates of two bits for .997, among 500 of one bit for .970.
"""

PROBED = 8
"""One list in so many is searched, or more, so that `LEAST_PROBED` passages are looked at: up to there, all."""
LEAST_PROBED = 150_000

SLACK = 32
"""So many more than k are scored in double precision: single precision orders all but near-equal ones."""

FEW = 1500
"""Up to this many passages it is quicker to read and score all."""

TRAINING_PER_LIST = 40


class CompactIndex:
    """Bits by position, and the row of each, ascending; never changed once a view holds it.

    `index` is an `IndexIDMap` whose ids are rows, over `IndexIVFRaBitQFastScan` and inner product.
    """

    def __init__(self, index: Any) -> None:
        single_threaded()
        self.index, self._lists = index, faiss.downcast_index(index.index)
        self.rows: Ints = faiss.vector_to_array(index.id_map)

    @classmethod
    def build(cls, sample: Codes, count: int, blocks: Iterable[tuple[Ints, Codes]]) -> Self:
        """An index of the blocks `(rows, codes)`, rows ascending, `count` in all; lists are learnt from `sample`."""
        single_threaded()
        lists = list_count(count)
        inner = faiss.index_factory(sample.shape[1], f"IVF{lists},{QUANTIZER}", faiss.METRIC_INNER_PRODUCT)
        inner.cp.niter = 10
        inner.cp.max_points_per_centroid = TRAINING_PER_LIST
        inner.cp.min_points_per_centroid = 1
        inner.train(sample.astype(np.float32))
        index = faiss.IndexIDMap(inner)
        for rows, codes in blocks:
            index.add_with_ids(codes.astype(np.float32), rows)
        return cls(index)

    def plus(self, rows: Ints, codes: Codes) -> CompactIndex:
        """A copy with these added, rows above all that are here; this one stays as it is."""
        single_threaded()
        index = faiss.clone_index(self.index)
        if len(rows):
            index.add_with_ids(codes.astype(np.float32), rows)
        return CompactIndex(index)

    @property
    def lists(self) -> int:
        """How many inverted lists there are."""
        return int(self._lists.nlist)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, query: Direction, k: int, mask: Mask | None, fetch: Fetch) -> tuple[Ints, Scores]:
        """Rows and scores of about the k nearest among the positions that `mask` allows, best first; scores are exact.

        `fetch` gives the stored codes of rows.
        """
        allowed = len(self) if mask is None else int(np.count_nonzero(mask))
        want = max(CANDIDATES, PER_HIT * k)
        if allowed <= max(FEW, want):
            rows = self.rows if mask is None else self.rows[mask]
            return best(rows, cosines(fetch(rows), query), k)
        # A narrow filter leaves little in each list, so that more of them are searched: all, if need be.
        share = max(1 / PROBED, LEAST_PROBED / len(self)) * len(self) / allowed
        parameters = faiss.IVFRaBitQSearchParameters(
            nprobe=math.ceil(self.lists * min(1, share)),
            qb=self._lists.qb,
            centered=self._lists.centered,
            sel=selector(mask),
        )
        _, positions = search(self._lists, query, want, parameters)
        rows = self.rows[np.sort(positions)]
        codes = fetch(rows)
        near = codes.astype(np.float32) @ query.astype(np.float32)
        kept = np.argsort(-near)[: k + SLACK]
        return best(rows[kept], cosines(codes[kept], query), k)


def list_count(passages: int) -> int:
    """How many inverted lists suit so many passages: about √n, a power of two."""
    return int(2 ** round(math.log2(max(passages, 1)) / 2))
