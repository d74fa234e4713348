"""Sentences of Arabic and English text: UAX #29 boundaries, tailored to abbreviations, initials and quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from index.types import Span

_END = re.compile(  # possessive, and tried only where a run begins: dotted leaders stay linear
    r"(?<![.!?؟۔…‼⁇⁈⁉。！？])[.!?؟۔…‼⁇⁈⁉。！？]++[\"'”’»›)\]}]*+(?:\[\d+\])*+(?=\s|$)|\n"
)
_GLUED = re.compile(r"(?<=[\u0621-\u064a\u064b-\u0652]{3})[.؟!](?=[\u0621-\u064a]{2})")  # المنطقة.وقال
_WINDOW = 80
"""So many code points around a mark decide what it is."""
_LAST_WORD = re.compile(r"[^\s\"'“‘«(\[]*\Z")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _listed(
    "dr mr mrs ms prof gen col lt sgt capt cmdr maj adm sen rep gov pres st mt ft vs cf eg ie al messrs hon "
    "rev fig vol ed eds approx dept est jan feb mar apr jun jul aug sep sept oct nov dec"
)
_TAILS = _listed("jr sr inc ltd co corp llc plc bros etc am pm")
"""Abbreviations that may close a sentence; they do when a usual sentence opener follows."""
_BEFORE_NUMBERS = _listed("no nos p pp art sec ch")
_ARABIC_TITLES = _listed("د أ ا م ص ج ت س ق ع ف أد أ.د ا.د")
_ERAS = _listed("م هـ ه ق.م")
_OPENERS = _listed(
    "the a an he she it they we you i in on at but and so this that these those there when while after before "
    "as if for from his her its their our what who how why to by with according"
)


def sentences(text: str) -> tuple[Span, ...]:
    """Spans of the sentences in order, closing quotes included, trimmed of whitespace; none for a blank text.

    A line break always ends a sentence; decimals, abbreviations (Dr., U.S., د., أ.د.), initials, list numbers
    and the two-dot dash of Arabic headlines do not. ؛ ends a clause, not a sentence (UAX #29).
    """
    cuts = [0, *_cuts(text), len(text)]
    found = (_trimmed(text, start, end) for start, end in pairwise(cuts))
    return tuple(span for span in found if span.start < span.end)


def _cuts(text: str) -> Iterator[int]:
    start = 0
    marks = sorted((m.start(), m.end(), m.group()) for p in (_END, _GLUED) for m in p.finditer(text))
    for mark_start, mark_end, mark in marks:
        before = text[max(start, mark_start - _WINDOW) : mark_start]
        if mark == "\n" or _ends_sentence(before, mark, text[mark_end : mark_end + _WINDOW]):
            start = mark_end
            yield mark_end


def _ends_sentence(before: str, mark: str, after: str) -> bool:
    """Whether a mark between these texts ends a sentence; `before` begins at the sentence's start."""
    following = after.lstrip().lstrip("\"'“‘«([")
    if following[:1].islower():  # "Why?" he asked; approx. five
        return False
    dots = mark.rstrip("\"'”’»›)]}")
    if dots == "..":
        return not following
    if dots != ".":
        return True
    found = _LAST_WORD.search(before)
    word = found.group() if found else ""
    return not _is_abbreviation(word, before[: len(before) - len(word)].split(), following)


def _is_abbreviation(word: str, earlier: list[str], following: str) -> bool:
    """Whether the full stop after `word` belongs to it, given the words before it and what follows."""
    plain = word.replace(".", "").lower()
    next_word = re.match(r"[\w']*", following)
    opener = next_word is not None and next_word.group().lower() in _OPENERS
    if word.isdecimal():
        return not earlier  # "1. First"
    if word in _ERAS and earlier and earlier[-1][-1].isdigit():
        return False
    if word in _ARABIC_TITLES or plain in _TITLES:
        return bool(following)
    if plain in _BEFORE_NUMBERS:
        return following[:1].isdigit()
    if plain in _TAILS or _DOTTED.fullmatch(word):
        return bool(following) and not opener and not following[0].isspace()
    return len(word) == 1 and word.isalpha() and word != "I" and bool(following) and not opener


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Span(start, max(start, start + len(piece.strip())))
