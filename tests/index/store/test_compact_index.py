"""How far a compact index looks: into few lists where a question has its own place, into many where it has none."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from index.store import main_index
from index.store.columns import Ints
from index.store.compact_index import LEAST_PROBED, QUANTIZER, CompactIndex
from index.store.faiss_api import faiss, to_bytes
from index.store.records import Codes
from index.store.scoring import best, cosines, direction
from tests.index.store.corpus import unit_rows

DIM, COUNT = 32, 20_000
PLACES = unit_rows(300, DIM, 1)


@pytest.fixture(scope="module")
def codes() -> Codes:
    """Passages close around their places, and as many anywhere."""
    chance = np.random.default_rng(2)
    around = PLACES[chance.integers(0, len(PLACES), COUNT // 2)]
    around = around + 0.05 * chance.standard_normal(around.shape)
    rows = np.concatenate(
        [around / np.linalg.norm(around, axis=1, keepdims=True), unit_rows(COUNT // 2, DIM, 3)]
    )
    return rows[chance.permutation(COUNT)].astype(np.float16)


@pytest.fixture(scope="module")
def index(codes: Codes) -> CompactIndex:
    rows = np.arange(1, COUNT + 1)
    return CompactIndex.build(codes, COUNT, [(rows[:7000], codes[:7000]), (rows[7000:], codes[7000:])])


def test_a_question_with_a_place_of_its_own_needs_fewer_lists(index: CompactIndex) -> None:
    placed = [index.probed(direction(query, DIM)) for query in PLACES]
    lost = [index.probed(direction(query, DIM)) for query in unit_rows(300, DIM, 4)]
    assert index.lists == 256
    assert min(placed) == index.lists // LEAST_PROBED == 8
    assert np.median(placed) < np.median(lost)
    assert max(lost) <= index.lists


def test_a_file_of_an_earlier_kind_is_refused_so_that_it_is_made_anew(codes: Codes, tmp_path: Path) -> None:
    bare = faiss.index_factory(DIM, f"IVF4,{QUANTIZER}", faiss.METRIC_INNER_PRODUCT)
    bare.train(codes[:2000].astype(np.float32))
    index = faiss.IndexIDMap(bare)
    index.add_with_ids(codes[:2000].astype(np.float32), np.arange(2000))
    (tmp_path / "index").write_bytes(to_bytes(index).tobytes())
    with (tmp_path / "index").open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with pytest.raises(ValueError, match="a kind that is not used here: IndexIVFRaBitQFastScan"):
        main_index.read(data, DIM)


@pytest.mark.parametrize("kept", [1.0, 0.5, 0.1])
def test_what_is_nearest_is_found_wherever_the_question_lies(
    index: CompactIndex, codes: Codes, kept: float
) -> None:
    mask = np.random.default_rng(5).random(COUNT) < kept
    rows = np.flatnonzero(mask) + 1

    def fetch(wanted: Ints) -> Codes:
        return codes[wanted - 1]

    # Of questions with no place of their own, one rotation finds .944, another .962.
    for queries, least in ((PLACES[:50], 0.98), (unit_rows(50, DIM, 6), 0.94)):
        found = 0
        for query in (direction(row, DIM) for row in queries):
            wanted, _ = best(rows, cosines(codes[mask], query), 10)
            near, scores = index.nearest(query, 10, None if kept == 1 else mask, fetch)
            assert scores.tolist() == cosines(codes[near - 1], query).tolist()
            found += len(set(near.tolist()) & set(wanted.tolist()))
        assert found >= least * 500
