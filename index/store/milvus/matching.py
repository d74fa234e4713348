"""A question's words → the passages that hold them: found by Milvus' own BM25, weighed as `index.store.lexical` does.

Milvus ranks by single words and knows no weights, so its best are only candidates. They are weighed by the words that
are stored with them, by the same formula over expected counts as the embedded store's. What that needs to know of the
whole corpus, how many passages are expected to hold a term, is counted where they are few, and estimated from some of
them where they are many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.store.lexical import LENGTH, SATURATION
from index.store.milvus import wording
from index.store.milvus.client import MOST, Row, quoted
from index.store.milvus.reading import Reading
from index.store.milvus.rows import PASSAGE
from index.types import Matches, Term

FEWEST = 100
"""Candidates that are weighed at least."""
TENTHS = 10
"""A word counts in Milvus as often as the question says it: as often as its weight has tenths."""
LONGEST = 1000
"""Words of a question as it goes to Milvus."""
SAMPLE = 48
"""Passages that hold a term and are read to know how surely they do; where there are no more, the count is exact."""
LARGE, STALE = 10_000, 0.05
"""Of a corpus of so many passages, a term is counted again only when the corpus has changed by this part."""
COUNTS = 20_000
"""So many terms' counts are remembered."""

NOTHING = Matches(np.zeros(0, dtype=np.int64), np.zeros(0), (), 0.0)


def matches(
    reading: Reading,
    terms: Sequence[Term],
    phrases: Sequence[Sequence[str]],
    conditions: Sequence[str],
    k: int,
    near: Sequence[int],
) -> Matches:
    """The k best that hold a term and every phrase, and those among `near` that do; see `Matches`."""
    scale = wording.Scale(terms)
    holding = list(reading.memory.threads.map(lambda term: _holding(reading, term), terms))
    total = reading.state.passages
    rarity = [float(np.log1p((total - held + 0.5) / (held + 0.5))) for held in holding]
    whole = sum(idf for idf, held in zip(rarity, holding, strict=True) if held > 0)
    found = {row["row"]: row for row in _candidates(reading, scale, phrases, conditions, k)}
    found |= {row["row"]: row for row in reading.passages(near)}
    mean = max(reading.state.words / total, 1.0) if total else 1.0
    scores = {}
    for row, held in found.items():
        norm = SATURATION * (1 - LENGTH + LENGTH * held["size"] / mean)
        expected = scale.expected(held["words"])
        score = sum(idf * tf / (tf + norm) for idf, tf in zip(rarity, expected, strict=True) if tf > 0)
        if score > 0:
            scores[row] = score
    rows = np.array(sorted(scores), dtype=np.int64)
    return Matches(
        rows=rows,
        scores=np.array([scores[row] for row in rows.tolist()], dtype=np.float64) / (whole or 1.0),
        rarity=tuple(rarity),
        coverage=whole / (sum(rarity) or 1.0),
    )


def _candidates(
    reading: Reading,
    scale: wording.Scale,
    phrases: Sequence[Sequence[str]],
    conditions: Sequence[str],
    k: int,
) -> list[Row]:
    """What Milvus finds best by these words, further down as long as too little of it holds the phrases."""
    question = _question(scale)
    if not question or any(not phrase for phrase in phrases):
        return []
    held = [_text_match([wording.token(word)]) for phrase in phrases for word in phrase]
    limit = max(FEWEST, 2 * k)
    where = " and ".join([*conditions, *held])
    while True:
        found = reading.client.nearest(
            reading.collection,
            "bm25",
            question,
            min(limit, MOST),
            PASSAGE,
            reading.state.guarantee,
            where=where,
            params={"metric_type": "BM25"},
        )
        kept = [
            row
            for row, _ in found
            if reading.counts(row) and all(wording.holds(row["words"], phrase) for phrase in phrases)
        ]
        if len(kept) >= k or len(found) < min(limit, MOST) or limit >= MOST:
            return reading.kept(kept)
        limit *= 4


def _question(scale: wording.Scale) -> str:
    """The words to look for, the likeliest first, each as often as it weighs."""
    weights: dict[str, float] = {}
    for term in scale.weights():
        for token, weight in term.items():
            weights[token] = max(weight, weights.get(token, 0.0))
    said = [
        token
        for token, weight in sorted(weights.items(), key=lambda one: -one[1])
        for _ in range(max(1, round(TENTHS * weight)))
    ]
    return " ".join(said[:LONGEST])


def _holding(reading: Reading, term: Term) -> float:
    """How many passages are expected to hold a term: each counts what it expects, but 1 at most.

    Of a large corpus, as it was when it was last notably different.
    """
    scale = wording.Scale([term])
    (weights,) = scale.weights()
    key, known = tuple(sorted(weights.items())), reading.memory.counts
    serial, passages = reading.state.serial, reading.state.passages
    held, then, of = known.get(key, (0.0, -1, 0))
    if then == serial or (of >= LARGE and abs(passages - of) <= STALE * of):
        return held
    where, guarantee = _text_match(list(weights)), reading.state.guarantee
    fields = ("row", "added", "words")
    sample = reading.client.rows(reading.collection, where, fields, guarantee, limit=SAMPLE)
    sure = [min(*scale.expected(row["words"]), 1.0) for row in sample if reading.counts(row)]
    held = sum(sure)
    if len(sample) == SAMPLE and sure:
        held *= reading.client.count(reading.collection, where, guarantee) / len(sure)
    if len(known) >= COUNTS:
        known.clear()
    known[key] = held, serial, passages
    return held


def _text_match(tokens: Sequence[str]) -> str:
    """The condition that a passage holds any of these words."""
    return f"text_match(words, {quoted(' '.join(tokens))})"
