"""Retrieval and similarity measures with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Measure:
    """A mean with its 95 % percentile-bootstrap interval, over `count` questions."""

    value: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Ranking:
    """What is published of one set: Recall@1, @5, @10 (hit rates) and nDCG@10."""

    recall_1: Measure
    recall_5: Measure
    recall_10: Measure
    ndcg_10: Measure


def interval(values: Floats) -> Measure:
    """The mean of per-question values and its interval from 1,000 resamples (fixed seed)."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Measure(float(values.mean()), float(low), float(high), len(values))


def ranking(scores: NDArray[np.float32], relevant: Sequence[frozenset[int]]) -> Ranking:
    """Measures of scores (questions, passages), higher better, against the relevant passages.

    Recall@k is the share of questions with a relevant passage in the first k. nDCG@10 has binary gains.
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    hits = np.asarray([[j in right for j in row] for row, right in zip(best.tolist(), relevant, strict=True)])
    hits = hits.astype(np.float64).reshape(len(relevant), -1)
    discount = 1.0 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.asarray([discount[: len(right)].sum() for right in relevant])
    first, fifth, tenth = (interval(hits[:, :k].max(axis=1)) for k in (1, 5, 10))
    return Ranking(first, fifth, tenth, interval((hits * discount).sum(axis=1) / ideal))


def matched(scores: NDArray[np.float32]) -> Measure:
    """The share of rows whose best column is their own number."""
    own = np.arange(len(scores))
    return interval((scores.argmax(axis=1) == own).astype(np.float64))


def spearman(first: Floats, second: Floats) -> Measure:
    """Spearman's rank correlation and its interval from 1,000 resamples (fixed seed)."""
    from scipy.stats import spearmanr

    random = np.random.default_rng(0)
    draws = random.integers(0, len(first), (RESAMPLES, len(first)))
    found = [float(spearmanr(first[d], second[d]).statistic) for d in draws[:200]]
    low, high = np.percentile(found, [2.5, 97.5])
    return Measure(float(spearmanr(first, second).statistic), float(low), float(high), len(first))
