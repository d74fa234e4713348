"""Word alignment on a corpus small enough to know the answer."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from training.alignment import agreed_counts, expected_counts, links, posterior

HOUSE, BOOK, BIG, THE = 0, 1, 2, 3
BAYT, KITAB, KABIR = 0, 1, 2
KNOWN = [[THE, HOUSE], [THE, BOOK], [BIG, HOUSE], [BIG, BOOK], [THE]]
ADDED = [[BAYT], [KITAB], [BAYT, KABIR], [KITAB, KABIR], []]


def test_the_counts_of_a_token_sum_to_one() -> None:
    every = links(ADDED, KNOWN, 4, tension=0.0)
    assert np.isclose(expected_counts(every, 3, known_generates=True).sum(), 6.0)
    assert np.isclose(expected_counts(every, 3, known_generates=False).sum(), 8.0)


def test_each_word_finds_its_translation() -> None:
    counts = agreed_counts(ADDED, KNOWN, (3, 4), rounds=20, tension=0.0)
    best = np.asarray(counts.todense()).argmax(axis=1)
    assert best.tolist() == [HOUSE, BOOK, BIG]


def test_the_diagonal_breaks_a_tie() -> None:
    counts = agreed_counts([[0, 1]], [[0, 1]], (2, 2), rounds=5, tension=3.0)
    assert counts[0, 0] > counts[0, 1]
    assert counts[1, 1] > counts[1, 0]


def test_posterior_rows_sum_to_one_or_are_empty() -> None:
    rows = posterior(sparse.csr_matrix(np.array([[9.0, 1.0, 0.1], [0.0, 0.0, 0.0]])), least=0.05)
    assert np.allclose(np.asarray(rows.todense()), [[0.9, 0.1, 0.0], [0.0, 0.0, 0.0]])
