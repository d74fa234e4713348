"""What is damaged in a store, found by reading all of it: a list of plain sentences, each with what repair would do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from index.errors import StoreDamagedError
from index.store import checkpoint, head, main_index, schema, words_file
from index.store.columns import Ints
from index.store.database import connect_reader, mapped, require, transaction
from index.store.exact_index import ExactIndex
from index.store.inspect_articles import damaged_articles
from index.store.inspect_contents import damaged_contents
from index.store.inspect_embeddings import damaged_embeddings
from index.store.inspect_words import damaged_words
from index.store.loading import live_sums, read_codes
from index.store.schema import State

Remedy = Literal[
    "reindex",
    "recount",
    "rewrite head",
    "rederive words",
    "find duplicates",
    "rebuild index",
    "withdraw",
    "none",
]

REMEDIES: dict[Remedy, str] = {
    "reindex": "rebuild the database's own indexes",
    "recount": "count anew and write the state row",
    "rewrite head": "note the revision that the database has",
    "rederive words": "derive the words of all passages anew",
    "find duplicates": "look for the duplicates of all passages anew",
    "rebuild index": "rebuild the search index from the database",
    "withdraw": "withdraw the article; the next sync of its folder brings it back",
    "none": "nothing: import an export into a new store, or sync into one",
}


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that does not hold: `what` in a sentence, the `remedy`, and the article's key where it is one's."""

    what: str
    remedy: Remedy
    article: int | None = None

    @property
    def repair(self) -> str:
        """What `--repair` would do, in words."""
        return REMEDIES[self.remedy]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was read and what of it is damaged; a store without damages is whole."""

    revision: int
    articles: int
    passages: int
    damages: tuple[Damage, ...]


def verify(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Every checksum, offset, id, norm and count of the store in this folder, and FAISS against the database.

    Needs no lock and reads one revision, whatever is written meanwhile. `progress(done, total)` counts articles.
    Raises: StoreMissingError; StoreError: the store cannot be read at all or is of a newer schema.
    """
    require(folder)
    with mapped(folder):
        connection = connect_reader(folder)
        try:
            with transaction(connection, "DEFERRED"):
                return inspect(folder, connection, progress)
        finally:
            connection.close()


def inspect(
    folder: Path, connection: sqlite3.Connection, progress: Callable[[int, int], None] | None = None
) -> Verification:
    """The same over an open connection, in an open transaction."""
    schema.check_version(connection, folder)
    try:
        state = schema.read_state(connection)
    except StoreDamagedError as error:
        return Verification(0, 0, 0, (Damage(str(error), "recount"),))
    damages = [*_of_file(connection)]
    try:
        damages += _of_state(folder, connection, state)
        damages += [Damage(what, "withdraw", key) for what, key in damaged_articles(connection, progress)]
        damages += [
            Damage(what, "withdraw", key) for what, key in damaged_embeddings(connection, state.active)
        ]
        damages += [Damage(what, "rederive words") for what in damaged_words(connection)]
        damages += [Damage(what, "find duplicates") for what in damaged_contents(connection)]
        damages += _of_checkpoint(folder, connection, state, can_compare=not damages)
    except (sqlite3.DatabaseError, StoreDamagedError, TypeError, ValueError, AttributeError) as error:
        # So broken that it cannot be read to the end.
        damages.append(Damage(f"the database cannot be read to the end: {error}", "none"))
    return Verification(state.revision, state.articles, state.passages, tuple(damages))


def _of_file(connection: sqlite3.Connection) -> Iterator[Damage]:
    for (found,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
        if found != "ok":
            yield Damage(f"the database file: {' '.join(found.split())}", "reindex")


def _of_state(folder: Path, connection: sqlite3.Connection, state: State) -> Iterator[Damage]:
    held = live_sums(connection)
    for name in ("articles", "passages"):
        counted, stated = getattr(held, name), getattr(state, name)
        if counted != stated:
            yield Damage(f"the database holds {counted} {name}, its state says {stated}", "recount")
    if (held.article_sum, held.passage_sum) != (state.article_sum, state.passage_sum):
        yield Damage("the sums over articles and passages do not hold", "recount")
    try:
        noted = head.read(folder)
    except ValueError as error:
        yield Damage(str(error), "rewrite head")
    else:
        if noted is not None and noted > state.revision:
            yield Damage(
                f"commits {state.revision + 1} to {noted} are lost: the write-ahead log was damaged",
                "rewrite head",
            )


def _of_checkpoint(
    folder: Path, connection: sqlite3.Connection, state: State, *, can_compare: bool
) -> Iterator[Damage]:
    """The checkpoints: their checksums, that they hold what they must, and the codes within against the database."""
    parts = [
        checkpoint.recorded(connection, part) for part in (checkpoint.main_of(state.active), checkpoint.WORDS)
    ]
    recorded, dim = parts[0], schema.encoder_key(connection, state.active).dim
    try:
        data = [checkpoint.read(folder, part) for part in parts if part]
        if recorded is None or len(data) < len(parts):
            return
        main, words = main_index.read(data[0], dim), words_file.from_map(data[1])
    except ValueError as error:
        yield Damage(str(error), "rebuild index")
        return
    lacking = set(_live_rows(connection, words.last).tolist()) - set(words_file.rows_of(words).tolist())
    if lacking:
        yield Damage(f"the posting lists lack passage row {min(lacking)}", "rebuild index")
    rows = _live_rows(connection, int(main.rows[-1]) if len(main) else 0)
    positions = {row: position for position, row in enumerate(main.rows.tolist())}
    missing = [row for row in rows.tolist() if row not in positions]
    if missing:
        yield Damage(
            f"{recorded.file} lacks passage row {missing[0]} and {len(missing) - 1} more", "rebuild index"
        )
    elif can_compare and isinstance(main, ExactIndex):
        stored = read_codes(connection, state.active, rows, dim)
        if (main.codes[[positions[row] for row in rows.tolist()]] != stored).any():
            yield Damage(f"{recorded.file} holds other embeddings than the database", "rebuild index")


def _live_rows(connection: sqlite3.Connection, last: int) -> Ints:
    found = connection.execute(
        "SELECT row FROM passage WHERE removed IS NULL AND row <= ? ORDER BY row", (last,)
    )
    return np.array([row for (row,) in found], dtype=np.int64)
