"""Whether the text of a page is what a reader of the page sees: Arabic may come out of a PDF reversed or in pieces."""

from __future__ import annotations

import re
import unicodedata

MIN_WORDS = 5
"""A page with fewer words of a script tells nothing about it."""
MOST_REVERSED = 0.2
MOST_SINGLE = 0.3
MOST_UNKNOWN = 0.02
MOST_MIXED = 0.15
VOWELS = (0.28, 0.6)
"""Shares: of the evidence that words are reversed; of Arabic words that are one letter; of characters that stand for
none; of words with signs among their letters; of vowels among Latin letters, from and to."""

_ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3\u0640\u064b-\u0652]+")
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")
_FORWARD = re.compile("(?:[وفبك]?ال|لل|ولل).{2,}|.{2,}ة")
_FORWARD_WORDS = frozenset((
    "في", "من", "على", "إلى", "أن", "إن", "عن", "مع", "هذا", "هذه", "التي", "الذي", "كان", "كانت", "بين", "بعد",
    "قبل", "غير", "كل", "ما", "لم", "قد", "أو", "ثم",
))  # fmt: skip
_BACKWARD_WORDS = frozenset(word[::-1] for word in _FORWARD_WORDS) - _FORWARD_WORDS
_NEVER_FIRST = "ةىئؤ"
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
_CLOSED = frozenset((
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "on", "with", "as", "by", "at", "from", "or", "an",
    "it", "this", "be", "are", "was", "not", "which", "he", "his", "le", "la", "les", "de", "des", "et", "en", "un",
    "une", "du", "der", "die", "das", "und", "ist", "von", "zu", "den", "el", "los", "que", "y", "il", "di", "e",
    "per", "ve", "bir", "bu", "da",
))  # fmt: skip
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœ")
_SIGNS = ("Sm", "Sk", "So", "Sc", "Co", "Cn")


def fault(text: str) -> str | None:
    """What is wrong with the text of a page, to be said after its name; None for a page that can be read."""
    words = [_MARKS.sub("", word) for word in _ARABIC.findall(text)]
    words = [word for word in words if word]
    if _is_soup(text):
        return "comes out as signs that are no text: its fonts do not say which letters they hold"
    if len(words) < MIN_WORDS:
        return (
            "comes out as letters that make no words: its fonts are disguised"
            if _is_gibberish(text)
            else None
        )
    singles = sum(len(word) == 1 and word != "و" for word in words)
    if singles > MOST_SINGLE * len(words):
        return "comes out unjoined: the letters of its Arabic words stand apart"
    forward = sum(_is_forward(word) for word in words)
    backward = sum(_is_backward(word) for word in words)
    if backward > MOST_REVERSED * (forward + backward):
        return "comes out reversed: its Arabic words read from their last letter to their first"
    return None


def _is_forward(word: str) -> bool:
    return word in _FORWARD_WORDS or bool(_FORWARD.fullmatch(word))


def _is_backward(word: str) -> bool:
    """What no word is that reads forwards, or hardly any: `ةمق`, `يف`, `رصملا`."""
    if word in _BACKWARD_WORDS:
        return True
    return len(word) >= 2 and (word[0] in _NEVER_FIRST or (len(word) >= 4 and word.endswith("لا")))


def _is_soup(text: str) -> bool:
    shown = [char for char in text if not char.isspace()]
    if not shown:
        return False
    unknown = sum(
        char == "\ufffd" or unicodedata.category(char) in ("Co", "Cn", "Cc", "Cs") for char in shown
    )
    return unknown > MOST_UNKNOWN * len(shown) and unknown > 1


def _is_gibberish(text: str) -> bool:
    """Whether Latin letters make no language: signs within words, or neither vowels nor small words."""
    words = [word for word in text.split() if sum(map(str.isalpha, word)) >= 2]
    if len(words) < 4 * MIN_WORDS:
        return False
    mixed = sum(
        any(unicodedata.category(char) in _SIGNS for char in word.strip("+<>=|^~$€£©®°")) for word in words
    )
    if mixed > MOST_MIXED * len(words):
        return True
    latin = [word.lower() for word in _LATIN.findall(text)]
    if len(latin) < 8 * MIN_WORDS or any(word in _CLOSED for word in latin):
        return False
    letters = "".join(latin)
    share = sum(char in _VOWELS for char in letters) / len(letters)
    return not VOWELS[0] <= share <= VOWELS[1]
