"""The word translation table: which words of the other language a word may be, and how probably.

Made by `python -m training` from parallel text; read with NumPy alone. Its format is told in `training/table.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from index.errors import EncoderError

TABLE = Path(__file__).parent / "model" / "table.npz"
LEAST = 0.06
"""Less probable translations do more harm than good."""

Level: TypeAlias = Literal["word", "stem"]
Side: TypeAlias = Literal["en", "ar"]
Links: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]

LEVELS: tuple[Level, ...] = ("word", "stem")
OTHER: dict[Side, Side] = {"en": "ar", "ar": "en"}


class Translations:
    """Translations of single words, either way; safe to read from several threads.

    A pair counts with the higher of p(translation | word) and p(word | translation): a rare translation that means
    nothing else is as good evidence as a common one.
    """

    def __init__(self, lexicons: Mapping[tuple[Level, Side], _Lexicon]) -> None:
        self._lexicons = lexicons

    @classmethod
    def load(cls, file: Path = TABLE) -> Self:
        """The table in this file; an empty one when there is no such file.

        Raises: EncoderError: the file is damaged.
        """
        if not file.is_file():
            return cls({})
        try:
            with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as table:
                return cls(
                    {(level, side): _lexicon(table, level, side) for level in LEVELS for side in OTHER}
                )
        except Exception as error:  # zipfile, zlib and NumPy each have their own
            raise EncoderError(f"{file} is no translation table: {type(error).__name__} {error}") from error

    def of(self, term: str, side: Side, level: Level) -> Mapping[str, float]:
        """Translations of a folded English (`en`) or Arabic (`ar`) word, or of a stem, with their weights in (0, 1]."""
        lexicon = self._lexicons.get((level, side))
        return lexicon.of(term) if lexicon else {}


class _Lexicon:
    """One level in one direction: terms with their links, and the terms that those lead to."""

    def __init__(
        self, terms: list[str], others: list[str], starts: npt.NDArray[np.int64], links: Links
    ) -> None:
        self._places = {term: place for place, term in enumerate(terms)}
        self._others, self._starts, self._links = others, starts, links
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, term: str) -> Mapping[str, float]:
        place = self._places.get(term)
        if place is None:
            return {}
        _, others, weights = self._links
        span = slice(int(self._starts[place]), int(self._starts[place + 1]))
        found: dict[str, float] = {}
        for other, weight in zip(others[span].tolist(), weights[span].tolist(), strict=True):
            name = self._others[other]
            found[name] = max(weight, found.get(name, 0.0))
        return found


def _lexicon(table: Any, level: Level, side: Side) -> _Lexicon:
    other = OTHER[side]
    terms, others = (bytes(table[f"{level}_{lang}"]).decode().split("\n") for lang in (side, other))
    forth, back = _links(table, level, side, other), _links(table, level, other, side)
    source = np.concatenate([forth[0], back[1]])
    target = np.concatenate([forth[1], back[0]])
    weight = np.concatenate([forth[2], back[2]])
    kept = weight >= LEAST
    source, target, weight = source[kept], target[kept], weight[kept]
    order = np.argsort(source, kind="stable")
    starts = np.searchsorted(source[order], np.arange(len(terms) + 1))
    return _Lexicon(terms, others, starts, (source[order], target[order], weight[order]))


def _links(table: Any, level: Level, source: Side, target: Side) -> Links:
    """Every entry of one direction as (source term, target term, probability), each of shape `(n,)`."""
    start, term, p = (table[f"{level}_{source}_{target}_{part}"] for part in ("start", "term", "p"))
    sources = np.repeat(np.arange(len(start) - 1), np.diff(start.astype(np.int64)))
    return sources, term.astype(np.int64), p.astype(np.float32) / 255


@lru_cache(maxsize=1)
def bundled() -> Translations:
    """The table that comes with the package, read once."""
    return Translations.load()
