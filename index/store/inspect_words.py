"""Words of a store that are not what its passages say: derived anew and compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from index.arabic import words
from index.errors import StoreDamagedError
from index.store import vocabulary
from index.store.records import PASSAGE, passage_of
from index.types import Passage

BLOCK = 2048


def damaged_words(connection: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with the words of the live passages, in a sentence each; at most one for a block of passages."""
    for block in titled_passages(connection):
        try:
            wrong = _differing(connection, block)
        except StoreDamagedError as error:
            yield str(error)
            continue
        if wrong is not None:
            yield f"the words of passage row {wrong} are not those of its text"


def titled_passages(connection: sqlite3.Connection) -> Iterator[list[tuple[int, Passage, str]]]:
    """Every live passage with its row and its article's title, in blocks."""
    fields = ", ".join(f"passage.{name.strip()}" for name in PASSAGE.split(","))
    cursor = connection.execute(
        f"SELECT passage.row, article.id, title, {fields} FROM passage"
        " JOIN version ON version.article = passage.article JOIN article ON key = passage.article"
        " WHERE passage.removed IS NULL AND version.removed IS NULL"
        " ORDER BY passage.row"
    )
    while found := cursor.fetchmany(BLOCK):
        yield [(row, passage_of(article, stored), title) for row, article, title, *stored in found]


def _differing(connection: sqlite3.Connection, block: Sequence[tuple[int, Passage, str]]) -> int | None:
    """The first row of the block whose words, or their stems and skeletons, are others than the text gives."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        for statement in ("CREATE TABLE passage (row INTEGER PRIMARY KEY)", *vocabulary.TABLES.split(";\n")):
            fresh.execute(statement)
        for row, passage, title in block:
            vocabulary.write(fresh, row, passage, title, words(passage.text))
        rows = [row for row, _, _ in block]
        derived, stored = _spelt(fresh, rows), _spelt(connection, rows)
    return next((row for row in rows if derived.get(row) != stored.get(row)), None)


def _spelt(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, list[object]]:
    """Row → its words, each with all that is kept of it; a word that is not listed shows as its number."""
    words = {
        id_: tuple(kept) for id_, *kept in connection.execute("SELECT id, text, stem, skeleton FROM word")
    }
    return {
        row: [words.get(number, number) for number in wording.tolist()]
        for row, wording in vocabulary.wordings(connection, rows)
    }
