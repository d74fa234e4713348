"""A question's words → the passages that hold them: found by Milvus' own BM25, weighed as `index.store.lexical` does.

Milvus ranks by single words and knows no weights, so its best are only candidates. They are weighed by the words that
are stored with them, by the same formula over expected counts as the embedded store's. What that needs to know of the
whole corpus is asked of Milvus: how many passages hold any of a term's likely words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
LEVELS = (0.8, 0.4, 0.0)
"""How many passages hold a term is counted by the likeness of its words: for each level, any word above it."""
LARGE, STALE = 10_000, 0.05
"""Of a corpus of so many passages, a count is asked for again only when it has changed by this part."""
COUNTS = 20_000
"""So many counts are remembered."""

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
    holding = _holding(reading, scale.weights())
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


def _holding(reading: Reading, terms: Sequence[Mapping[str, float]]) -> list[float]:
    """How many passages are expected to hold each term: each passage counts the weight of the likeliest word there."""
    levels = [_levels(weights) for weights in terms]
    asked = [tokens for term in levels for _, tokens in term]
    counted = iter(list(reading.memory.threads.map(lambda tokens: _count(reading, tokens), asked)))
    found = []
    for term in levels:
        total, before = 0.0, 0
        for weight, _ in term:
            count = next(counted)
            total += weight * max(count - before, 0)
            before = max(before, count)
        found.append(total)
    return found


def _levels(weights: Mapping[str, float]) -> list[tuple[float, tuple[str, ...]]]:
    """For each level that has words of its own, their mean weight, and all words above it."""
    found = []
    for above, below in zip(LEVELS, (np.inf, *LEVELS), strict=False):
        mine = [weight for weight in weights.values() if above < weight <= below]
        if mine:
            tokens = tuple(sorted(token for token, weight in weights.items() if weight > above))
            found.append((sum(mine) / len(mine), tokens))
    return found


def _count(reading: Reading, tokens: tuple[str, ...]) -> int:
    """How many passages hold any of these words; of a large corpus, from when it was last notably different."""
    serial, passages = reading.state.serial, reading.state.passages
    count, then, of = reading.memory.counts.get(tokens, (0, -1, 0))
    if then == serial or (of >= LARGE and abs(passages - of) <= STALE * of):
        return count
    count = reading.client.count(reading.collection, _text_match(tokens), reading.state.guarantee)
    if len(reading.memory.counts) >= COUNTS:
        reading.memory.counts.clear()
    reading.memory.counts[tokens] = count, serial, passages
    return count


def _text_match(tokens: Sequence[str]) -> str:
    """The condition that a passage holds any of these words."""
    return f"text_match(words, {quoted(' '.join(tokens))})"
