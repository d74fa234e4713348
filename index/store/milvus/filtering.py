"""Filters as conditions that Milvus works out before it searches."""

from __future__ import annotations

from index.store.columns import NO_DATE, day_number
from index.store.milvus.client import quoted
from index.store.milvus.rows import optional
from index.types import Filters


def conditions(filters: Filters) -> list[str]:
    """What a passage, or an article, must meet; none for no filter. An undated article meets no date filter."""
    found = []
    if filters.source is not None:
        found.append(f"source == {quoted(filters.source)}")
    if filters.publisher is not None:
        found.append(f"publisher == {quoted(optional(filters.publisher))}")
    if filters.lang is not None:
        found.append(f"lang == {quoted(filters.lang)}")
    if filters.date_from is not None:
        found.append(f"day >= {max(day_number(filters.date_from), NO_DATE + 1)}")
    if filters.date_to is not None:
        found += [f"day > {NO_DATE}", f"day <= {day_number(filters.date_to)}"]
    return found
