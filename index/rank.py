"""Ranking: what is known of the candidates of a question, their fused order, and duplicates folded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.types import Content, Lang, Matches, Mode

Floats = npt.NDArray[np.float64]

DEFAULT_LEXICAL_WEIGHT = 0.5
"""For encoders and language pairs that nothing was tuned for."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the candidates of a question, all `(n,)`: `rows`, `langs`, and how well each matches.

    `cosines` and `lexical` scores are both there for every candidate, whichever search found it; what the mode left out
    is 0. `rarity` and `coverage` are those of `Matches`.
    """

    query_lang: Lang
    rows: npt.NDArray[np.int64]
    langs: Sequence[Lang]
    cosines: Floats
    lexical: Floats
    rarity: tuple[float, ...]
    coverage: float

    def pairs(self) -> list[str]:
        """The language pair of each candidate, such as `en-ar`."""
        return [f"{self.query_lang}-{lang}" for lang in self.langs]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates best first: `order` are their places in the evidence, `scores` what orders them; both `(n,)`."""

    order: npt.NDArray[np.int64]
    scores: Floats


def ranked(evidence: Evidence, mode: Mode, lexical_weights: Mapping[str, float]) -> Ranking:
    """The candidates by score, ties by lower row: cosine, lexical score, or the convex combination of the two.

    The combination is by language pair; Bruch et al. 2022 (arXiv 2210.11934) found it above reciprocal-rank fusion. No
    score depends on what else was found.
    """
    weights = np.array([lexical_weights.get(pair, DEFAULT_LEXICAL_WEIGHT) for pair in evidence.pairs()])
    scores = {
        "semantic": evidence.cosines,
        "lexical": evidence.lexical,
        "hybrid": (1 - weights) * evidence.cosines + weights * evidence.lexical,
    }[mode]
    order = np.lexsort((evidence.rows, -scores))
    return Ranking(order, scores[order])


def best_matches(matches: Matches, k: int) -> npt.NDArray[np.int64]:
    """The rows of the k highest lexical scores; ties by lower row."""
    if len(matches.rows) > k:
        floor = np.partition(matches.scores, len(matches.scores) - k)[len(matches.scores) - k]
        kept = np.flatnonzero(matches.scores >= floor)
        order = kept[np.lexsort((matches.rows[kept], -matches.scores[kept]))]
        return matches.rows[order[:k]]
    return matches.rows


def lexical_scores(matches: Matches, rows: npt.NDArray[np.int64]) -> Floats:
    """The lexical scores of these rows, 0 where nothing matched."""
    if not len(matches.rows):
        return np.zeros(len(rows))
    places = np.minimum(np.searchsorted(matches.rows, rows), len(matches.rows) - 1)
    return np.where(matches.rows[places] == rows, matches.scores[places], 0.0)


class Folding:
    """Passages taken best first; one that says the same as an earlier one is folded into it.

    `groups`, empty at first, are filled with the places of each group's passages in the order they came; the first is
    shown. All others of a group are like the first, but not always like each other. With `by_article`, only the best
    passage of each article stands for it.
    """

    def __init__(self, groups: list[list[int]], *, by_article: bool = False) -> None:
        self.groups, self._by_article = groups, by_article
        self._articles: set[str] = set()
        self._group_of: dict[int, list[int]] = {}

    def take(self, place: int, content: Content) -> None:
        """The next passage: its place, and what it says."""
        group = self._group_of.get(content.number)
        if group is not None:
            group.append(place)
        elif not self._by_article or content.article_id not in self._articles:
            self._articles.add(content.article_id)
            self.groups.append([place])
            for number in (content.number, *content.near):
                self._group_of.setdefault(number, self.groups[-1])
