"""Posting lists: BM25 over expected counts by hand, merged and thinned without a difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.store.lexical import LENGTH, SATURATION, Postings, phrase_at


def wording(text: list[int], heading: list[int] = [], title: list[int] = []) -> np.ndarray:  # noqa: B006
    return np.array([*text, 0, *heading, 0, *title], dtype=np.int32)


def postings(*texts: list[int]) -> Postings:
    return Postings().advanced((), list(range(1, len(texts) + 1)), [wording(text) for text in texts])


def norm(length: float, mean: float) -> float:
    return SATURATION * (1 - LENGTH + LENGTH * length / mean)


def test_one_term_by_hand() -> None:
    found = postings([5, 5, 6], [6], [7, 8]).scored([{5: 1.0}])
    assert found.rows.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([2 / (2 + norm(3, 2))])
    assert found.rarity == pytest.approx((np.log1p((3 - 1 + 0.5) / 1.5),))
    assert found.coverage == 1.0


def test_a_translation_counts_by_its_probability() -> None:
    found = postings([5, 9], [6, 9], [7, 8]).scored([{5: 1.0, 6: 0.25}])
    assert found.scores.tolist() == pytest.approx([1 / (1 + norm(2, 2)), 0.25 / (0.25 + norm(2, 2))])
    # Expected holders: 1 + 0.25.
    assert found.rarity == pytest.approx((np.log1p((3 - 1.25 + 0.5) / 1.75),))


def test_heading_and_title_count_less_and_the_title_not_in_the_length() -> None:
    made = Postings().advanced((), [1], [wording([5, 5], [6], [7])])
    scores = [made.scored([{word: 1.0}]).scores[0] for word in (5, 6, 7)]
    assert scores == pytest.approx([n / (n + norm(3, 3)) for n in (2, 0.5, 0.25)])


def test_a_word_that_no_passage_holds_lowers_the_coverage_not_the_score() -> None:
    one = postings([5], [6]).scored([{5: 1.0}])
    two = postings([5], [6]).scored([{5: 1.0}, {}])
    assert two.scores.tolist() == one.scores.tolist()
    known, unknown = np.log1p(1.5 / 1.5), np.log1p(2.5 / 0.5)
    assert two.coverage == pytest.approx(known / (known + unknown))


def test_nothing_is_found_in_nothing() -> None:
    assert Postings().scored([{1: 1.0}]).rows.tolist() == []
    assert postings([5]).scored([]).rows.tolist() == []
    assert len(Postings()) == 0


def test_phrases_stand_side_by_side() -> None:
    text = wording([1, 2, 3, 2, 4], [5], [1, 4])
    assert phrase_at(text, [3, 2, 4])
    assert not phrase_at(text, [1, 3])
    assert not phrase_at(text, [4, 5])  # the text ends, the heading begins
    assert not phrase_at(text, [1] * 20)


texts = st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=5), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    texts=texts, gone=st.sets(st.integers(1, 12)), steps=st.lists(st.integers(1, 4), min_size=12, max_size=12)
)
def test_growing_and_removing_step_by_step_equals_building_at_once(
    texts: list[list[int]], gone: set[int], steps: list[int]
) -> None:
    grown, start = Postings(), 0
    for step in steps:
        rows = list(range(start + 1, min(start + step, len(texts)) + 1))
        dead = sorted(row for row in gone if row <= start)
        grown = grown.advanced(dead, rows, [wording(texts[row - 1]) for row in rows])
        start += len(rows)
    grown = grown.advanced(sorted(gone), [], [])
    left = [row for row in range(1, len(texts) + 1) if row not in gone]
    built = Postings().advanced((), left, [wording(texts[row - 1]) for row in left])
    terms = [{1: 1.0, 2: 0.5}, {3: 1.0}]
    one, two = grown.scored(terms), built.scored(terms)
    assert len(grown) == len(built) == len(left)
    assert one.rows.tolist() == two.rows.tolist()
    assert one.scores.tolist() == pytest.approx(two.scores.tolist())
    assert (one.rarity, one.coverage) == (pytest.approx(two.rarity), pytest.approx(two.coverage))
    assert grown.holding([1, 3]).tolist() == built.holding([1, 3]).tolist()
