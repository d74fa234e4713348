"""Lexical search in memory: posting lists over words, scored by BM25 over expected counts.

A word of the question counts in a passage as often as the words that may stand for it do, each weighted by its
probability: probabilistic structured queries (Darwish & Oard 2003; Yang et al. 2024, arXiv 2404.18797). Derived from
the database, never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from index.store.columns import Ints, Mask
from index.store.vocabulary import WordIds
from index.types import Matches

Floats = npt.NDArray[np.float64]

SATURATION = 1.2
"""BM25's k1 (Robertson & Zaragoza 2009)."""

LENGTH = 0.4
"""BM25's b: how far a long passage is held back."""

UNITS = 4
FIELD_UNITS = (4, 2, 1)
"""What a word of the text, of the heading and of the title counts, in quarters."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Posting lists of some passages, `rows` ascending `(n,)`, with their `lengths` in words of text and heading.

    The postings of `words[i]` are `places[starts[i]:starts[i + 1]]`, positions in `rows`, with `counts` in quarters.
    """

    rows: Ints
    lengths: npt.NDArray[np.float32]
    words: WordIds
    starts: Ints
    places: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint8]

    @classmethod
    def build(cls, rows: Sequence[int], wordings: Sequence[WordIds]) -> Self:
        """From the word ids of each row."""
        ids = np.concatenate([*wordings, np.zeros(0, dtype=np.int32)])
        sizes = np.array([len(wording) for wording in wordings], dtype=np.int64)
        place = np.repeat(np.arange(len(rows)), sizes)
        breaks = np.cumsum(ids == 0)
        before = np.concatenate([[0], breaks])[np.cumsum(sizes) - sizes] if len(rows) else breaks
        field = breaks - np.repeat(before, sizes)
        lengths = np.bincount(place[(ids > 0) & (field < 2)], minlength=len(rows))
        units = np.array(FIELD_UNITS, dtype=np.float64)[np.minimum(field, 2)]
        kept = ids > 0
        keys, inverse = np.unique(ids[kept].astype(np.int64) << 32 | place[kept], return_inverse=True)
        counts = np.bincount(inverse, weights=units[kept], minlength=len(keys))
        words, starts = np.unique(keys >> 32, return_index=True)
        return cls(
            rows=np.array(rows, dtype=np.int64),
            lengths=lengths.astype(np.float32),
            words=words.astype(np.int32),
            starts=np.concatenate([starts, [len(keys)]]),
            places=(keys & 0xFFFFFFFF).astype(np.int32),
            counts=np.minimum(counts, 255).astype(np.uint8),
        )

    @classmethod
    def merged(cls, older: Part, newer: Part) -> Self:
        """One segment of what is alive in two parts, the second of higher rows."""
        kept = [part.kept() for part in (older, newer)]
        ends = [len(kept[0]), len(kept[0]) + len(kept[1])]
        words, places, counts = [], [], []
        for part, mine, end in zip((older, newer), kept, ends, strict=True):
            moved = np.full(len(part.segment.rows), -1, dtype=np.int32)
            moved[mine] = np.arange(end - len(mine), end, dtype=np.int32)
            place = moved[part.segment.places]
            words.append(np.repeat(part.segment.words, np.diff(part.segment.starts))[place >= 0])
            counts.append(part.segment.counts[place >= 0])
            places.append(place[place >= 0])
        ids, place = np.concatenate(words), np.concatenate(places)
        order = np.lexsort((place, ids))
        distinct, starts = np.unique(ids[order], return_index=True)
        return cls(
            rows=np.concatenate([older.rows(), newer.rows()]),
            lengths=np.concatenate([older.lengths(), newer.lengths()]),
            words=distinct,
            starts=np.concatenate([starts, [len(ids)]]),
            places=place[order],
            counts=np.concatenate(counts)[order],
        )

    def expected(self, words: Mapping[int, float]) -> Floats | None:
        """How often these words, each counting its weight, are expected in each passage `(n,)`; None for nowhere."""
        ids = np.fromiter(words, dtype=np.int64, count=len(words))
        weights = np.fromiter(words.values(), dtype=np.float64, count=len(words))
        at = np.searchsorted(self.words, ids)
        here = np.flatnonzero(at < len(self.words))
        here = here[self.words[at[here]] == ids[here]]
        if not len(here):
            return None
        starts, ends = self.starts[at[here]], self.starts[at[here] + 1]
        slices = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        places = np.concatenate([self.places[one] for one in slices])
        counts = np.concatenate([self.counts[one] for one in slices])
        each = np.repeat(weights[here] / UNITS, ends - starts) * counts
        return np.bincount(places, weights=each, minlength=len(self.rows)).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A segment as one revision sees it: which of it is `alive` (None: all), and BM25's length norm `(n,)`."""

    segment: Segment
    alive: Mask | None
    norms: Floats

    def rows(self) -> Ints:
        """The rows that are alive."""
        return self.segment.rows if self.alive is None else self.segment.rows[self.alive]

    def lengths(self) -> npt.NDArray[np.float32]:
        """The lengths of those."""
        return self.segment.lengths if self.alive is None else self.segment.lengths[self.alive]

    def kept(self) -> Ints:
        """The positions that are alive."""
        return np.arange(len(self.segment.rows)) if self.alive is None else np.flatnonzero(self.alive)


