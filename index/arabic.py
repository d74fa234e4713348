"""Arabic and English text for matching: folding with a map back, words and stems, language and direction."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import snowballstemmer

from index.lexemes import LEXEMES
from index.types import Lang, Span

_SAME = str.maketrans(
    # Persian, Urdu and Maghrebi letters as an Arabic keyboard would write them; ؤ ئ أ إ آ fall apart in NFKD.
    dict(zip("ىیېےۍکڪګگپچژڤڥۋەہۂھةۃٱٲٳ", "يييييككككبجزففوههههههااا", strict=True))
    | dict(zip("،؛؟٫٬٪“”„«»‹›‘’‚‛ʼ′–—―−‐‑", ",;?.,%\"\"\"\"\"''''''''------", strict=True))
)
_TATWEEL = "\u0640"
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0674"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0897-\u089f\u08ca-\u08e1\u08e3-\u08ff"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufc5e-\ufc63\ufcf2-\ufcf4\ufe00-\ufe0f\ufe20-\ufe2f\ufe70-\ufe7f]"
)
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}(?!\w)"  # U.S. and أ.ف.ب are one word
    r"|\d+(?:[.,]\d+)*(?!\w)"  # 57.1 and 1,500 too
    r"|[^\W_]+(?:'[^\W\d_]+)*"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
_ARABIC_WORD = re.compile("[\u0621-\u064a]+")
_SEAT = re.compile("يو(?!ي)")  # a hamza between vowels sits on either: شئون, شؤون
_ENGLISH_WORD = re.compile("[a-z][a-z']*")

_ARTICLES = ("ال", "لل")
_CLITICS = "وفبكل"
_SUFFIXES = {"هما": 3, "ها": 3, "هم": 4, "نا": 4, "ان": 3, "ات": 3, "ون": 3, "ين": 3} | dict.fromkeys(
    ("يه", "ه", "ا", "ي", "ء"), 3
)
"""Each suffix, longest first, and how many letters must be left of the word."""
_TIES = frozenset(("هما", "ها", "هم", "نا", "ه", "ان", "ين"))
"""Suffixes before which ة is written ت."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded for matching and the way back.

    `offsets[i]` is the original index of folded code point `i`, `offsets[len(text)]` the original's length;
    `ends[i]` is where the original of `i` ends, its dropped marks and tatweel included.
    """

    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The original span of `text[start:end]`; an empty one stays empty.

        Raises: ValueError when the range does not lie within the text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"range {start}:{end} is not within a text of {len(self.text)} code points")
        if start == end:
            return Span(self.offsets[start], self.offsets[start])
        return Span(min(self.offsets[start:end]), max(self.ends[start:end]))


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is matched: folded, stemmed, and where it stands in the original."""

    text: str
    stem: str
    span: Span


def language(text: str) -> Lang:
    """The language by the script of most letters, the first one on a tie; `und` for others and for none."""
    counts: Counter[Lang] = Counter()
    for letter, n in Counter(text).items():  # in the order of first occurrence
        if letter.isalpha():
            counts["ar" if _ARABIC.match(letter) else "en" if _is_latin(letter) else "und"] += n
    return max(counts, key=counts.__getitem__, default="und")


def direction(text: str) -> Literal["ltr", "rtl"]:
    """The direction of most strong characters (UAX #9), of the first on a tie; `ltr` when there is none."""
    counts: Counter[Literal["ltr", "rtl"]] = Counter()
    for char, n in Counter(text).items():
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            counts["ltr" if kind == "L" else "rtl"] += n
    return max(counts, key=counts.__getitem__, default="ltr")


def fold(text: str) -> Folded:
    """The text as it is compared: one form for what readers take for the same word, never for display.

    Drops tashkeel, accents, tatweel, bidi controls and zero-width characters; writes alef, hamza carriers, ى,
    ة, Persian letters, digits of any script, quotes and dashes in one form; ignores case. Compatibility
    decomposed (UAX #15), so NFC and NFD input give the same; folding twice changes nothing. Empty for empty.
    """
    kept: list[tuple[str, int]] = []
    ends: list[int] = []
    for index, char in enumerate(text):
        folded = _fold_char(char)
        for piece in folded:
            kept.append((piece, index))
            ends.append(index + 1)
        if not folded and unicodedata.category(char) != "Cf":
            _stretch(kept, ends, index)
    folded_text = "".join(piece for piece, _ in kept)
    if not unicodedata.is_normalized("NFD", folded_text):
        order = _canonical_order(folded_text)
        kept, ends = [kept[i] for i in order], [ends[i] for i in order]
        folded_text = "".join(piece for piece, _ in kept)
    return Folded(folded_text, (*(index for _, index in kept), len(text)), tuple(ends))


