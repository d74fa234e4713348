"""Relevance: the probability that a passage answers a question, fitted on judged questions for one encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.errors import EncoderError
from index.rank import Evidence, Floats, Ranking
from index.types import EncoderKey, Mode

FITTED = Path(__file__).parent / "model" / "relevance.json"

HIT_FEATURES = ("bias", "score", "cosine", "lexical", "covered", "above", "behind")
"""Of a hit: its score, its parts, the lexical score times the coverage, how far its cosine is above the median of all
candidates, and how far its score is behind the best.
"""

ANSWER_FEATURES = ("bias", "score", "cosine", "lexical", "covered", "above", "best_cosine", "ahead")
"""Of an answer: those of its best hit, the highest cosine of all, and how far the best is ahead of the next."""

AHEAD_OF = 5
"""The best hit is compared with the mean of so many that follow."""


THRESHOLD = 0.2
"""Below this probability nothing is said to answer: to say so wrongly is held four times as bad as to show weak hits
unflagged.
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How scores become probabilities: logistic weights by `mode/pair` (Platt 1999), fitted for one encoder.

    `lexical_weights` is the weight of the lexical score in the hybrid one, by language pair. Where nothing was fitted
    there is no probability.
    """

    encoder: EncoderKey | None = None
    lexical_weights: Mapping[str, float] = field(default_factory=dict)
    hits: Mapping[str, Sequence[float]] = field(default_factory=dict)
    answers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    threshold: float = THRESHOLD

    @classmethod
    def load(cls, key: EncoderKey, file: Path = FITTED) -> Self:
        """What was fitted for this encoder; nothing when the file is missing or was fitted for another.

        Raises: EncoderError: the file is damaged.
        """
        if not file.is_file():
            return cls()
        try:
            record: dict[str, Any] = json.loads(file.read_text("utf-8"))
            fitted = cls(EncoderKey(**record.pop("encoder")), **record)
            sizes = {len(weights) for weights in fitted.hits.values()} | {
                len(weights) + len(HIT_FEATURES) - len(ANSWER_FEATURES) for weights in fitted.answers.values()
            }
            if sizes - {len(HIT_FEATURES)}:
                raise ValueError("it has another number of features")
        except (ValueError, TypeError, KeyError) as error:
            raise EncoderError(f"{file} is no calibration: {error}") from error
        return fitted if fitted.encoder == key else cls()

    def relevance(self, evidence: Evidence, ranking: Ranking, mode: Mode) -> list[float | None]:
        """The probability that each candidate answers, in the ranking's order; None where nothing was fitted."""
        rows, pairs = hit_features(evidence, ranking), _pairs(evidence, ranking)
        by_pair: dict[str, list[float] | None] = {}
        for pair in set(pairs):
            weights = self.hits.get(f"{mode}/{pair}")
            by_pair[pair] = None if weights is None else _probabilities(rows, weights)
        of_each = [by_pair[pair] for pair in pairs]
        return [None if of is None else of[place] for place, of in enumerate(of_each)]

    def answerable(self, evidence: Evidence, ranking: Ranking, mode: Mode) -> float | None:
        """The probability that any candidate answers: 0 when there is none, None where nothing was fitted."""
        if not len(ranking.order):
            return 0.0 if self.answers else None
        weights = self.answers.get(f"{mode}/{_pairs(evidence, ranking)[0]}")
        if weights is None:
            return None
        return _probabilities(answer_features(evidence, ranking)[None, :], weights)[0]


def hit_features(evidence: Evidence, ranking: Ranking) -> Floats:
    """`HIT_FEATURES` of each candidate in the ranking's order, `(n, 7)`."""
    cosines = evidence.cosines[ranking.order]
    lexical = evidence.lexical[ranking.order]
    behind = ranking.scores - ranking.scores.max(initial=-1.0)
    columns = (
        np.ones(len(ranking.order)),
        ranking.scores,
        cosines,
        lexical,
        lexical * evidence.coverage,
        cosines - _median(cosines),
        behind,
    )
    return np.stack(columns, axis=1)


def _median(values: Floats) -> float:
    """0 of none. NumPy's own takes ten times as long on so few."""
    ordered = np.sort(values)
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2) if len(ordered) else 0.0


def answer_features(evidence: Evidence, ranking: Ranking) -> Floats:
    """`ANSWER_FEATURES` of a ranking that is not empty, `(8,)`."""
    best = hit_features(evidence, ranking)[0]
    following = ranking.scores[1 : 1 + AHEAD_OF]
    ahead = ranking.scores[0] - (following.mean() if len(following) else 0.0)
    return np.array([*best[:6], evidence.cosines.max(), ahead])


def _pairs(evidence: Evidence, ranking: Ranking) -> list[str]:
    pairs = evidence.pairs()
    return [pairs[place] for place in ranking.order]


def _probabilities(rows: Floats, weights: Sequence[float]) -> list[float]:
    """The logistic function of each row's weighted sum."""
    sums = np.clip(rows @ np.asarray(weights), -30, 30)
    probabilities: list[float] = (1 / (1 + np.exp(-sums))).tolist()
    return probabilities
