"""Direction of short texts: which way a title runs, and how to set it inside a line of the other direction.

After the Unicode Bidirectional Algorithm (UAX #9): FSI and PDI isolate a run from its surroundings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

from index.types import Lang

Dir: TypeAlias = Literal["rtl", "ltr", "auto"]
DIRS: Mapping[Lang, Dir] = {"ar": "rtl", "en": "ltr", "und": "auto"}

FSI, PDI = "\u2068", "\u2069"
CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def dir_of(lang: Lang) -> Dir:
    """`rtl`, `ltr`, or `auto` for a text of neither script: values of HTML's `dir`."""
    return DIRS[lang]


def lang_of(text: str) -> Lang:
    """Language of a short text by the script most of its letters have."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    right, left = sum(kind in ("R", "AL") for kind in kinds), kinds.count("L")
    if not right and not left:
        return "und"
    return "ar" if right >= left else "en"


def without_controls(text: str) -> str:
    """The text without bidi control characters, which could reorder whatever stands beside it."""
    return CONTROLS.sub("", text)


@lru_cache(maxsize=1024)  # titles and publishers, again in every hit
def isolated(text: str, within: Lang) -> str:
    """The text fit to stand in a line of language `within`: isolated when any of it runs the other way."""
    plain = " ".join(without_controls(text).split())
    foreign = ("L",) if within == "ar" else ("R", "AL")
    runs_other_way = any(unicodedata.bidirectional(char) in foreign for char in plain)
    return f"{FSI}{plain}{PDI}" if runs_other_way else plain
