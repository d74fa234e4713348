"""A question's terms and phrases → the passages that hold them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from index.arabic import stem
from index.store.columns import Ints
from index.store.lexical import Postings, chunks, phrase_at
from index.store.vocabulary import with_stems, with_texts, wordings
from index.types import Matches, Term


def matches(
    connection: sqlite3.Connection,
    postings: Postings,
    terms: Sequence[Term],
    phrases: Sequence[Sequence[str]],
) -> Matches:
    """The live passages that hold every phrase and any of the terms, rows ascending, with their lexical scores."""
    found = postings.scored(_resolved(connection, terms))
    for phrase in phrases:
        found = found.among(_holding(connection, postings, phrase))
    return found


def _resolved(connection: sqlite3.Connection, terms: Sequence[Term]) -> list[dict[int, float]]:
    """Each term as word ids with their weights."""
    stems = {stem(word) for term in terms for word in term.words} | {
        one for term in terms for one in term.stems
    }
    by_stem: dict[str, list[tuple[int, str]]] = {}
    for id_, text, of in with_stems(connection, sorted(stems)):
        by_stem.setdefault(of, []).append((id_, text))
    return [_weights(term, by_stem) for term in terms]


def _weights(term: Term, by_stem: dict[str, list[tuple[int, str]]]) -> dict[int, float]:
    weights: dict[int, float] = {}
    for one in dict.fromkeys((*term.stems, *map(stem, term.words))):
        for id_, text in by_stem.get(one, ()):
            weight = max(term.words.get(text, 0.0), term.stems.get(one, 0.0))
            if weight > 0:
                weights[id_] = weight
    return weights


def _holding(connection: sqlite3.Connection, postings: Postings, phrase: Sequence[str]) -> Ints:
    """Rows of the passages in which the phrase's words stand side by side."""
    ids = with_texts(connection, phrase)
    if not phrase or any(word not in ids for word in phrase):
        return np.zeros(0, dtype=np.int64)
    wanted = [ids[word] for word in phrase]
    rows = postings.holding(sorted(set(wanted)))
    if len(wanted) == 1:
        return rows
    held = [
        row
        for chunk in chunks(rows)
        for row, wording in wordings(connection, chunk)
        if phrase_at(wording, wanted)
    ]
    return np.array(sorted(held), dtype=np.int64)
