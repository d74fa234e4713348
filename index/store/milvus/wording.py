"""The words of a passage as Milvus searches them, and what they weigh for a question: as in `index.store.lexical`.

One text a passage: a line each for the words of its text, of its heading and of its article's title; every word is
followed by its stem, which a tatweel marks, as no folded word has one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.arabic import Word
from index.store.lexical import FIELD_UNITS, UNITS
from index.store.milvus.names import TEXT
from index.store.vocabulary import LONGEST
from index.types import Term

log = logging.getLogger("index.store")

STEM = "\u0640"
_ESCAPES = str.maketrans({".": "_", ",": "__", "'": "___", "-": "____"})
"""Words must be one token to any analyzer; no folded word has an underscore."""
_UNESCAPES = {escaped: chr(code) for code, escaped in _ESCAPES.items()}
_ESCAPED = re.compile("_+")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a passage's words: `text`, and `size`, how many of its text and heading there are."""

    text: str
    size: int


def of(text: Sequence[Word], heading: Sequence[Word], title: Sequence[Word]) -> Kept:
    """The words of the three fields; what Milvus cannot keep of a passage far too long is left out, and logged."""
    lines = [
        " ".join(f"{token(word.text)} {stem_token(word.stem)}" for word in field)
        for field in (text, heading, title)
    ]
    made = "\n".join(lines)
    if len(made.encode()) > TEXT:
        made = made.encode()[:TEXT].decode(errors="ignore").rpartition(" ")[0]
        log.warning("a passage of %d words is found by its first words only: Milvus keeps no more", len(text))
    return Kept(made, len(text) + len(heading))


@lru_cache(maxsize=1 << 16)
def token(word: str) -> str:
    """A folded word as it lies in Milvus."""
    return word[:LONGEST].translate(_ESCAPES)


def word_of(stored: str) -> str:
    """The folded word that a token stands for."""
    return _ESCAPED.sub(lambda run: _UNESCAPES.get(run.group(), run.group()), stored)


def stem_token(stem: str) -> str:
    """A stem as it lies in Milvus."""
    return STEM + token(stem)


def fields(stored: str) -> list[list[str]]:
    """The words, as tokens, of text, heading and title."""
    lines = [line.split() for line in stored.split("\n")]
    return [line[::2] for line in lines]


class Scale:
    """What passages weigh for the terms of a question, each a mapping of tokens to weights."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._words = [{token(word): weight for word, weight in term.words.items()} for term in terms]
        self._stems = [{stem_token(one): weight for one, weight in term.stems.items()} for term in terms]
        self._wanted = frozenset(one for term in (*self._words, *self._stems) for one in term)

    def weights(self) -> list[dict[str, float]]:
        """The tokens of each term with their weights."""
        return [words | stems for words, stems in zip(self._words, self._stems, strict=True)]

    def expected(self, stored: str) -> list[float]:
        """How often each term is expected in a passage with these words."""
        totals = [0.0] * len(self._words)
        for units, line in zip(FIELD_UNITS, stored.split("\n"), strict=False):
            tokens = line.split()
            for word, stem in zip(tokens[::2], tokens[1::2], strict=False):
                if word in self._wanted or stem in self._wanted:
                    for place, (words, stems) in enumerate(zip(self._words, self._stems, strict=True)):
                        totals[place] += max(words.get(word, 0.0), stems.get(stem, 0.0)) * units / UNITS
        return totals


def holds(stored: str, phrase: Sequence[str]) -> bool:
    """Whether the phrase's words stand side by side in one of the fields."""
    wanted = [token(word) for word in phrase]
    span = len(wanted)
    return bool(span) and any(
        line[start : start + span] == wanted
        for line in fields(stored)
        for start in range(len(line) - span + 1)
    )
