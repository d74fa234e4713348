"""The phrases that pages put around articles: lists in `phrases/*.toml`, which a user's own files extend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from index.arabic import fold
from index.errors import IndexingError

_SHIPPED = Path(__file__).parent / "phrases"
_NUMBER = re.compile(r"(?<![^\W\d_])\d+(?:[.,:]\d+)*(?:[km]\b)?")
_NO_WORD = re.compile(r"[^\w#]+|_+")
_LONGEST = 8
"""No phrase has more words."""


@lru_cache(maxsize=1 << 12)
def key(text: str) -> str:
    """The text as phrases are compared: folded, numbers as `#`, no punctuation, single spaces."""
    return _NO_WORD.sub(" ", _NUMBER.sub(" # ", fold(text.replace("#", " ")).text)).strip()


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Phrase lists by name, as keys, and the months' numbers. `Phrases.load()` has the shipped ones."""

    lists: Mapping[str, frozenset[str]]
    months: Mapping[str, int]

    @classmethod
    def load(cls, *extra: Path | str) -> Phrases:
        """The shipped Arabic and English phrases and those of the user's TOML files.

        Raises: IndexingError when a file cannot be read, is not TOML or has a list that there is not.
        """
        lists: dict[str, frozenset[str]] = {}
        months: dict[str, int] = {}
        shipped = sorted(_SHIPPED.glob("*.toml"))
        for path in (*shipped, *map(Path, extra)):
            for name, phrases in _table(path).items():
                if name == "months":
                    months |= _months(path, phrases)
                elif path in shipped or name in lists:
                    lists[name] = lists.get(name, frozenset()) | _keys(path, name, phrases)
                else:
                    raise IndexingError(
                        f"{path}: there is no list {name!r}; there are {', '.join(lists)}, months"
                    )
        return cls(MappingProxyType(lists), MappingProxyType(months))

    def whole(self, text: str, *names: str) -> bool:
        """Whether the text is one phrase of these lists."""
        return any(key(text) in self.lists[name] for name in names)

    def covered(self, text: str, *names: str) -> bool:
        """Whether the text is nothing but phrases of these lists, one after another, and numbers."""
        words = key(text).split()
        reached = {0}
        for end in range(1, len(words) + 1):
            starts = (start for start in range(max(0, end - _LONGEST), end) if start in reached)
            if any(
                words[start:end] == ["#"] or self._in(" ".join(words[start:end]), names) for start in starts
            ):
                reached.add(end)
        return bool(words) and len(words) in reached and words != ["#"] * len(words)

    def opener(self, text: str, *names: str) -> int:
        """How many words the longest phrase of these lists has that the text opens with; 0 for none."""
        words = key(text).split()[:_LONGEST]
        if not words or not any(words[0] in _first_words(self.lists[name]) for name in names):
            return 0
        return max((n for n in range(1, len(words) + 1) if self._in(" ".join(words[:n]), names)), default=0)

    def closer(self, text: str, *names: str) -> int:
        """How many words the longest phrase of these lists has that the text closes with; 0 for none."""
        words = key(text).split()[-_LONGEST:]
        return max((n for n in range(1, len(words) + 1) if self._in(" ".join(words[-n:]), names)), default=0)

    def holds(self, text: str, *names: str) -> bool:
        """Whether a phrase of these lists stands anywhere in the text."""
        words = key(text).split()
        return any(self.opener(" ".join(words[i : i + _LONGEST]), *names) for i in range(len(words)))

    def pattern(self, *names: str) -> str:
        """A regular expression for any phrase of these lists in folded text, the longest first."""
        return _alternatives(phrase for name in names for phrase in self.lists[name])

    def month_pattern(self) -> str:
        """A regular expression for any month's name in folded text."""
        return _alternatives(self.months)

    def _in(self, phrase: str, names: tuple[str, ...]) -> bool:
        return any(phrase in self.lists[name] for name in names)


@lru_cache(maxsize=256)
def _first_words(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(phrase.split()[0] for phrase in phrases)


def _alternatives(phrases: Iterable[str]) -> str:
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return "(?:" + "|".join(re.escape(phrase).replace(r"\ ", r"[\s.]+") for phrase in longest_first) + ")"


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IndexingError(f"{path}: cannot read phrases: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise IndexingError(f"{path}: phrases must be TOML in UTF-8: {error}") from error


def _keys(path: Path, name: str, phrases: object) -> frozenset[str]:
    if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
        raise IndexingError(f"{path}: {name} must be a list of strings")
    return frozenset(key(phrase.replace("#", "1")) for phrase in phrases) - {""}


def _months(path: Path, months: object) -> dict[str, int]:
    if not isinstance(months, dict) or not set(months) <= {str(n) for n in range(1, 13)}:
        raise IndexingError(f"{path}: months must map 1 to 12 to lists of names")
    return {name: int(n) for n, names in months.items() for name in _keys(path, f"months.{n}", names)}
