"""The k nearest are NumPy's: over random vectors, duplicates, removals, filters, any k."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.store.embedded import EmbeddedStore
from index.store.exact_index import ExactIndex
from index.store.main_index import Tuning
from index.store.scoring import FEW, direction, nearest
from index.types import EncoderKey, Filters
from tests.index.store.corpus import random_entry, unit_rows
from tests.index.store.reference import numpy_nearest

DIM = 8
KEY = EncoderKey("random", "1", DIM)


def vectors(size: int, distinct: int, seed: int) -> np.ndarray:
    """Unit rows of which only so many are distinct: ties everywhere."""
    if distinct > size:
        return unit_rows(size, DIM, seed)
    return unit_rows(distinct, DIM, seed)[np.random.default_rng(seed).integers(0, distinct, size)]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example has a folder of its own
)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=0, max_size=12),
    removed=st.sets(st.integers(0, 11)),
    distinct=st.integers(1, 40),
    k=st.integers(1, 60),
    seed=st.integers(0, 2**16),
    fold=st.booleans(),
    filters=st.sampled_from(
        [Filters(), Filters(lang="ar"), Filters(publisher="1"), Filters(source="2", lang="en")]
    ),
)
def test_views_answer_as_numpy_does(
    tmp_path: Path,
    sizes: list[int],
    removed: set[int],
    distinct: int,
    k: int,
    seed: int,
    fold: bool,
    filters: Filters,
) -> None:
    rows = vectors(sum(sizes), distinct, seed)
    query = vectors(1, distinct, seed)[0]
    ends = np.cumsum([0, *sizes])
    alive = np.zeros(len(rows), dtype=bool)
    with EmbeddedStore.create(Path(mkdtemp(dir=tmp_path)), KEY, Tuning(fold_at=20)) as store:
        for article, (start, end) in enumerate(pairwise(ends)):
            lang, publisher = ("ar", "en")[article % 2], str(article % 3)
            made = random_entry(str(article), rows[start:end], lang=lang, publisher=publisher)
            store.put([made])
            if article in removed:
                store.delete([made.article.id])
            elif (
                filters.lang in (None, lang)
                and filters.publisher in (None, publisher)
                and filters.source in (None, str(article))
            ):
                alive[start:end] = True
        if fold:
            store.upkeep.fold()
        found = [(c.row, c.score) for c in store.view().nearest(query, k, filters)]
    assert found == numpy_nearest(np.arange(1, len(rows) + 1)[alive], rows[alive], query, k)


@settings(max_examples=10, deadline=None)
@given(
    size=st.integers(FEW + 1, 6144),
    distinct=st.sampled_from([1, 3, 50, 10**6]),
    kept=st.sampled_from([0.0, 0.001, 0.3, 0.9, 1.0]),
    k=st.integers(1, 200),
    seed=st.integers(0, 2**16),
)
def test_exact_search_through_faiss_answers_as_numpy_does(
    size: int, distinct: int, kept: float, k: int, seed: int
) -> None:
    codes = vectors(size, distinct, seed).astype(np.float16)
    rows = np.cumsum(np.random.default_rng(seed).integers(1, 4, size))
    mask = np.random.default_rng(seed + 1).random(size) < kept
    query = unit_rows(1, DIM, seed + 2)[0]
    index = ExactIndex.build(rows, codes)
    found, scores = index.nearest(
        direction(query, DIM), k, None if kept == 1 else mask, lambda rows: codes[:0]
    )
    assert list(zip(found.tolist(), scores.tolist(), strict=True)) == numpy_nearest(
        rows[mask], codes[mask], query, k
    )


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(0, 3 * FEW),
    distinct=st.sampled_from([1, 3, 50, 10**6]),
    k=st.integers(0, 200),
    seed=st.integers(0, 2**16),
)
def test_few_are_scored_as_numpy_does(size: int, distinct: int, k: int, seed: int) -> None:
    codes = vectors(size, distinct, seed).astype(np.float16)
    rows = np.cumsum(np.random.default_rng(seed).integers(1, 4, size))
    query = unit_rows(1, DIM, seed + 2)[0]
    found, scores = nearest(rows, codes, direction(query, DIM), k)
    assert list(zip(found.tolist(), scores.tolist(), strict=True)) == numpy_nearest(rows, codes, query, k)
