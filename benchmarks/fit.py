"""Fitting and judging probabilities: logistic regression, area under the ROC, calibration error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RIDGE = 0.1
BINS = 10


def logistic(rows: Floats, labels: Floats, counts: Floats) -> list[float]:
    """Weights `(features,)` of a logistic regression by Newton's method, a little pulled to zero but for the first.

    Each row counts as often as `counts` says.
    """
    weights = np.zeros(rows.shape[1])
    ridge = np.full(rows.shape[1], RIDGE)
    ridge[0] = 1e-6
    for _ in range(50):
        p = probabilities(rows, weights)
        gradient = rows.T @ (counts * (p - labels)) + ridge * weights
        hessian = (rows * (counts * p * (1 - p))[:, None]).T @ rows + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return [round(float(weight), 5) for weight in weights]


def probabilities(rows: Floats, weights: Sequence[float] | Floats) -> Floats:
    """What the weights make of each row, `(n,)`."""
    logits: Floats = np.clip(rows @ np.asarray(weights), -30, 30)
    return 1 / (1 + np.exp(-logits))


def area(scores: Floats, labels: Floats) -> float:
    """The area under the ROC: how often a right one scores above a wrong one, ties by half (Mann & Whitney 1947)."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    _, inverse = np.unique(scores, return_inverse=True)
    means = np.bincount(inverse, weights=ranks) / np.bincount(inverse)
    right = labels > 0
    n, m = int(right.sum()), int((~right).sum())
    return float((means[inverse][right].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def reliability(p: Floats, labels: Floats, counts: Floats) -> list[tuple[float, float, float]]:
    """By tenth of probability: mean probability, share that is right, and how many; empty tenths are left out."""
    tenths = np.minimum((p * BINS).astype(int), BINS - 1)
    bins = [tenths == t for t in range(BINS) if (tenths == t).any()]
    return [
        (
            float(np.average(p[one], weights=counts[one])),
            float(np.average(labels[one], weights=counts[one])),
            float(counts[one].sum()),
        )
        for one in bins
    ]


def calibration_error(p: Floats, labels: Floats, counts: Floats) -> float:
    """The expected calibration error over ten equal bins (Guo et al. 2017)."""
    bins = reliability(p, labels, counts)
    return sum(abs(mean - share) * count for mean, share, count in bins) / float(counts.sum())
