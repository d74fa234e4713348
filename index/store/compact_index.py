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
from index.store.scoring import Direction, Fetch, Scores, nearest

CANDIDATES, PER_HIT = 150, 5
"""At least so many candidates are ranked by their stored codes, and so many for each passage asked for."""

QUANTIZER = "RaBitQfs2"
"""Two bits: the ten nearest of 60,000 paragraphs of Arabic text are all among 100 candidates; of 100,000 passages cut
from few words, so that hundreds are near every question, .997 are among 150 of two bits, .97 among 500 of one.
"""

MARGIN, LEAST_PROBED = 2.5, 32
"""The lists searched are those whose centre is at most so many standard deviations of all centres' cosines farther from
the query than the nearest one; at least one list in so many. Where a question has a place of its own these are few, and
where much is about as near as the nearest they are many (`make bench-probes`).
"""

FEW = 1500
"""Up to this many passages it is quicker to read and score all."""

TRAINING_PER_LIST = 40


class CompactIndex:
    """Bits by position, and the row of each, ascending; never changed once a view holds it.

    `index` is an `IndexIDMap` whose ids are rows, over a random rotation, over `IndexIVFRaBitQFastScan` and inner
    product. What RaBitQ promises it promises of rotated vectors: an encoder may say more in some dimensions than in
    others, which bits of equal worth would lose.
    """

    def __init__(self, index: Any) -> None:
        single_threaded()
        turned = faiss.downcast_index(index.index)
        self.index, self._lists = index, faiss.downcast_index(turned.index)
        rotation = faiss.downcast_VectorTransform(turned.chain.at(0))
        self._rotation = faiss.vector_to_array(rotation.A).reshape(turned.d, turned.d)
        self.rows: Ints = faiss.vector_to_array(index.id_map)
        flat = faiss.downcast_index(self._lists.quantizer)
        # A window on FAISS's own memory, as long as `index` lives.
        self._centres = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d)

    @classmethod
    def build(cls, sample: Codes, count: int, blocks: Iterable[tuple[Ints, Codes]]) -> Self:
        """An index of the blocks `(rows, codes)`, rows ascending, `count` in all; lists are learnt from `sample`."""
        single_threaded()
        lists = list_count(count)
        turned = faiss.index_factory(
            sample.shape[1], f"RR,IVF{lists},{QUANTIZER}", faiss.METRIC_INNER_PRODUCT
        )
        inner = faiss.downcast_index(turned.index)
        inner.cp.niter = 10
        inner.cp.max_points_per_centroid = TRAINING_PER_LIST
        inner.cp.min_points_per_centroid = 1
        turned.train(sample.astype(np.float32))
        index = faiss.IndexIDMap(turned)
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
            return nearest(rows, fetch(rows), query, k)
        turned = self._rotation @ query.astype(np.float32)
        parameters = faiss.IVFRaBitQSearchParameters(
            # A narrow filter leaves little in each list, so that more of them are searched: all, if need be.
            nprobe=min(self.lists, math.ceil(self._probed(turned) * len(self) / allowed)),
            qb=self._lists.qb,
            centered=self._lists.centered,
            sel=selector(mask),
        )
        _, positions = search(self._lists, turned, want, parameters)
        rows = self.rows[np.sort(positions)]
        return nearest(rows, fetch(rows), query, k)

    def probed(self, query: Direction) -> int:
        """How many lists are searched for it where all passages may answer."""
        return self._probed(self._rotation @ query.astype(np.float32))

    def _probed(self, turned: Scores) -> int:
        near = self._centres @ turned
        return max(
            self.lists // LEAST_PROBED, int(np.count_nonzero(near >= near.max() - MARGIN * near.std()))
        )


def list_count(passages: int) -> int:
    """How many inverted lists suit so many passages: about 2 √n, a power of two.

    More hold less that is not looked for, but each costs five microseconds before anything in it is read.
    """
    return int(2 ** round(math.log2(4 * max(passages, 1)) / 2))
