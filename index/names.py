"""Names across scripts: the consonants that Latin and Arabic spellings of a name share, and how alike two are."""

from __future__ import annotations

import re
from functools import lru_cache

_LATIN = {
    "shch": "S", "tsch": "S", "sch": "S", "tch": "S", "sh": "S", "ch": "S", "kh": "K", "ph": "F", "th": "T", "dh": "D",
    "gh": "G", "zh": "G", "dj": "G", "ck": "K", "qu": "K", "ce": "Se", "ci": "Si", "cy": "Si", "x": "KS",
} | dict(zip("bpfvtdzkqcgjslmnraeiouywh", "BBFFTDDKKKGGSLMNRaeiouiuh", strict=True))  # fmt: skip
_ARABIC = {"تش": "S", "دج": "G", "كس": "KS"} | dict(
    zip("بفتطثدضذظزكقخجغسصشلمنرايوهحعءوي", "BFTTTDDDDDKKKGGSSSLMNRaiuhhaaui", strict=True)
)
"""Runs of letters as sounds: capitals are consonants in classes that both scripts share, the rest vowels and h."""

_LATIN_RUN = re.compile("|".join(sorted(_LATIN, key=len, reverse=True)))
_ARABIC_RUN = re.compile("|".join(sorted(_ARABIC, key=len, reverse=True)))
_LATIN_WORD = re.compile("[a-z'-]+")
_ARABIC_WORD = re.compile("[\u0621-\u064a]+")
_DOUBLED = re.compile(r"(.)\1+")
_NOT_CONSONANTS = re.compile("[a-z]+")

CLITICS = {"": "", "و": "", "ب": "B", "ف": "F", "ك": "K", "ل": "L"}
"""What may stand before a name in Arabic, and the consonant that it adds."""

_NEAR_VOWELS = {frozenset(pair) for pair in ("ae", "ei", "ou", "iy", "ao", "ai")}
_VOWEL, _OTHER_VOWEL, _ASPIRATE = 0.25, 0.2, 0.15
"""What it costs to leave out a vowel, to read another one, to leave out an h; a consonant costs 1."""


@lru_cache(maxsize=1 << 16)
def skeleton(word: str) -> str:
    """The consonants of a folded word in classes that both scripts share, runs of one class once: `tokayev` and
    توكاييف are TKF. Vowels and h leave nothing, nor does the Arabic article; empty for other scripts.
    """
    return _DOUBLED.sub(r"\1", _NOT_CONSONANTS.sub("", _sounds(word)))


def skeletons(word: str) -> tuple[str, ...]:
    """The skeletons under which other spellings of a name may stand in a text, with and without a clitic before it."""
    bare = skeleton(word)
    if len(bare) < 2:
        return ()
    return tuple(dict.fromkeys(_DOUBLED.sub(r"\1", clitic + bare) for clitic in CLITICS.values()))


def likeness(word: str, other: str) -> float:
    """How alike two folded words sound, 1 for the same and 0 for nothing in common; `other` may carry a clitic.

    One less the edit distance of their sounds by the length of the longer, vowels and h counting less than
    consonants: short vowels are not written in Arabic.
    """
    return max(_alike(_sounds(word), _sounds(bare)) for bare in _without_clitics(other))


def is_arabic(word: str) -> bool:
    """Whether the folded word is all Arabic letters."""
    return _ARABIC_WORD.fullmatch(word) is not None


def is_latin(word: str) -> bool:
    """Whether the folded word is all Latin letters."""
    return _LATIN_WORD.fullmatch(word) is not None


def _without_clitics(word: str) -> list[str]:
    if not is_arabic(word):
        return [word]
    return [word, *(word[1:] for clitic in CLITICS if clitic and word.startswith(clitic) and len(word) > 4)]


@lru_cache(maxsize=1 << 16)
def _sounds(word: str) -> str:
    if _LATIN_WORD.fullmatch(word):
        sounds = "".join(_LATIN[run] for run in _LATIN_RUN.findall(word.removeprefix("al-")))
        return _DOUBLED.sub(r"\1", sounds.removesuffix("iK") + "iS" if word.endswith("ic") else sounds)
    if _ARABIC_WORD.fullmatch(word):
        bare = word.removeprefix("ال") if len(word) > 4 else word
        return _DOUBLED.sub(r"\1", "".join(_ARABIC[run] for run in _ARABIC_RUN.findall(bare)))
    return ""


@lru_cache(maxsize=1 << 14)
def _alike(one: str, two: str) -> float:
    if not one or not two:
        return 0.0
    above = [0.0]
    for sound in two:
        above.append(above[-1] + _drop(sound))
    for sound in one:
        row = [above[0] + _drop(sound)]
        for place, other in enumerate(two):
            row.append(
                min(
                    above[place] + _change(sound, other),
                    above[place + 1] + _drop(sound),
                    row[place] + _drop(other),
                )
            )
        above = row
    length = max(sum(map(_drop, one)), sum(map(_drop, two)))
    return max(0.0, 1 - above[-1] / length)


def _drop(sound: str) -> float:
    return 1.0 if sound.isupper() else _ASPIRATE if sound == "h" else _VOWEL


def _change(one: str, two: str) -> float:
    if one == two:
        return 0.0
    if one.isupper() or two.isupper() or "h" in (one, two):
        return 1.0 if one.isupper() and two.isupper() else 1.25
    return _OTHER_VOWEL / 2 if frozenset((one, two)) in _NEAR_VOWELS else _OTHER_VOWEL