def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order, folded and stemmed, without punctuation: `1,500` is `1500`, `U.S.` is `us`."""
    folded = fold(text)
    return tuple(
        Word(word, stem(word), folded.span(*match.span()))
        for match in _WORD.finditer(folded.text)
        if (word := _plain(match.group()))
    )


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of a folded word: light10 (Larkey et al. 2007) for Arabic, Snowball for English.

    Beyond light10, the clitics ف ب ك ل come off too, suffixes come off until none is left, and three letters
    always stay. Words whose first letter only looks like a clitic (لجنة, بطاقة) are listed in `index.lexemes`.
    """
    if _ARABIC_WORD.fullmatch(word):
        return _without_suffixes(_SEAT.sub("وو", _without_clitics(word)))
    if _ENGLISH_WORD.fullmatch(word):
        return str(
            snowballstemmer.stemmer("english").stemWord(word)
        )  # a new one each: they are not thread-safe
    return word


def _without_clitics(word: str) -> str:
    """Stripping goes on until a listed word or three letters are left, so any run of clitics gives the same."""
    while len(word) > 3 and not _is_listed(word):
        if word.startswith("لل") and _is_listed(word[1:]):  # ل + اللجنة is written للجنة
            return word[1:]
        if word.startswith(_ARTICLES) and len(word) >= 5:
            word = word[2:]
        elif word[0] in _CLITICS:
            word = word[1:]
        else:
            break
    return word


def _is_listed(word: str) -> bool:
    """Whether the word is a lexeme, or one with other endings: لجنتها is of لجنة, كوري of كوريا."""
    bases = [word, *(word.removesuffix(suffix) for suffix in _SUFFIXES if word.endswith(suffix))]
    bases += [base[:-1] for base in bases if base.endswith("ت")]
    return any(base + ending in LEXEMES for base in bases for ending in ("", "ه", "ا"))


def _without_suffixes(word: str) -> str:
    changed = True
    while changed:
        changed = False
        for suffix, least in _SUFFIXES.items():
            if word.endswith(suffix) and len(word) - len(suffix) >= least:
                word = word[: -len(suffix)]
                if suffix in _TIES and word.endswith("ت") and len(word) > 3:  # سياستها is of سياسة
                    word = word[:-1]
                changed = True
    return word


def _plain(word: str) -> str:
    """A matched word without its inner dots (acronyms) and thousands separators."""
    if _THOUSANDS.fullmatch(word):
        return word.replace(",", "")
    return word if word[0].isdigit() else word.replace(".", "")


@lru_cache(maxsize=1 << 14)
def _fold_char(char: str) -> str:
    decomposed = _strip(unicodedata.normalize("NFKD", _strip(char)))
    decomposed = _strip(unicodedata.normalize("NFKD", decomposed.casefold())).translate(_SAME)
    return "".join(_digit(c) for c in decomposed)


def _strip(text: str) -> str:
    """Without marks, tatweel and format characters (bidi controls, joiners, soft hyphens)."""
    return "".join(c for c in _MARKS.sub("", text) if c != _TATWEEL and unicodedata.category(c) != "Cf")


def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def _stretch(kept: list[tuple[str, int]], ends: list[int], index: int) -> None:
    """Let the mark at `index` count to the letter before it, if it follows directly."""
    last = len(ends) - 1
    while last >= 0 and ends[last] == index:
        ends[last] = index + 1
        last -= 1


def _canonical_order(text: str) -> list[int]:
    """The permutation that puts kept combining marks in canonical order (UAX #15), as Indic scripts need."""
    starts = [i for i, c in enumerate(text) if not unicodedata.combining(c)]
    runs = pairwise([0, *(s for s in starts if s), len(text)])
    return [
        i
        for start, end in runs
        for i in sorted(range(start, end), key=lambda i: unicodedata.combining(text[i]))
    ]


def _is_latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "")
