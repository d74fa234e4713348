"""Spans → the pieces of a text, marked and unmarked, for a page to set as text."""

from __future__ import annotations

from collections.abc import Sequence

from service.schemas import Mark


def pieces(text: str, marks: Sequence[Mark]) -> list[tuple[str, bool]]:
    """`(piece, is_marked)` in order; joined they are the text. Overlapping marks become one, empty ones none."""
    found: list[tuple[str, bool]] = []
    reached = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.end)):
        start, end = max(mark.start, reached), min(mark.end, len(text))
        if start >= end:
            continue
        if start > reached:
            found.append((text[reached:start], False))
        found.append((text[start:end], True))
        reached = end
    if reached < len(text):
        found.append((text[reached:], False))
    return found
