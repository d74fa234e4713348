"""Fusion, cutting and folding: pure functions over small arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.rank import Evidence, Folding, best_matches, lexical_scores, ranked
from index.types import Matches


def evidence(cosines: list[float], lexical: list[float], langs: list[str] | None = None) -> Evidence:
    rows = np.arange(10, 10 + len(cosines))
    return Evidence("en", rows, langs or ["ar"] * len(cosines), np.array(cosines), np.array(lexical), (), 1.0)  # type: ignore[arg-type]


def matches(rows: list[int], scores: list[float]) -> Matches:
    return Matches(np.array(rows, dtype=np.int64), np.array(scores), (1.0,), 1.0)


def test_each_mode_has_its_score() -> None:
    known = evidence([0.9, 0.2], [0.1, 0.7])
    assert ranked(known, "semantic", {}).scores.tolist() == [0.9, 0.2]
    assert ranked(known, "lexical", {}).scores.tolist() == [0.7, 0.1]
    hybrid = ranked(known, "hybrid", {"en-ar": 0.75})
    assert hybrid.order.tolist() == [1, 0]
    assert hybrid.scores.tolist() == pytest.approx([0.575, 0.3])


def test_weights_go_by_language_pair() -> None:
    known = evidence([0.4, 0.4], [1.0, 1.0], ["ar", "en"])
    scores = ranked(known, "hybrid", {"en-ar": 0.5, "en-en": 0.0})
    assert dict(zip(scores.order.tolist(), scores.scores.tolist(), strict=True)) == pytest.approx(
        {0: 0.7, 1: 0.4}
    )


def test_ties_go_to_the_lower_row() -> None:
    assert ranked(evidence([0.5, 0.5, 0.5], [0, 0, 0]), "semantic", {}).order.tolist() == [0, 1, 2]


def test_the_best_matches_are_cut_at_k_with_ties_by_row() -> None:
    found = matches([1, 2, 3, 4], [0.5, 0.9, 0.5, 0.5])
    assert best_matches(found, 2).tolist() == [2, 1]
    assert sorted(best_matches(found, 9).tolist()) == [1, 2, 3, 4]


def test_rows_without_a_match_score_nothing() -> None:
    found = matches([2, 5], [0.3, 0.6])
    assert lexical_scores(found, np.array([5, 1, 2, 9])).tolist() == [0.6, 0, 0.3, 0]
    assert lexical_scores(matches([], []), np.array([1])).tolist() == [0]


def folded(passages: list[tuple[str, set[int]]], *, by_article: bool = False) -> list[list[int]]:
    folding = Folding([], by_article=by_article)
    for place, (article, words) in enumerate(passages):
        folding.take(place, article, frozenset(words))
    return folding.groups


def test_nine_words_of_ten_are_the_same_eight_are_not() -> None:
    ten = set(range(10))
    assert folded([("a", ten), ("b", ten - {0})]) == [[0, 1]]
    assert folded([("a", ten), ("b", ten - {0, 1})]) == [[0], [1]]
    assert folded([("a", {1}), ("b", {2})]) == [[0], [1]]


def test_by_article_only_the_best_stands() -> None:
    passages = [("a", {1}), ("a", {2}), ("b", {3}), ("c", {1})]
    assert folded(passages, by_article=True) == [[0, 3], [2]]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.integers(0, 6), min_size=1)), max_size=12))
def test_every_passage_is_in_one_group_and_the_first_leads(passages: list[tuple[str, set[int]]]) -> None:
    groups = folded(passages)
    assert sorted(place for group in groups for place in group) == list(range(len(passages)))
    assert all(group == sorted(group) for group in groups)
