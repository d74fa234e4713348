"""Which passages say the same, worked out when they are read: among those that a process has read lately.

What is compared of a passage was stored with it; only passages that share a band are looked at word for word.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from index.duplicates import Telling, near, telling
from index.types import Content

REMEMBERED = 4096
"""So many contents are compared with each other."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a passage says: `number` names its words, `bands` those it may be a near-duplicate in."""

    article_id: str
    number: int
    bands: frozenset[str]
    text: str

    @classmethod
    def of(cls, article_id: str, number: int, bands: str, text: str) -> Said:
        """From what is stored; the bands are eight hex digits each, told apart by their place."""
        places = range(0, len(bands), 8)
        named = frozenset(f"{start}{bands[start : start + 8]}" for start in places)
        return cls(article_id, number, named, text)


class Contents:
    """The contents that were read last, each told of its near-duplicates; safe to use from several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[int, Said] = OrderedDict()
        self._by_band: dict[str, set[int]] = {}
        self._near: dict[int, set[int]] = {}
        self._lock = threading.Lock()

    def of(self, passages: Sequence[Said]) -> list[Content]:
        """What each passage says; those that are near each other know it, and of those read before."""
        with self._lock:
            for one in passages:
                self._learn(one)
            made = [
                Content(one.article_id, one.number, frozenset(self._near.get(one.number, ())))
                for one in passages
            ]
            while len(self._known) > max(self._remembered, len(passages)):
                self._forget(*self._known.popitem(last=False))
        return made

    def _learn(self, one: Said) -> None:
        if one.number in self._known:
            self._known.move_to_end(one.number)
            return
        candidates = {number for band in one.bands for number in self._by_band.get(band, ())}
        told: Telling | None = telling(one.text) if candidates else None
        for number in candidates:
            if told is not None and near(told, telling(self._known[number].text)):
                self._near.setdefault(number, set()).add(one.number)
                self._near.setdefault(one.number, set()).add(number)
        self._known[one.number] = one
        for band in one.bands:
            self._by_band.setdefault(band, set()).add(one.number)

    def _forget(self, number: int, one: Said) -> None:
        for band in one.bands:
            held = self._by_band[band]
            held.discard(number)
            if not held:
                del self._by_band[band]
        for other in self._near.pop(number, ()):
            self._near[other].discard(number)
