"""Which known word stands for which added one: IBM model 1 with a diagonal prior, both ways, agreed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Units = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Links:
    """Every possible link of a corpus, flat: for link k, its type, its two token places, its prior.

    `added` and `known` are the units of each type; `a_token` and `k_token` number the tokens of the
    corpus, so that sums over one token's links are `bincount`s.
    """

    kind: NDArray[np.int32]
    added: Ints
    known: Ints
    a_token: NDArray[np.int32]
    k_token: NDArray[np.int32]
    prior: NDArray[np.float32]


def links(added: Units, known: Units, known_size: int, tension: float) -> Links:
    """All links between the units of paired sentences. Sentences without units on a side give none."""
    keys, a_places, k_places, priors = [], [], [], []
    a_start = k_start = 0
    for a_units, k_units in zip(added, known, strict=True):
        n, m = len(a_units), len(k_units)
        if not n or not m:
            continue
        a, k = np.asarray(a_units, dtype=np.int64), np.asarray(k_units, dtype=np.int64)
        keys.append((a[:, None] * known_size + k[None, :]).ravel())
        i, j = np.arange(n), np.arange(m)
        a_places.append(np.repeat(i + a_start, m).astype(np.int32))
        k_places.append(np.tile(j + k_start, n).astype(np.int32))
        apart = np.abs((i[:, None] + 0.5) / n - (j[None, :] + 0.5) / m)
        priors.append(np.exp(-tension * apart).astype(np.float32).ravel())
        a_start, k_start = a_start + n, k_start + m
    kinds, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    return Links(
        inverse.astype(np.int32),
        kinds // known_size,
        kinds % known_size,
        np.concatenate(a_places),
        np.concatenate(k_places),
        np.concatenate(priors),
    )


def expected_counts(links: Links, rounds: int, *, known_generates: bool) -> NDArray[np.float64]:
    """The expected number of times each link type holds, after EM from a uniform start.

    With `known_generates` each added token picks one known token (p(added | known) is estimated),
    otherwise the other way round.
    """
    token = links.a_token if known_generates else links.k_token
    given = links.known if known_generates else links.added
    probability = np.ones(len(links.added), dtype=np.float32)
    counts: NDArray[np.float64] = np.zeros(len(links.added), dtype=np.float64)
    for _ in range(rounds):
        weight = probability[links.kind] * links.prior
        weight /= np.bincount(token, weights=weight)[token].astype(np.float32) + 1e-12
        counts = np.bincount(links.kind, weights=weight, minlength=len(links.added)).astype(np.float64)
        totals = np.bincount(given, weights=counts)
        probability = (counts / np.maximum(totals[given], 1e-12)).astype(np.float32)
    return counts


def agreed_counts(
    added: Units, known: Units, sizes: tuple[int, int], rounds: int, tension: float
) -> sparse.csr_matrix:
    """Counts (added units, known units) on which both directions agree: their geometric mean.

    Agreement drops the links that only one direction believes in (Liang, Taskar and Klein 2006).
    """
    every = links(added, known, sizes[1], tension)
    forward = expected_counts(every, rounds, known_generates=True)
    backward = expected_counts(every, rounds, known_generates=False)
    agreed = np.sqrt(forward * backward)
    kept = agreed > 0.05
    return sparse.csr_matrix((agreed[kept], (every.added[kept], every.known[kept])), shape=sizes)


def posterior(counts: sparse.csr_matrix, least: float) -> sparse.csr_matrix:
    """p(known | added) by rows, entries under `least` dropped and rows renormalised; empty rows stay."""
    rows = _normalised(counts)
    rows.data[rows.data < least] = 0.0
    rows.eliminate_zeros()
    return _normalised(rows)


def _normalised(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    totals = np.asarray(counts.sum(axis=1)).ravel()
    scale = np.divide(1.0, totals, out=np.zeros_like(totals, dtype=np.float64), where=totals > 0)
    return sparse.csr_matrix(sparse.diags(scale) @ counts)
