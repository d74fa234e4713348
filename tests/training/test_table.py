"""The translation table: its format, and what it must know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from training.config import Config, overlay
from training.table import direction, level, pruned, read_direction

TABLE = Path(__file__).parents[2] / "index/model/table.npz"


def test_pruning_drops_rare_links_and_long_tails() -> None:
    config = overlay(Config(), {"table": {"min_count": 2.0, "min_probability": 0.1, "per_word": 1}})
    counts = sparse.csr_matrix(np.array([[6.0, 3.0, 1.0], [0.0, 1.0, 0.0]]))
    assert np.allclose(np.asarray(pruned(counts, config).todense()), [[0.6, 0.0, 0.0], [0.0, 0.0, 0.0]])


def test_entries_stand_by_falling_probability() -> None:
    entries = direction(sparse.csr_matrix(np.array([[0.2, 0.0, 0.8], [0.0, 1.0, 0.0]])))
    assert entries.start.tolist() == [0, 2, 3]
    assert entries.terms.tolist() == [2, 0, 1]
    assert entries.p.tolist() == [204, 51, 255]


def test_a_level_written_and_read_gives_its_translations(tmp_path: Path) -> None:
    known = [["house", "old"], ["house"], ["old", "book"], ["book"]] * 3
    added = [["بيت", "قديم"], ["بيت"], ["قديم", "كتاب"], ["كتاب"]] * 3
    arrays = {f"word_{name}": array for name, array in level(known, added, Config()).items()}
    np.savez_compressed(tmp_path / "table.npz", allow_pickle=False, **arrays)
    english = read_direction(tmp_path / "table.npz", "word", "en", "ar")
    assert {word: found[0][0] for word, found in english.items()} == {
        "house": "بيت",
        "old": "قديم",
        "book": "كتاب",
    }
    arabic = read_direction(tmp_path / "table.npz", "word", "ar", "en")
    assert arabic["بيت"][0][0] == "house"


@pytest.mark.parametrize(
    ("english", "arabic"),
    [("president", "الرييس"), ("water", "المياه"), ("government", "الحكومه"), ("paris", "باريس")],
)
def test_the_bundled_table_knows_common_words(english: str, arabic: str) -> None:
    found = read_direction(TABLE, "word", "en", "ar")
    assert arabic in [term for term, _ in found[english]]


def test_the_bundled_table_is_small_and_its_probabilities_are_ones() -> None:
    assert TABLE.stat().st_size <= 5_000_000
    for source, target in (("en", "ar"), ("ar", "en")):
        found = read_direction(TABLE, "stem", source, target)
        assert all(0 < p <= 1 for entries in found.values() for _, p in entries)
        assert max(sum(p for _, p in entries) for entries in found.values()) <= 1.05
