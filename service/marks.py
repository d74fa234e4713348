"""Spans → the pieces of a text, marked and unmarked, for a page to set as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from service.schemas import Mark


def pieces(text: str, marks: Sequence[Mark]) -> list[tuple[str, int]]:
    """`(piece, depth)` in order; joined they are the text. Depth counts the marks that cover the piece.

    So a marked word stands out within a marked sentence: depth 2 within depth 1. Nothing is deeper than 2.
    """
    spans = [(max(mark.start, 0), min(mark.end, len(text))) for mark in marks]
    bounds = sorted({0, len(text), *(bound for span in spans if span[0] < span[1] for bound in span)})
    found: list[tuple[str, int]] = []
    for start, end in pairwise(bounds):
        depth = min(sum(first <= start and end <= last for first, last in spans), 2)
        if found and found[-1][1] == depth:
            found[-1] = (found[-1][0] + text[start:end], depth)
        else:
            found.append((text[start:end], depth))
    return found
