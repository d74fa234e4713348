"""What a view holds of passages and articles in memory: one small number each for all that can be filtered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from index.types import Lang

Mask: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

LANGS: tuple[Lang, ...] = ("ar", "en", "und")
NO_PUBLISHER = -1
NO_DATE = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Passages by position, rows ascending: `rows`, `places` of their articles in a Catalog, `langs`; each `(n,)`."""

    rows: Ints
    places: npt.NDArray[np.int32]
    langs: npt.NDArray[np.int8]

    @classmethod
    def of(cls, rows: Sequence[int], places: Sequence[int], langs: Sequence[str]) -> Self:
        """Columns from parallel lists."""
        codes: dict[str, int] = {lang: code for code, lang in enumerate(LANGS)}
        return cls(
            np.array(rows, dtype=np.int64),
            np.array(places, dtype=np.int32),
            np.array([codes.get(lang, -1) for lang in langs], dtype=np.int8),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, where: Mask | Ints | slice) -> Columns:
        """Some of them, in the same order."""
        return Columns(self.rows[where], self.places[where], self.langs[where])

    def plus(self, other: Columns) -> Columns:
        """These, then others of higher rows."""
        return Columns(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.places, other.places]),
            np.concatenate([self.langs, other.langs]),
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """Articles by place: database `keys`, `publishers` as codes, `dates` as yyyymmdd (0: undated); each `(n,)`.

    A place is given once and outlives its article, so columns made earlier stay right. `codes` and `place_of`
    only ever grow, so older catalogs may share them.
    """

    keys: Ints
    publishers: npt.NDArray[np.int32]
    dates: npt.NDArray[np.int32]
    codes: dict[str, int]
    place_of: dict[int, int]

    @classmethod
    def empty(cls) -> Self:
        """No articles."""
        none = np.zeros(0, dtype=np.int32)
        return cls(np.zeros(0, dtype=np.int64), none, none, {}, {})

    def updated(self, articles: Iterable[tuple[int, str | None, str | None]]) -> Catalog:
        """This catalog with these articles `(key, publisher, published_at)` added or replaced; itself for none."""
        articles = list(articles)
        if not articles:
            return self
        fresh = [key for key, _, _ in articles if key not in self.place_of]
        self.place_of.update({key: len(self.keys) + place for place, key in enumerate(fresh)})
        room = np.zeros(len(fresh), dtype=np.int32)
        keys = np.concatenate([self.keys, np.array(fresh, dtype=np.int64)])
        publishers, dates = np.concatenate([self.publishers, room]), np.concatenate([self.dates, room])
        places = [self.place_of[key] for key, _, _ in articles]
        publishers[places] = [
            NO_PUBLISHER if name is None else self.codes.setdefault(name, len(self.codes))
            for _, name, _ in articles
        ]
        dates[places] = [day_number(published) for _, _, published in articles]
        return Catalog(keys, publishers, dates, self.codes, self.place_of)


def day_number(moment: str | None) -> int:
    """An ISO 8601 date, or the date part of a moment, as yyyymmdd; `NO_DATE` for none or another form."""
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})(?!\d)", moment or "", re.ASCII)
    return int("".join(found.groups())) if found else NO_DATE
