"""The sentence that answers: which sentence of a passage matches a question best, and its words that do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from index.arabic import Word, words
from index.sentences import sentences
from index.types import Embeddings, Encoder, Span, Term

MARKED = 0.25
"""A word is marked when it stands for one of the question's with at least so much weight."""

REMEMBERED = 512
"""Passages whose sentences are kept, and sentences whose embeddings are."""

ENCODED = 32
"""So many sentences of one answer are put to the encoder at most: some hundred milliseconds, however many hits."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, its words, both with their spans in the passage, and their distinct texts and stems."""

    span: Span
    words: tuple[Word, ...]
    texts: frozenset[str]
    stems: frozenset[str]

    @classmethod
    def of(cls, span: Span, words: Iterable[Word]) -> Self:
        """The sentence that lies in this span, of the words of its passage."""
        inside = tuple(word for word in words if span.start <= word.span.start < span.end)
        return cls(
            span, inside, frozenset(word.text for word in inside), frozenset(word.stem for word in inside)
        )


class Highlighter:
    """Finds the sentences; safe to call from several threads.

    A sentence is judged by the question's terms in it, their translations and spellings among them, each by its rarity:
    this finds the right sentence about as often as the encoder does and takes a thirtieth of the time. The encoder
    decides only where no term is found.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._embedding = lru_cache(maxsize=REMEMBERED)(self._encoded)

    def spans(
        self,
        texts: Sequence[str],
        terms: Sequence[Term],
        rarity: Sequence[float],
        embedding: Embeddings | None,
    ) -> list[tuple[Span, ...]]:
        """For each passage the span of its best sentence, then those of the words in it that match, in order.

        `rarity` weighs each term; none weighs all alike. No embedding of the question: only terms count. Of passages
        that only the encoder could decide on, those that come after `ENCODED` sentences have no span.
        """
        sought, left, found = Sought(terms, rarity or [1.0] * len(terms)), ENCODED, list[tuple[Span, ...]]()
        for text in texts:
            parts = parsed(text)
            scores = [sought.covered(part) for part in parts]
            if len(parts) > 1 and embedding is not None and not any(scores):
                left -= len(parts)
                scores = self._cosines(text, parts, embedding) if left >= 0 else []
            found.append(_marks(parts, scores, sought))
        return found

    def _cosines(self, text: str, parts: Sequence[Sentence], embedding: Embeddings) -> list[float]:
        return [float(self._embedding(text[part.span.start : part.span.end]) @ embedding) for part in parts]

    def _encoded(self, sentence: str) -> Embeddings:
        embedding: Embeddings = self._encoder.encode_passages([sentence])[0]
        return embedding


class Sought:
    """The terms of one question, by the words and stems that stand for them."""

    def __init__(self, terms: Sequence[Term], rarity: Sequence[float]) -> None:
        self._rarity = rarity
        self._words, self._stems = _Forms(), _Forms()
        for number, term in enumerate(terms):
            self._words.add(number, term.words)
            self._stems.add(number, term.stems)

    def covered(self, sentence: Sentence) -> float:
        """How much of the terms, by rarity, the sentence holds; each counts as its best word does."""
        best: dict[int, float] = {}
        for known, held in ((self._words, sentence.texts), (self._stems, sentence.stems)):
            for form in known.terms.keys() & held:
                for number, weight in known.terms[form]:
                    best[number] = max(weight, best.get(number, 0.0))
        return sum(self._rarity[number] * best[number] for number in sorted(best))

    def is_marked(self, word: Word) -> bool:
        """Whether the word stands for any term well enough to be shown."""
        return word.text in self._words.marked or word.stem in self._stems.marked


class _Forms:
    """Words, or stems: the numbers of the terms that each stands for, and with what weight."""

    def __init__(self) -> None:
        self.terms: dict[str, list[tuple[int, float]]] = {}
        self.marked: set[str] = set()

    def add(self, number: int, weights: Mapping[str, float]) -> None:
        """A term's."""
        for form, weight in weights.items():
            self.terms.setdefault(form, []).append((number, weight))
            if weight >= MARKED:
                self.marked.add(form)


def _marks(parts: Sequence[Sentence], scores: Sequence[float], sought: Sought) -> tuple[Span, ...]:
    """The best sentence and its words that match; nothing where there are no scores."""
    if not scores:
        return ()
    best = parts[max(range(len(parts)), key=scores.__getitem__)]
    return (best.span, *(word.span for word in best.words if sought.is_marked(word)))


@lru_cache(maxsize=REMEMBERED)
def parsed(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text, in order, with their words."""
    found = words(text)
    return tuple(Sentence.of(span, found) for span in sentences(text))
