"""Filters: which passages may answer, and which articles are listed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.store.columns import LANGS, NO_DATE, NO_PUBLISHER, Catalog, Columns, Mask, day_number
from index.store.memory import Memory
from index.types import Filters, Lang

_DATED = "published_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
_CONDITIONS = {
    "source": "source = :source",
    "publisher": "publisher = :publisher",
    "lang": "lang = :lang",
    "date_from": f"{_DATED} AND substr(published_at, 1, 10) >= :date_from",
    "date_to": f"{_DATED} AND substr(published_at, 1, 10) <= :date_to",
}


def masks(memory: Memory, filters: Filters, keys: Sequence[int] | None) -> tuple[Mask | None, Mask]:
    """Which positions of main and fresh may answer; None for all of main.

    `keys` are those of the articles of the source that is asked for, None for any.
    """
    if filters == Filters():
        return memory.main_alive, memory.fresh_alive
    articles = _articles(memory.catalog, filters, keys)
    main = _passing(memory.main_columns, articles, filters.lang)
    fresh = _passing(memory.fresh, articles, filters.lang) & memory.fresh_alive
    return (main if memory.main_alive is None else main & memory.main_alive), fresh


def article_where(filters: Filters) -> tuple[str, dict[str, str | int]]:
    """The filters as a condition over `version`, and the values it names."""
    values = {name: getattr(filters, name) for name in _CONDITIONS if getattr(filters, name) is not None}
    return " AND ".join(["TRUE", *(_CONDITIONS[name] for name in values)]), values


def _articles(catalog: Catalog, filters: Filters, keys: Sequence[int] | None) -> Mask:
    """Which articles pass, by place in the catalog; an undated one fails every date filter."""
    passing = np.ones(len(catalog.keys), dtype=np.bool_)
    if filters.publisher is not None:
        passing &= catalog.publishers == catalog.codes.get(filters.publisher, NO_PUBLISHER - 1)
    if filters.date_from is not None:
        passing &= (catalog.dates >= day_number(filters.date_from)) & (catalog.dates != NO_DATE)
    if filters.date_to is not None:
        passing &= (catalog.dates <= day_number(filters.date_to)) & (catalog.dates != NO_DATE)
    if keys is not None:
        passing &= np.isin(catalog.keys, keys)
    return passing


def _passing(columns: Columns, articles: Mask, lang: Lang | None) -> Mask:
    passing: Mask = articles[columns.places]
    if lang is not None:
        passing = passing & (columns.langs == LANGS.index(lang))
    return passing
