"""From the database to a view's memory: whole when a store is opened, by what changed after a commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import numpy as np

from index.errors import StoreDamagedError
from index.store import main_index, vocabulary
from index.store.columns import Catalog, Columns, Ints
from index.store.lexical import Postings
from index.store.main_index import MainIndex, Progress, Tuning
from index.store.memory import Memory
from index.store.records import Codes, article_sum, codes_of, passage_sum
from index.store.schema import State
from index.store.words_file import rows_of


@dataclass(frozen=True, slots=True)
class Known:
    """What checkpoints hold of a view's memory: the main index, None to make one, and posting lists, empty to make
    them. `progress` counts passages while an index is made.
    """

    main: MainIndex | None = None
    words: Postings = field(default_factory=Postings)
    progress: Progress | None = None


BATCH = 4096
"""Rows read by one statement."""


def load(connection: sqlite3.Connection, state: State, dim: int, known: Known, tuning: Tuning) -> Memory:
    """All live passages: those in the checkpoints that are `known` and, newer than them, the rest.

    Raises: StoreDamagedError: the database does not hold what its state says. ValueError: a checkpoint is of another
    store.
    """
    articles, catalog, columns = _live(connection)
    _check(_sums(articles, catalog, columns), state)

    def fetch(rows: Ints) -> Codes:
        return read_codes(connection, state.active, rows, dim)

    main = known.main
    if main is None:
        main = main_index.build(columns.rows, fetch, dim, tuning, known.progress)
    newer = columns.rows[columns.rows > _last(main)]
    gone = np.setdiff1d(rows_of(known.words), columns.rows, assume_unique=True).tolist()
    postings = known.words.advanced(gone, *vocabulary.read(connection, known.words.last))
    if len(postings) != len(columns):
        raise ValueError("the posting lists lack passages that the database holds")
    return arranged(main, columns, fetch(newer), catalog, postings)


def arranged(
    main: MainIndex, columns: Columns, fresh_codes: Codes, catalog: Catalog, postings: Postings
) -> Memory:
    """Memory around `main` for these live passages; whatever is newer than all of `main` is fresh.

    Raises: ValueError: `main` lacks some of them.
    """
    split = int(np.searchsorted(columns.rows, _last(main), side="right"))
    old, fresh = columns.take(slice(0, split)), columns.take(slice(split, None))
    alive = np.isin(main.rows, old.rows, assume_unique=True)
    if np.count_nonzero(alive) != len(old):
        raise ValueError("it lacks passages that the database holds")
    # Dead positions need columns too, so that masks line up; their values are never used.
    places, langs = np.zeros(len(main), dtype=np.int32), np.zeros(len(main), dtype=np.int8)
    places[alive], langs[alive] = old.places, old.langs
    return Memory(
        main=main,
        main_columns=Columns(main.rows, places, langs),
        main_alive=None if alive.all() else alive,
        fresh=fresh,
        fresh_codes=fresh_codes,
        fresh_alive=np.ones(len(fresh), dtype=np.bool_),
        catalog=catalog,
        postings=postings,
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
    fresh = _columns(added, catalog)
    main_alive = memory.main_alive
    dead = np.isin(memory.main_columns.rows, gone) if gone else None
    if dead is not None and dead.any():
        main_alive = ~dead if main_alive is None else main_alive & ~dead
    fresh_alive = memory.fresh_alive & ~np.isin(memory.fresh.rows, gone)
    advanced = Memory(
        main=memory.main,
        main_columns=memory.main_columns,
        main_alive=main_alive,
        fresh=memory.fresh.plus(fresh),
        fresh_codes=np.concatenate(
            [memory.fresh_codes, read_codes(connection, state.active, fresh.rows, dim)]
        ),
        fresh_alive=np.concatenate([fresh_alive, np.ones(len(added), dtype=np.bool_)]),
        catalog=catalog,
        postings=memory.postings.advanced(gone, *vocabulary.read(connection, memory.postings.last)),
    )
    if len(advanced) != state.passages:
        raise StoreDamagedError("the database does not hold what was committed; run `sanad verify`")
    return advanced


def read_codes(connection: sqlite3.Connection, number: int, rows: Ints, dim: int) -> Codes:
    """Stored codes `(n, dim)` of rows `(n,)`, ascending. Raises: StoreDamagedError: one is missing or damaged."""
    found: list[tuple[int, bytes, int]] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH].tolist()
        found += connection.execute(
            f"SELECT row, code, crc FROM embedding_{number} WHERE row IN ({','.join('?' * len(batch))}) ORDER BY row",
            batch,
        ).fetchall()
    if len(found) != len(rows):
        missing = set(rows.tolist()) - {row for row, _, _ in found}
        raise StoreDamagedError(f"passage row {min(missing)} has no embedding; run `sanad verify`")
    return codes_of(found, dim)


def live_sums(connection: sqlite3.Connection) -> State:
    """The counts and sums that the state of what is live must have; its other fields mean nothing."""
    return _sums(*_live(connection))


def _live(
    connection: sqlite3.Connection,
) -> tuple[list[tuple[int, str | None, str | None]], Catalog, Columns]:
    """All live articles, as rows and as a catalog, and the columns of all live passages."""
    articles = connection.execute(
        "SELECT article, publisher, published_at FROM version WHERE removed IS NULL"
    ).fetchall()
    catalog = Catalog.empty().updated(articles)
    live = connection.execute(
        "SELECT row, article, lang FROM passage WHERE removed IS NULL ORDER BY row"
    ).fetchall()
    return articles, catalog, _columns(live, catalog)


def _sums(articles: list[tuple[int, str | None, str | None]], catalog: Catalog, columns: Columns) -> State:
    keys = np.where(columns.places < 0, -1, np.append(catalog.keys, -1)[columns.places])
    return State(
        articles=len(articles),
        passages=len(columns),
        article_sum=article_sum(articles),
        passage_sum=passage_sum(columns.rows, keys, columns.langs),
    )


def _check(held: State, state: State) -> None:
    counted = ("articles", "passages", "article_sum", "passage_sum")
    if any(getattr(held, name) != getattr(state, name) for name in counted):
        raise StoreDamagedError("the database does not hold what was committed; run `sanad verify`")


def _columns(found: list[tuple[int, int, str]], catalog: Catalog) -> Columns:
    return Columns.of(
        [row for row, _, _ in found],
        [catalog.place_of.get(article, -1) for _, article, _ in found],
        [lang for _, _, lang in found],
    )


def _last(main: MainIndex) -> int:
    return int(main.rows[-1]) if len(main) else 0
