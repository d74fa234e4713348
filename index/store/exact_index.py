"""Exact search in memory: a flat FAISS index over the codes as they are stored."""

from __future__ import annotations

from typing import Any, Self

import faiss as _faiss
import numpy as np

from index.store.columns import Ints, Mask
from index.store.records import Codes
from index.store.scoring import Direction, Scores, best, cosines

faiss: Any = _faiss
"""FAISS adapts its classes to Python at import, which its type stubs do not tell."""

MARGIN = 1e-3
"""FAISS ranks by inner product with codes that rounding left up to 4.9e-4 off unit length; this is twice that."""

SLACK = 32
"""Candidates asked for beyond k, so that one FAISS search nearly always proves the top k."""

FEW = 2048
"""Up to this many passages it is quicker to score all."""


class ExactIndex:
    """Codes by position, and the row of each; never changed once a view holds it.

    The FAISS index within is an `IndexIDMap` whose ids are rows, over float16 codes and inner product.
    """

    kind = "exact"

    def __init__(self, index: Any) -> None:
        flat: Any = faiss.downcast_index(index.index)
        size = flat.ntotal * flat.code_size
        # A window on FAISS's own memory, not a copy; it lives as long as `index`, which is held here.
        memory = faiss.rev_swig_ptr(flat.codes.data(), size) if size else np.zeros(0, dtype=np.uint8)
        self.index, self._flat = index, flat
        self._codes: Codes = memory.view(np.float16).reshape(flat.ntotal, flat.d)
        self.rows: Ints = faiss.vector_to_array(index.id_map)

    @classmethod
    def build(cls, rows: Ints, codes: Codes) -> Self:
        """An index of these codes, `rows` ascending."""
        dim = codes.shape[1]
        flat = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap(flat)
        if len(rows):
            index.add_with_ids(codes.astype(np.float32), rows)
        return cls(index)

    def __len__(self) -> int:
        return len(self.rows)

    def codes(self, positions: Ints) -> Codes:
        """The codes at these positions."""
        return self._codes[positions]

    def nearest(self, query: Direction, k: int, mask: Mask | None) -> tuple[Ints, Scores]:
        """Rows and scores of the k nearest among the positions that `mask` allows, best first: exactly NumPy's."""
        allowed = len(self) if mask is None else int(np.count_nonzero(mask))
        want = k + SLACK
        while allowed > FEW and 4 * want < allowed:
            products, positions = self._search(query, want, mask)
            scores = cosines(self._codes[positions], query)
            rows, top = best(self.rows[positions], scores, k)
            if products[-1] + MARGIN < top[-1]:
                return rows, top
            want *= 8  # many near-equal scores at the k-th place: look further
        everything = np.arange(len(self)) if mask is None else np.flatnonzero(mask)
        return best(self.rows[everything], cosines(self._codes[everything], query), k)

    def _search(self, query: Direction, k: int, mask: Mask | None) -> tuple[Scores, Ints]:
        """FAISS's own k nearest: inner products, falling, and positions."""
        parameters = None
        if mask is not None:
            bitmap = np.packbits(mask, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))
        products, positions = self._flat.search(query.astype(np.float32)[None], k, params=parameters)
        found = positions[0] >= 0  # FAISS pads with -1
        return products[0][found], positions[0][found]
