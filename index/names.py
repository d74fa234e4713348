"""Names across scripts: the consonants that Latin and Arabic spellings of a name share, and how alike two are."""

from __future__ import annotations

import re
from functools import lru_cache

_LATIN_RUNS = (
    ("tsch", "S"), ("tch", "S"), ("sch", "S"), ("shch", "S"), ("kh", "K"), ("sh", "S"), ("ch", "S"), ("ph", "F"),
    ("th", "T"), ("dh", "D"), ("gh", "G"), ("zh", "G"), ("ck", "K"), ("qu", "K"), ("dj", "G"), ("dz", "Z"),
    ("ce", "S"), ("ci", "S"), ("cy", "S"), ("x", "KS"),
)  # fmt: skip
_LATIN = dict(zip("bpfvtdkqcgjszlmnr", "BBFFTDKKKGGSZLMNR", strict=True))
_ARABIC_RUNS = (("تش", "S"), ("دج", "G"), ("كس", "KS"))
_ARABIC = dict(zip("بفتطثدضذكقخجغسصشزظلمنر", "BFTTTDDDKKKGGSSSZZLMNR", strict=True))
_CLITICS = {"": "", "و": "", "ب": "B", "ف": "F", "ك": "K", "ل": "L"}
"""What may stand before a name in Arabic, and what it adds to the skeleton."""

_LATIN_WORD = re.compile("[a-z']+")
_ARABIC_WORD = re.compile("[\u0621-\u064a]+")
_PHONES = {
    "a": "aeou", "b": "bp", "t": "t", "j": "jg", "h": "h", "k": "kqcg", "d": "d", "z": "zs", "r": "r", "s": "scz",
    "f": "fvp", "q": "qkgc", "l": "l", "m": "m", "n": "n", "w": "wouv", "y": "yieja", "g": "gj", "x": "k", "c": "sc",
}  # fmt: skip
_LETTERS = dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويء", "abttjhxdzrzscsdtzagfqklmnhwya", strict=True))


@lru_cache(maxsize=1 << 16)
def skeleton(word: str) -> str:
    """The consonants of a folded word in classes that both scripts share, runs of one class once: `tokayev` and
    توكاييف are TKF. Vowels, h, w and y leave nothing, nor does the Arabic article; empty for other scripts.
    """
    if _LATIN_WORD.fullmatch(word):
        classes = _classes(word.removeprefix("al-"), _LATIN_RUNS, _LATIN)
    elif _ARABIC_WORD.fullmatch(word):
        classes = _classes(word.removeprefix("ال") if len(word) > 4 else word, _ARABIC_RUNS, _ARABIC)
    else:
        return ""
    return re.sub(r"(.)\1+", r"\1", classes)


def _classes(word: str, runs: tuple[tuple[str, str], ...], letters: dict[str, str]) -> str:
    found, start = [], 0
    while start < len(word):
        for run, classes in runs:
            if word.startswith(run, start):
                found.append(classes)
                start += len(run)
                break
        else:
            found.append(letters.get(word[start], ""))
            start += 1
    return "".join(found)
