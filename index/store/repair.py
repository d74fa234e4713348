"""Everything derived made anew, and articles that are damaged beyond that withdrawn."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

from index.arabic import words
from index.errors import StoreDamagedError
from index.store import checkpoint, head, schema, vocabulary
from index.store.database import mapped, require, transaction
from index.store.embedded import EmbeddedStore
from index.store.inspect_words import titled_passages
from index.store.loading import live_sums
from index.store.main_index import Progress
from index.store.schema import State
from index.store.upgrading import find_duplicates, upgrade
from index.store.verify import Verification, inspect, verify
from index.store.writer import Writer


def repair(folder: Path, *, progress: Progress | None = None) -> tuple[Verification, Verification]:
    """The store before and after; what is derived is right afterwards, damaged articles are withdrawn.

    What the second still lists needs an export or the sources. `progress(done, total)` counts passages while the index
    is rebuilt.
    Raises: StoreMissingError, StoreLockedError, StoreError.
    """
    require(folder)
    with Writer.opened(folder) as writer:
        try:
            with mapped(folder):
                upgrade(writer.connection, folder, progress)
                before = _repaired(folder, writer.connection)
        finally:
            writer.close()
    if before.damages:
        EmbeddedStore.open(folder, progress=progress).close()  # makes and checkpoints the index
    return before, verify(folder)


def _repaired(folder: Path, connection: sqlite3.Connection) -> Verification:
    found = inspect(folder, connection)
    if found.revision == 0 and found.damages:  # not even the state row could be read: restore it, look again
        with transaction(connection):
            schema.write_state(connection, _rescued_state(connection))
        again = inspect(folder, connection)
        found = replace(again, damages=found.damages + again.damages)
    remedies = {damage.remedy for damage in found.damages}
    if not remedies:
        return found
    if "reindex" in remedies:
        connection.execute("REINDEX")
    with transaction(connection):
        _withdraw(connection, {damage.article for damage in found.damages if damage.article is not None})
        if "rederive words" in remedies:
            _rederive_words(connection)
        if "find duplicates" in remedies:
            _find_duplicates(connection)
        connection.execute("DELETE FROM checkpoint")
        state = _recounted(connection)
        schema.write_state(connection, state)
    head.write(folder, state.revision)
    checkpoint.clean(folder, connection)
    return found


def _withdraw(connection: sqlite3.Connection, keys: set[int]) -> None:
    """Remove these articles in a revision of its own, whatever is left of them."""
    if not keys:
        return
    state = schema.read_state(connection)
    revision = state.revision + 1
    for table in ("version", "passage"):
        connection.executemany(
            f"UPDATE {table} SET removed = ? WHERE article = ? AND removed IS NULL",
            [(revision, key) for key in sorted(keys)],
        )
    connection.execute("INSERT OR IGNORE INTO removal VALUES (?, ?)", (revision, time.time()))
    schema.write_state(connection, replace(state, revision=revision))


def _rederive_words(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM wording")
    connection.execute("DELETE FROM word")
    for block in titled_passages(connection):
        for row, passage, title in block:
            vocabulary.write(connection, row, passage, title, words(passage.text))


def _find_duplicates(connection: sqlite3.Connection) -> None:
    for table in ("near", "band", "said", "content"):
        connection.execute(f"DELETE FROM {table}")
    find_duplicates(connection)


def _recounted(connection: sqlite3.Connection) -> State:
    state, held = schema.read_state(connection), live_sums(connection)
    return replace(
        state,
        articles=held.articles,
        passages=held.passages,
        article_sum=held.article_sum,
        passage_sum=held.passage_sum,
    )


def _rescued_state(connection: sqlite3.Connection) -> State:
    """A state row from all else: the highest revision seen, and the embedding set that holds most."""
    (revision,) = connection.execute(
        "SELECT max(coalesce(max(added), 0), coalesce(max(removed), 0)) FROM"
        " (SELECT added, removed FROM version UNION ALL SELECT added, removed FROM passage)"
    ).fetchone()
    sets = [number for (number,) in connection.execute("SELECT number FROM embedding_set ORDER BY number")]
    if not sets:
        raise StoreDamagedError("no embedding set is listed; import an export into a new store")

    def held(number: int) -> int:
        (count,) = connection.execute(f"SELECT count(*) FROM embedding_{number}").fetchone()
        return int(count)

    return State(revision=revision, active=max(sets, key=held), purged=revision)
