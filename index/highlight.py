"""The sentence that answers: which sentence of a passage matches a question best, and its words that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.arabic import Word, words
from index.sentences import sentences
from index.types import Embeddings, Encoder, Span, Term

MARKED = 0.25
"""A word is marked when it stands for one of the question's with at least so much weight."""

REMEMBERED = 512
"""Passages whose sentences are kept, and sentences whose embeddings are."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage and its words, all with their spans in the passage."""

    span: Span
    words: tuple[Word, ...]


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

        `rarity` weighs each term; none weighs all alike. No embedding of the question: only terms count.
        """
        sought = Sought(terms, rarity or [1.0] * len(terms))
        return [self._best(text, sought, embedding) for text in texts]

    def _best(self, text: str, sought: Sought, embedding: Embeddings | None) -> tuple[Span, ...]:
        parts = parsed(text)
        if not parts:
            return ()
        scores = [sought.covered(part) for part in parts]
        if not any(scores) and embedding is not None and len(parts) > 1:
            scores = [float(self._embedding(text[p.span.start : p.span.end]) @ embedding) for p in parts]
        best = parts[max(range(len(parts)), key=scores.__getitem__)]
        return (best.span, *(word.span for word in best.words if sought.is_marked(word)))

    def _encoded(self, sentence: str) -> Embeddings:
        embedding: Embeddings = self._encoder.encode_passages([sentence])[0]
        return embedding


class Sought:
    """The terms of one question, by the words and stems that stand for them."""

    def __init__(self, terms: Sequence[Term], rarity: Sequence[float]) -> None:
        self._rarity = rarity
        self._words: dict[str, list[tuple[int, float]]] = {}
        self._stems: dict[str, list[tuple[int, float]]] = {}
        for number, term in enumerate(terms):
            for known, weights in ((self._words, term.words), (self._stems, term.stems)):
                for form, weight in weights.items():
                    known.setdefault(form, []).append((number, weight))

    def covered(self, sentence: Sentence) -> float:
        """How much of the terms, by rarity, the sentence holds; each counts as its best word does."""
        best: dict[int, float] = {}
        for word in sentence.words:
            for number, weight in self._of(word):
                best[number] = max(weight, best.get(number, 0.0))
        return sum(self._rarity[number] * weight for number, weight in best.items())

    def is_marked(self, word: Word) -> bool:
        """Whether the word stands for any term well enough to be shown."""
        return any(weight >= MARKED for _, weight in self._of(word))

    def _of(self, word: Word) -> Sequence[tuple[int, float]]:
        by_word, by_stem = self._words.get(word.text), self._stems.get(word.stem)
        if by_word is None or by_stem is None:  # as it is of nearly every word
            return by_word or by_stem or ()
        return by_word + by_stem


@lru_cache(maxsize=REMEMBERED)
def parsed(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text, in order, with their words."""
    found = words(text)
    return tuple(
        Sentence(span, tuple(word for word in found if span.start <= word.span.start < span.end))
        for span in sentences(text)
    )
