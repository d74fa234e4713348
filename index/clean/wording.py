"""What the wording of a line tells: whether it ends or reads like a sentence, whether it could be a name."""

from __future__ import annotations

import re

from index.arabic import language
from index.clean.phrasebook import Phrases, key

ENDED = re.compile(r"[.!?؟۔…:؛;,،][\"'”’»)\]*_]*$")
STOPPED = re.compile(r"[.!?؟۔…][\"'”’»)\]*_]*$")
QUOTED = re.compile(r"^[\s\-–—]*[\"'“«‘]|[\"”»]")
YEAR = re.compile(r"(?<![\d٠-٩])(?:19|20|١٩|٢٠)[\d٠-٩]{2}(?![\d٠-٩])")
_NAME_PARTICLES = frozenset(
    ("and", "de", "del", "la", "al", "el", "bin", "ibn", "ben", "van", "von", "der", "di", "da", "du")
)


def runs_on(text: str, phrases: Phrases) -> bool:
    """Whether a line reads as running text even without a full stop: `وغادر الرؤساء …`, `He reads …`.

    An Arabic sentence goes on with و; words that are written with a و of their own are listed.
    """
    words = text.split()
    if len(words) < 4 or text.endswith(("?", "؟")):
        return False
    first = key(words[0])
    goes_on = len(first) >= 4 and first[0] == "و" and not phrases.whole(first, "waw_words")
    return goes_on or bool(phrases.opener(text, "sentence_openers"))


def is_name(text: str) -> bool:
    """Whether a text could be one or two persons' names."""
    words = text.split()
    if not 1 <= len(words) <= 7 or ENDED.search(text) or any(c.isdigit() for c in text):
        return False
    return language(text) != "en" or all(w[0].isupper() or w.lower() in _NAME_PARTICLES for w in words)
