"""Fusion, cutting and folding: pure functions over small arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.rank import Evidence, Folding, best_matches, lexical_scores, ranked
from index.types import Content, Matches


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


def folded(contents: list[Content], *, by_article: bool = False) -> list[list[int]]:
    folding = Folding([], by_article=by_article)
    for place, content in enumerate(contents):
        folding.take(place, content)
    return folding.groups


def test_the_same_content_is_folded_and_what_is_near_it() -> None:
    assert folded([Content("a", 1), Content("b", 2), Content("c", 1)]) == [[0, 2], [1]]
    near = (
        Content("a", 1, frozenset({2, 3})),
        Content("b", 2, frozenset({1})),
        Content("c", 3, frozenset({1})),
    )
    assert folded([*near]) == [[0, 1, 2]]


def test_what_is_near_to_one_that_is_folded_is_not_near_the_one_shown() -> None:
    near = (
        Content("a", 1, frozenset({2})),
        Content("b", 2, frozenset({1, 3})),
        Content("c", 3, frozenset({2})),
    )
    assert folded([*near]) == [[0, 1], [2]]
    assert folded([near[1], near[0], near[2]]) == [[0, 1, 2]]


def test_the_better_of_two_takes_what_is_near_to_both() -> None:
    first, second = Content("a", 1, frozenset({3})), Content("b", 2, frozenset({3}))
    assert folded([first, second, Content("c", 3, frozenset({1, 2}))]) == [[0, 2], [1]]


def test_by_article_only_the_best_stands() -> None:
    contents = [Content("a", 1), Content("a", 2), Content("b", 3), Content("c", 1), Content("d", 2)]
    assert folded(contents, by_article=True) == [[0, 3], [2], [4]]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), max_size=12), st.sets(st.integers(0, 48))
)
def test_every_passage_is_in_one_group_and_the_first_leads(
    passages: list[tuple[str, int]], pairs: set[int]
) -> None:
    near = {frozenset(divmod(pair, 7)) for pair in pairs}
    contents = [
        Content(article, number, frozenset(n for n in range(7) if n != number and {n, number} in near))
        for article, number in passages
    ]
    groups = folded(contents)
    assert sorted(place for group in groups for place in group) == list(range(len(passages)))
    assert all(group == sorted(group) for group in groups)
    for first, *others in groups:
        assert all(
            contents[place].number in {contents[first].number, *contents[first].near} for place in others
        )
