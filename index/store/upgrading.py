"""A store of an earlier schema brought to the present one, in place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from index.arabic import words
from index.errors import StoreDamagedError, StoreError
from index.store import contents, schema, vocabulary
from index.store.database import transaction
from index.store.inspect_words import titled_passages
from index.store.main_index import Progress


def upgrade(connection: sqlite3.Connection, folder: Path, progress: Progress | None = None) -> None:
    """Make a store of schema 1 one of schema 2, all of it in one transaction; any other is left as it is.

    Schema 2 knows what every passage says and which passages are near-duplicates. `progress(done, total)` counts
    passages. Raises: StoreDamagedError; StoreError: the store is of an early layout that also called itself schema 1.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) != (schema.APPLICATION_ID, 1):
        return
    _check_layout(connection, folder)
    with transaction(connection):
        schema.execute_all(connection, contents.TABLES)
        find_duplicates(connection, progress)
        connection.execute("DELETE FROM checkpoint")
        connection.execute(f"PRAGMA user_version={schema.VERSION}")


def find_duplicates(connection: sqlite3.Connection, progress: Progress | None = None) -> None:
    """Write what all live passages say, where nothing of it is known yet, in the open transaction."""
    (total,) = connection.execute("SELECT count(*) FROM passage WHERE removed IS NULL").fetchone()
    done = 0
    for block in titled_passages(connection):
        for row, passage, _ in block:
            contents.write(connection, row, passage.text, words(passage.text))
        done += len(block)
        if progress:
            progress(done, total)


def _check_layout(connection: sqlite3.Connection, folder: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as fresh:
        schema.execute_all(fresh, schema.TABLES + vocabulary.TABLES)
        wanted = _columns(fresh)
    found = _columns(connection)
    if "content" in found:
        raise StoreDamagedError(
            f"{folder} says it has schema 1 and is laid out as a later one; its header is damaged"
        )
    if wanted.items() - found.items():
        raise StoreError(
            f"{folder} was made by an early version and cannot be brought up to date; sync its folders into a new"
            " store, or import an export that was written by the version that made it"
        )


def _columns(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """The columns of each table."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        table: tuple(
            name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        )
        for (table,) in tables
    }
