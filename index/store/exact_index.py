"""Exact search in memory: a flat FAISS index over the codes as they are stored."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from index.store.columns import Ints, Mask
from index.store.faiss_api import faiss, search, selector, single_threaded
from index.store.records import Codes
from index.store.scoring import FEW, MARGIN, Direction, Fetch, Scores, best, cosines, nearest

SLACK = 32
"""Candidates asked for beyond k, so that one FAISS search nearly always proves the top k."""


class ExactIndex:
    """Codes by position, and the row of each, ascending; never changed once a view holds it.

    `index` is an `IndexIDMap` whose ids are rows, over float16 codes and inner product; `held` is what its codes lie
    in, where they are not its own.
    """

    def __init__(self, index: Any, held: object = None) -> None:
        single_threaded()
        flat = faiss.downcast_index(index.index)
        size = flat.ntotal * flat.code_size
        # A window on FAISS's own memory, not a copy; it lives as long as `index`, which is held here.
        memory = faiss.rev_swig_ptr(flat.codes.data(), size) if size else np.zeros(0, dtype=np.uint8)
        self.index, self._flat, self._held = index, flat, held
        self.codes: Codes = memory.view(np.float16).reshape(flat.ntotal, flat.d)
        self.rows: Ints = faiss.vector_to_array(index.id_map)

    @classmethod
    def build(cls, rows: Ints, codes: Codes) -> Self:
        """An index of these codes, `rows` ascending."""
        single_threaded()
        flat = faiss.IndexScalarQuantizer(
            codes.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        index = faiss.IndexIDMap(flat)
        if len(rows):
            index.add_with_ids(codes.astype(np.float32), rows)
        return cls(index)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, query: Direction, k: int, mask: Mask | None, fetch: Fetch) -> tuple[Ints, Scores]:
        """Rows and scores of the k nearest among the positions that `mask` allows, best first: exactly NumPy's.

        `fetch` is not needed: the codes are here.
        """
        allowed = len(self) if mask is None else int(np.count_nonzero(mask))
        want = k + SLACK
        while allowed > FEW and 4 * want < allowed:
            parameters = faiss.SearchParameters(sel=selector(mask))
            products, positions = search(self._flat, query, want, parameters)
            rows, top = best(self.rows[positions], cosines(self.codes[positions], query), k)
            if products[-1] + MARGIN < top[-1]:
                return rows, top
            want *= 8  # many near-equal scores at the k-th place: look further
        everything = np.arange(len(self)) if mask is None else np.flatnonzero(mask)
        return nearest(self.rows[everything], self.codes[everything], query, k)
