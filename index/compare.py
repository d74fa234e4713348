"""Two evaluations of the same questions, question by question: how much better one is, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.evaluate import MEASURES, RESAMPLES, Evaluation, Interval, interval


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the first of two searches is for a language pair, by measure; above 0 where it is better.

    `p` is the share of resamples in which the mean difference of nDCG@10 falls on the other side of 0, twice.
    """

    pair: str
    questions: int
    measures: Mapping[str, Interval]
    p: float


def compare(one: Evaluation, other: Evaluation) -> tuple[Difference, ...]:
    """Question by question, one evaluation less another of the same questions: a row a language pair, `all` last.

    Intervals are by paired bootstrap (Efron & Tibshirani 1993, ch. 16).
    """
    shared = [id_ for id_ in one.questions if id_ in other.questions]
    rows = []
    for pair in [row.pair for row in one.rows]:
        ids = [id_ for id_ in shared if pair in (one.questions[id_].pair, "all")]
        if ids:
            rows.append(_difference(pair, one, other, ids))
    return tuple(rows)


def _difference(pair: str, one: Evaluation, other: Evaluation, ids: Sequence[str]) -> Difference:
    apart = {
        name: [one.questions[id_].measures[name] - other.questions[id_].measures[name] for id_ in ids]
        for name in MEASURES
    }
    main = np.asarray(apart["nDCG@10"])
    drawn = np.random.default_rng(0).choice(main, (RESAMPLES, len(main))).mean(axis=1)
    beyond = min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
    measures = {name: interval(values) for name, values in apart.items()}
    return Difference(pair, len(ids), measures, min(1.0, 2 * beyond))
