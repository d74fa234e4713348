"""When two passages say the same: what is compared of a passage, and how copies of it are looked for.

Two passages say the same if their words are the same in the same order, or if one of them has whole sentences more.
One word that is another, a number, a name or a "not" among them, and each of the two stands for itself: nothing is
taken for a slip. What is no statement of a passage is left out: a dateline, byline or credit of the agency it came by,
punctuation, tashkeel, and whatever else `index.arabic.fold` takes for the same spelling.

Stores keep what comes of this: a change needs a new schema, to which `index.store.upgrading` brings those there are.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.arabic import Word, words
from index.sentences import sentences

SHINGLE = 3
"""Words side by side that are hashed as one."""

BANDS, ROWS = 10, 3
"""MinHash values, by band: two passages are compared if all values of any band agree (Leskovec et al. 2020, ch. 3.4).

That is nearly sure where half of all shingles or more are shared, and rare where one in ten is.
"""

FEWEST = 8
"""With fewer words a passage has no near-duplicates, only copies."""

MORE = 0.5
"""So much may be added, for each word of the shorter passage."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What a passage says: its `words` as they are compared, and where in `text` each begins."""

    text: str
    words: tuple[str, ...]
    starts: tuple[int, ...]

    @property
    def digest(self) -> bytes:
        """16 bytes, the same for all passages of these words; one without words is told by its characters."""
        said = "\n".join(self.words) or self.text
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16]


def telling(text: str, found: Sequence[Word] | None = None) -> Telling:
    """What a passage says; `found` are its words, if they are known already."""
    start, end = _body(text)
    kept = [word for word in (words(text) if found is None else found) if start <= word.span.start < end]
    return Telling(text, tuple(_exact(text, word) for word in kept), tuple(word.span.start for word in kept))


def near(one: Telling, other: Telling) -> bool:
    """Whether one says what the other says and a sentence or a few more, but for half as many words again at most."""
    shorter, longer = sorted((one, other), key=lambda told: len(told.words))
    if len(shorter.words) < FEWEST or len(longer.words) > (1 + MORE) * len(shorter.words):
        return False
    if not set(longer.words).issuperset(shorter.words):  # most that are compared end here
        return False
    said, place = shorter.words, 0
    for sentence in _sentences(longer):
        if said[place : place + len(sentence)] == sentence:
            place += len(sentence)
    return place == len(said)


def says(told: Telling, sentence: Telling) -> bool:
    """Whether a passage holds all words of a sentence side by side."""
    size = len(sentence.words)
    return any(
        told.words[start : start + size] == sentence.words for start in range(len(told.words) - size + 1)
    )


def bands(told: Telling) -> list[int]:
    """One number a band, signed 32-bit, over MinHash values of its shingles; none for a passage of few words.

    Passages that share one may be near-duplicates. The numbers are kept in stores: they must never change.
    """
    if len(told.words) < FEWEST:
        return []
    values = _minhash(list(_shingles(told.words))).astype("<u4").reshape(BANDS, ROWS)
    return [zlib.crc32(row.tobytes(), band) - (1 << 31) for band, row in enumerate(values)]