@dataclass(frozen=True, slots=True)
class Postings:
    """All posting lists of one revision, rows ascending over its parts. Immutable."""

    parts: tuple[Part, ...] = ()
    last: int = 0

    @classmethod
    def of(cls, rows: Sequence[int], wordings: Sequence[WordIds]) -> Postings:
        """Of the live passages, from their rows and word ids as the database holds them."""
        return Postings().advanced((), rows, wordings)

    def advanced(self, gone: Sequence[int], rows: Sequence[int], wordings: Sequence[WordIds]) -> Postings:
        """A later revision: these rows are gone, these are new. Parts of like size are made one."""
        parts = [_without(part, gone) for part in self.parts] if len(gone) else list(self.parts)
        if rows:
            segment = Segment.build(rows, wordings)
            parts.append(Part(segment, None, np.zeros(0)))
        while len(parts) > 1 and 2 * len(parts[-1].segment.rows) >= len(parts[-2].segment.rows):
            newer, older = parts.pop(), parts.pop()
            parts.append(Part(Segment.merged(older, newer), None, np.zeros(0)))
        return Postings(_normed(parts), max([self.last, *rows]))

    def __len__(self) -> int:
        return sum(len(part.rows()) for part in self.parts)

    def holding(self, words: Sequence[int]) -> Ints:
        """Rows of the passages that hold each of these words somewhere."""
        found = [np.zeros(0, dtype=np.int64)]
        for part in self.parts:
            held = np.ones(len(part.segment.rows), dtype=np.bool_) if part.alive is None else part.alive
            for word in words:
                expected = part.segment.expected({word: 1.0})
                held = held & (expected > 0) if expected is not None else np.zeros_like(held)
            found.append(part.segment.rows[held])
        return np.concatenate(found)

    def scored(self, terms: Sequence[Mapping[int, float]]) -> Matches:
        """The passages that any term, a mapping of word id to weight, is expected in; see `Matches`."""
        total = len(self)
        totals = [np.zeros(len(part.segment.rows)) for part in self.parts]
        rarity, held = [], 0.0
        for term in terms:
            expected = [_alive(part, part.segment.expected(term)) for part in self.parts]
            holding = sum(float(np.minimum(found, 1).sum()) for found in expected if found is not None)
            idf = float(np.log1p((total - holding + 0.5) / (holding + 0.5)))
            rarity.append(idf)
            held += idf * (holding > 0)
            for part, found, scores in zip(self.parts, expected, totals, strict=True):
                if found is not None:
                    places = np.flatnonzero(found)
                    tf = found[places]
                    scores[places] += idf * tf / (tf + part.norms[places])
        matched = [np.flatnonzero(scores) for scores in totals]
        rows = [part.segment.rows[places] for part, places in zip(self.parts, matched, strict=True)]
        values = [scores[places] for scores, places in zip(totals, matched, strict=True)]
        return Matches(
            rows=np.concatenate([np.zeros(0, dtype=np.int64), *rows]),
            scores=np.concatenate([np.zeros(0), *values]) / (held or 1.0),
            rarity=tuple(rarity),
            coverage=held / (sum(rarity) or 1.0),
        )


def _alive(part: Part, found: Floats | None) -> Floats | None:
    return found if found is None or part.alive is None else found * part.alive


def _without(part: Part, gone: Sequence[int]) -> Part:
    dead = np.isin(part.segment.rows, gone)
    if not dead.any():
        return part
    return replace(part, alive=~dead if part.alive is None else part.alive & ~dead)


def _normed(parts: Sequence[Part]) -> tuple[Part, ...]:
    """These parts with length norms by the mean length of all live passages."""
    lengths = [part.lengths() for part in parts]
    count = sum(len(one) for one in lengths)
    mean = max(sum(float(one.sum()) for one in lengths) / count, 1.0) if count else 1.0
    return tuple(
        replace(
            part, norms=SATURATION * (1 - LENGTH + LENGTH * part.segment.lengths / mean).astype(np.float64)
        )
        for part in parts
    )


def phrase_at(wording: WordIds, phrase: Sequence[int]) -> bool:
    """Whether the phrase's words stand in the wording side by side."""
    span = len(wording) - len(phrase) + 1
    if span < 1:
        return False
    matched = np.ones(span, dtype=np.bool_)
    for offset, word in enumerate(phrase):
        matched &= wording[offset : offset + span] == word
    return bool(matched.any())


def chunks(rows: Ints, size: int = 4096) -> Iterator[list[int]]:
    """The rows in lists of this size."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size].tolist()
