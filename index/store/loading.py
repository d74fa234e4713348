"""From the database to a view's memory: whole when a store is opened, by what changed after a commit."""

from __future__ import annotations

import sqlite3

import numpy as np

from index.errors import StoreDamagedError
from index.store.columns import Catalog, Columns
from index.store.exact_index import ExactIndex
from index.store.records import MASK, Codes, article_sum, codes_of, passage_sum
from index.store.schema import State
from index.store.view import Memory


def load(connection: sqlite3.Connection, state: State, dim: int, main: ExactIndex | None) -> Memory:
    """All live passages: those in `main` and, newer than it, the fresh ones; without `main`, all go into a new one.

    Raises: StoreDamagedError: the database does not hold what its state says.
    """
    articles = connection.execute(
        "SELECT article, publisher, published_at FROM version WHERE removed IS NULL"
    ).fetchall()
    catalog = Catalog.empty().updated(articles)
    live = connection.execute(
        "SELECT row, article, lang FROM passage WHERE removed IS NULL ORDER BY row"
    ).fetchall()
    columns = _columns(live, catalog)
    keys = catalog.keys[columns.places]
    held = (len(articles), len(live), article_sum(articles) & MASK)
    if held != (state.articles, state.passages, state.article_sum) or state.passage_sum != (
        passage_sum(columns.rows, keys, columns.langs) & MASK
    ):
        raise StoreDamagedError("the database does not hold what was committed; run `sanad verify`")
    if main is None:
        main = ExactIndex.build(columns.rows, read_codes(connection, state.active, -1, dim))
    return arranged(main, columns, catalog, connection, state, dim)


def arranged(
    main: ExactIndex,
    columns: Columns,
    catalog: Catalog,
    connection: sqlite3.Connection,
    state: State,
    dim: int,
) -> Memory:
    """Memory around `main` for these live passages; whatever is newer than all of `main` is fresh."""
    last = int(main.rows[-1]) if len(main) else 0
    split = int(np.searchsorted(columns.rows, last, side="right"))
    old, fresh = columns.take(slice(0, split)), columns.take(slice(split, None))
    alive = np.isin(main.rows, old.rows, assume_unique=True)
    if np.count_nonzero(alive) != len(old):
        raise StoreDamagedError("the main index lacks passages that the database holds")
    # Dead positions need columns too, so that masks line up; their values are never used.
    places, langs = np.zeros(len(main), dtype=np.int32), np.zeros(len(main), dtype=np.int8)
    places[alive], langs[alive] = old.places, old.langs
    return Memory(
        main=main,
        main_columns=Columns(main.rows, places, langs),
        main_alive=None if alive.all() else alive,
        fresh=fresh,
        fresh_codes=read_codes(connection, state.active, last, dim),
        fresh_alive=np.ones(len(fresh), dtype=np.bool_),
        catalog=catalog,
    )


def advanced(memory: Memory, connection: sqlite3.Connection, since: int, state: State, dim: int) -> Memory:
    """The memory of a later revision of the same embedding set: what was removed and added after revision `since`."""
    catalog = memory.catalog.updated(
        connection.execute(
            "SELECT article, publisher, published_at FROM version WHERE added > ? AND removed IS NULL",
            (since,),
        ).fetchall()
    )
    gone = [
        row
        for (row,) in connection.execute(
            "SELECT row FROM passage WHERE removed > ? AND added <= ?", (since, since)
        )
    ]
    last = int(memory.fresh.rows[-1]) if len(memory.fresh) else _last(memory.main)
    added = connection.execute(
        "SELECT row, article, lang FROM passage WHERE row > ? AND removed IS NULL ORDER BY row", (last,)
    ).fetchall()
    main_alive = memory.main_alive
    dead = np.isin(memory.main_columns.rows, gone) if gone else None
    if dead is not None and dead.any():
        main_alive = ~dead if main_alive is None else main_alive & ~dead
    fresh_alive = memory.fresh_alive & ~np.isin(memory.fresh.rows, gone)
    advanced = Memory(
        main=memory.main,
        main_columns=memory.main_columns,
        main_alive=main_alive,
        fresh=memory.fresh.plus(_columns(added, catalog)),
        fresh_codes=np.concatenate([memory.fresh_codes, read_codes(connection, state.active, last, dim)]),
        fresh_alive=np.concatenate([fresh_alive, np.ones(len(added), dtype=np.bool_)]),
        catalog=catalog,
    )
    if len(advanced.alive()) != state.passages:
        raise StoreDamagedError("the database does not hold what was committed; run `sanad verify`")
    return advanced


def read_codes(connection: sqlite3.Connection, number: int, after: int, dim: int) -> Codes:
    """Codes of the live passages of rows above `after`, in order.

    Raises: StoreDamagedError: one is missing or damaged.
    """
    found = connection.execute(
        f"SELECT passage.row, code, code.crc FROM passage LEFT JOIN embedding_{number} AS code"
        " ON code.row = passage.row WHERE passage.row > ? AND removed IS NULL ORDER BY passage.row",
        (after,),
    ).fetchall()
    for row, code, _ in found:
        if code is None:
            raise StoreDamagedError(f"passage row {row} has no embedding; run `sanad verify`")
    return codes_of(found, dim)


def _columns(found: list[tuple[int, int, str]], catalog: Catalog) -> Columns:
    return Columns.of(
        [row for row, _, _ in found],
        [catalog.place_of.get(article, -1) for _, article, _ in found],
        [lang for _, _, lang in found],
    )


def _last(main: ExactIndex) -> int:
    return int(main.rows[-1]) if len(main) else 0