def _minhash(shingles: Sequence[bytes]) -> np.ndarray:
    """The least value of all shingles under each of `BANDS * ROWS` permutations, uint32 (Broder 1997).

    Each permutation is a * h + b modulo 2³² with an odd a, over CRC-32 mixed by MurmurHash3's finalizer: the values
    of datasketch's MinHash (seed 1, scheme affine32), which would bring scipy along for them.
    """
    mixed = np.fromiter(map(zlib.crc32, shingles), dtype=np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    factors, shifts = _permutations()
    values: np.ndarray = (mixed[:, None] * factors + shifts).min(axis=0)
    return values


@lru_cache(maxsize=1)
def _permutations() -> tuple[np.ndarray, np.ndarray]:
    """Odd factors and shifts, uint32; numpy promises the numbers of `RandomState` for ever (NEP 19)."""
    drawn = np.random.RandomState(1)
    factors = drawn.randint(0, 1 << 31, BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, drawn.randint(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)


def _shingles(said: Sequence[str]) -> Iterator[bytes]:
    for start in range(len(said) - SHINGLE + 1):
        yield " ".join(said[start : start + SHINGLE]).encode("utf-8", "surrogatepass")


def _sentences(told: Telling) -> Iterator[tuple[str, ...]]:
    """The words of each sentence."""
    place = 0
    for span in sentences(told.text):
        start = place
        while place < len(told.words) and told.starts[place] < span.end:
            place += 1
        yield told.words[start:place]


def _exact(text: str, word: Word) -> str:
    """A word as it is compared: a number with its sign, its currency and its percent sign."""
    if not any(map(str.isdigit, word.text)):
        return word.text
    before, after = text[: word.span.start].rstrip(), text[word.span.end :].lstrip()
    signs = [char for char in (*before[-1:], *after[:1]) if _is_sign(char)]
    minus = _MINUS.search(text, max(0, word.span.start - 2), word.span.start)
    return "".join(["-" if minus else "", word.text, *signs]).replace("٪", "%")


def _is_sign(char: str) -> bool:
    return char in "%٪‰°±<>" or unicodedata.category(char) == "Sc"


def _body(text: str) -> tuple[int, int]:
    """Where a passage begins behind its dateline or byline, and where it ends before its credit."""
    leads = (pattern.match(text) for pattern in _LEADS)
    start = next((lead.end() for lead in leads if lead and _is_agency(lead["who"])), 0)
    if not start and (byline := _BYLINE.match(text)):
        start = byline.end()
    credit = _CREDIT.search(text, max(start, len(text) - _LONGEST_CREDIT))
    end = credit.start() if credit and _is_agency(credit["bracketed"] or credit["dashed"]) else len(text)
    return (start, end) if text[start:end].strip() else (0, len(text))


def _is_agency(who: str) -> bool:
    """Whether this names an agency, or some, and nothing else."""
    return bool(_agencies().fullmatch(_plain(who)))


@lru_cache(maxsize=1)
def _agencies() -> re.Pattern[str]:
    """Agencies by their folded words, with what stands before and between them."""
    named = "|".join(sorted({re.escape(_plain(name)) for name in AGENCIES.split("|")}, key=len, reverse=True))
    linking = "|".join(sorted(map(_plain, _LINKING)))
    return re.compile(rf"(?:(?:{linking}) )*(?:{named})(?: (?:(?:{linking}) )*و?(?:{named}))*")


def _plain(text: str) -> str:
    return " ".join(word.text for word in words(text))


AGENCIES = (
    "رويترز|فرانس برس|الصحافة الفرنسية|الأنباء الفرنسية|أ ف ب|اف ب|أسوشيتد برس|أسوشييتد برس|أ ب|الأنباء الألمانية|د ب أ"
    "|الأناضول|أنباء الأناضول|شينخوا|سبوتنيك|تاس|إنترفاكس|بلومبرغ|بلومبيرغ|واس|الأنباء السعودية|وام|أنباء الإمارات|قنا"
    "|الأنباء القطرية|كونا|الأنباء الكويتية|أنباء البحرين|بترا|الأنباء الأردنية|سانا|واج|وات|وفا|أ ش أ|وكالات|الوكالات"
    "|أنباء الشرق الأوسط|Reuters|AFP|Agence France-Presse|AP|Associated Press|dpa|EFE|ANSA|UPI|PA Media|Anadolu"
    "|Anadolu Agency|Xinhua|TASS|Interfax|Sputnik|Bloomberg|Kyodo|SPA|WAM|QNA|KUNA|BNA|Petra|SANA|WAFA|agencies"
    "|news agencies"
)
"""Whose name in a dateline, or in brackets or behind a dash at the end, says where a passage came from. No name is here
that means something else in brackets: `(الفرنسية)` may be a language.
"""
_LINKING = ("وكالة", "نقلا عن", "عن", "من", "و", "the", "and", "via", "from")

_MINUS = re.compile(r"(?<!\w)[-−]\Z")
_PLACE = r"[^\W\d_][^()\n.!?؟:/]{1,30}?\s*"
_WHO = r"(?P<who>[^()\n!?؟:/–—]{2,40}?)\s*"
_LEADS = (
    re.compile(rf"\s*(?:{_PLACE})?\(\s*{_WHO}\)\s*[-–—ـ:]+\s*"),
    re.compile(rf"\s*{_PLACE}[-–—ـ/]+\s*{_WHO}(?:[:/]|\s[-–—ـ]+)\s*"),
    re.compile(rf"\s*{_WHO}:\s*"),
)
"""`القاهرة (رويترز) - …`, `CAIRO, Sept 3 (Reuters) - …`; `دبي - رويترز - …`, `عواصم/وكالات/ …`; `رويترز: …`"""
_BYLINE = re.compile(
    r"\s*(?:كتب|كتبت|تقرير|إعداد|بقلم)\s*[:–—/-]\s*(?:[^\W\d_]+\s+){1,3}[^\W\d_]+\s*[:–—-]+\s"
)
"""`كتب: محمد علي - …`"""
_LONGEST_CREDIT = 60
_CREDIT = re.compile(
    r"(?:[(\[]\s*(?P<bracketed>[^()\[\]\n]{2,40}?)\s*[)\]]|\s[-–—]+\s*(?P<dashed>[^-–—\n]{2,40}?))[\s.]*\Z"
)
"""`… (رويترز)`, `… - أ ف ب`"""
