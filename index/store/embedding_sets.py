"""Embedding sets: the one that answers, the one before it, and one in the making for another encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from index.errors import StoreError
from index.store import checkpoint, schema
from index.store.records import PASSAGE, Codes, code_row, passage_of
from index.store.schema import State
from index.types import EncoderKey, Passage

_MISSING = (
    "FROM passage LEFT JOIN embedding_{number} AS code ON code.row = passage.row"
    " WHERE removed IS NULL AND code IS NULL"
)


def find(connection: sqlite3.Connection, key: EncoderKey) -> int | None:
    """The number of this encoder's set, complete or not; None when there is none."""
    found = connection.execute(
        "SELECT number FROM embedding_set WHERE (encoder, encoder_revision, dim) = (?, ?, ?)",
        (key.id, key.revision, key.dim),
    ).fetchone()
    return found[0] if found else None


def missing_count(connection: sqlite3.Connection, number: int) -> int:
    """How many live passages have no embedding in this set."""
    (count,) = connection.execute(f"SELECT count(*) {_MISSING.format(number=number)}").fetchone()
    return int(count)


def missing(
    connection: sqlite3.Connection, number: int, after: int, limit: int
) -> tuple[list[int], list[Passage]]:
    """Rows, above `after`, and passages of the first few live passages that have no embedding in this set."""
    fields = ", ".join(f"passage.{name.strip()}" for name in PASSAGE.split(","))
    found = connection.execute(
        f"SELECT passage.row, (SELECT id FROM article WHERE key = passage.article), {fields}"
        f" {_MISSING.format(number=number)} AND passage.row > ? ORDER BY passage.row LIMIT ?",
        (after, limit),
    ).fetchall()
    return [row for row, *_ in found], [passage_of(article, stored) for _, article, *stored in found]


def fill(connection: sqlite3.Connection, number: int, rows: Sequence[int], codes: Codes) -> None:
    """Add these rows' embeddings to a set, in the open transaction."""
    connection.executemany(
        f"INSERT INTO embedding_{number} VALUES (?, ?, ?)",
        [code_row(row, code) for row, code in zip(rows, codes, strict=True)],
    )


def switched(connection: sqlite3.Connection, state: State, number: int) -> State:
    """The state in which this set answers and the one before can be rolled back to; all others are dropped.

    Raises: StoreError: the set lacks passages.
    """
    lacking = missing_count(connection, number)
    if lacking:
        raise StoreError(
            f"{lacking} passages have no embedding of the new encoder yet; embed them, then switch"
        )
    after = replace(state, revision=state.revision + 1, active=number, previous=state.active)
    for (other,) in connection.execute("SELECT number FROM embedding_set").fetchall():
        if other not in (after.active, after.previous):
            drop(connection, other)
    return after


def drop(connection: sqlite3.Connection, number: int) -> None:
    """Forget a set and its checkpoint, in the open transaction."""
    connection.execute("DELETE FROM checkpoint WHERE part = ?", (checkpoint.main_of(number),))
    connection.execute("DELETE FROM embedding_set WHERE number = ?", (number,))
    connection.execute(f"DROP TABLE embedding_{number}")


def previous_key(connection: sqlite3.Connection) -> EncoderKey:
    """The encoder that can be rolled back to. Raises: StoreError: there is none."""
    previous = schema.read_state(connection).previous
    if previous is None:
        raise StoreError("there is no earlier model to roll back to")
    return schema.encoder_key(connection, previous)
