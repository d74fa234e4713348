"""Measures by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.measures import interval, matched, ranking, spearman


def test_ranking_of_two_questions() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.9, 0.1, 0.5]], dtype=np.float32)
    found = ranking(scores, [frozenset({0}), frozenset({2})])
    assert found.recall_1.value == 0.5
    assert found.recall_5.value == 1.0
    assert found.ndcg_10.value == pytest.approx((1.0 + 1.0 / np.log2(3)) / 2)


def test_a_question_with_two_right_passages_wants_both_first() -> None:
    scores = np.array([[0.9, 0.8, 0.1]], dtype=np.float32)
    assert ranking(scores, [frozenset({0, 1})]).ndcg_10.value == pytest.approx(1.0)


def test_matching_counts_rows_that_find_their_own_column() -> None:
    assert matched(np.array([[0.9, 0.1], [0.8, 0.2]], dtype=np.float32)).value == 0.5


def test_the_interval_of_equal_values_is_a_point() -> None:
    found = interval(np.ones(30))
    assert (found.value, found.low, found.high, found.count) == (1.0, 1.0, 1.0, 30)


def test_the_same_order_correlates_fully() -> None:
    found = spearman(np.arange(20.0), np.arange(20.0) ** 2)
    assert found.value == pytest.approx(1.0)
