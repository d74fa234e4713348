"""What passages say, each content once, and which contents are near-duplicates: as they lie in the database.

A passage's content is found when it is stored, in the same transaction. Nothing here ever changes afterwards: which
contents are near each other depends on their words alone, so a view reads the same as long as its passages are there,
and what happens to one copy is nothing to the others. What no passage says any more is purged with the last that did.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from index.arabic import Word
from index.duplicates import Telling, bands, near, telling
from index.errors import StoreDamagedError
from index.store.records import checksum
from index.types import Content

TABLES = """
CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,     -- of its words, see index.duplicates
  bands BLOB NOT NULL,             -- int32, its rows in `band`
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE said (
  row INTEGER PRIMARY KEY REFERENCES passage ON DELETE CASCADE,
  content INTEGER NOT NULL REFERENCES content,
  crc INTEGER NOT NULL
) STRICT;
CREATE INDEX said_content ON said (content);
CREATE TABLE near (
  content INTEGER NOT NULL,
  other INTEGER NOT NULL,          -- both ways round
  crc INTEGER NOT NULL,
  PRIMARY KEY (content, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE band (
  number INTEGER NOT NULL,
  content INTEGER NOT NULL,
  PRIMARY KEY (number, content)
) STRICT, WITHOUT ROWID;
"""

BATCH = 500
COMPARED = 64
"""So many contents, the oldest, are looked up in each band: bounds what a template of thousands of versions costs."""


def write(connection: sqlite3.Connection, row: int, text: str, found: Sequence[Word]) -> None:
    """Store what a passage says, given its words, in the open transaction."""
    told = telling(text, found)
    digest = told.digest
    known = connection.execute("SELECT id FROM content WHERE digest = ?", (digest,)).fetchone()
    number = known[0] if known else _add(connection, told, digest)
    connection.execute("INSERT INTO said VALUES (?, ?, ?)", (row, number, checksum(row, number)))


def read(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Content]:
    """What the passages at these rows say, in that order. Raises: StoreDamagedError: one is missing or damaged."""
    found: dict[int, tuple[str, int]] = {}
    for batch in _batches(int(row) for row in rows):
        for row, number, crc, article in connection.execute(
            "SELECT said.row, content, said.crc, article.id FROM said JOIN passage ON passage.row = said.row"
            f" JOIN article ON key = article WHERE said.row IN ({','.join('?' * len(batch))})",
            batch,
        ):
            check(crc, row, number)
            found[row] = article, number
    missing = [row for row in rows if row not in found]
    if missing:
        raise StoreDamagedError(
            f"what passage row {missing[0]} says is not known to the store; run `sanad verify`"
        )
    others = _near(connection, {number for _, number in found.values()})
    return [
        Content(article, number, frozenset(others.get(number, ())))
        for article, number in (found[row] for row in rows)
    ]


def purge(connection: sqlite3.Connection, contents: Iterable[int]) -> None:
    """Delete those of these contents that no passage says any more, in the open transaction."""
    for number in contents:
        if connection.execute("SELECT 1 FROM said WHERE content = ? LIMIT 1", (number,)).fetchone():
            continue
        for (blob,) in connection.execute("SELECT bands FROM content WHERE id = ?", (number,)).fetchall():
            connection.executemany(
                "DELETE FROM band WHERE (number, content) = (?, ?)",
                [(band, number) for band in unpacked(blob).tolist()],
            )
        others = connection.execute("SELECT other FROM near WHERE content = ?", (number,)).fetchall()
        for (other,) in others:
            connection.execute(
                "DELETE FROM near WHERE (content, other) IN (VALUES (?1, ?2), (?2, ?1))", (number, other)
            )
        connection.execute("DELETE FROM content WHERE id = ?", (number,))


def said_by(connection: sqlite3.Connection, passages: str, values: Sequence[object]) -> list[int]:
    """The contents of the passages that a condition over `passage` names."""
    found = connection.execute(
        f"SELECT DISTINCT content FROM said WHERE row IN (SELECT row FROM passage WHERE {passages})", values
    ).fetchall()
    return [number for (number,) in found]


def digests(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, bytes]:
    """Row → digest of its content, of those that are there and whole, their bands too."""
    found = {}
    for batch in _batches(rows):
        for row, number, crc, digest, blob, content_crc in connection.execute(
            "SELECT row, content, said.crc, digest, bands, content.crc FROM said JOIN content ON id = content"
            f" WHERE row IN ({','.join('?' * len(batch))})",
            batch,
        ):
            if not (isinstance(digest, bytes) and isinstance(blob, bytes)):  # a damaged row can hold anything
                continue
            if (crc, content_crc) == (checksum(row, number), checksum(digest.hex(), blob.hex())):
                found[row] = digest
    return found


def text(connection: sqlite3.Connection, content: int) -> str | None:
    """The text of a passage that says this content; None where none does."""
    found = connection.execute(
        "SELECT text FROM said JOIN passage USING (row) WHERE content = ? LIMIT 1", (content,)
    ).fetchone()
    return found[0] if found else None


def unpacked(blob: bytes) -> npt.NDArray[np.int32]:
    """The bands that lie so; of what is damaged, as many as can be read."""
    return np.frombuffer(blob[: len(blob) // 4 * 4], dtype="<i4")


def check(crc: int, *fields: int) -> None:
    """Raises: StoreDamagedError: these are not the fields that were written."""
    if checksum(*fields) != crc:
        raise StoreDamagedError(
            f"what the store knows of duplicates is damaged (at {fields[0]}); run `sanad verify`"
        )


def _add(connection: sqlite3.Connection, told: Telling, digest: bytes) -> int:
    """The number of a new content, told of its near-duplicates and they of it."""
    numbers = bands(told)
    others = [other for other, known in _candidates(connection, numbers) if near(told, known)]
    blob = np.array(numbers, dtype="<i4").tobytes()
    (content,) = connection.execute(
        "INSERT INTO content (digest, bands, crc) VALUES (?, ?, ?) RETURNING id",
        (digest, blob, checksum(digest.hex(), blob.hex())),
    ).fetchone()
    connection.executemany("INSERT INTO band VALUES (?, ?)", [(number, content) for number in set(numbers)])
    connection.executemany(
        "INSERT INTO near VALUES (?, ?, ?)",
        [
            (one, two, checksum(one, two))
            for other in others
            for one, two in ((content, other), (other, content))
        ],
    )
    return int(content)


def _candidates(connection: sqlite3.Connection, numbers: Sequence[int]) -> Iterator[tuple[int, Telling]]:
    """The contents in any of these bands, and what they say."""
    if not numbers:
        return
    one = f"SELECT content FROM (SELECT content FROM band WHERE number = ? ORDER BY content LIMIT {COMPARED})"
    for content, digest, text in connection.execute(
        "SELECT known.id, digest,"
        " (SELECT text FROM said JOIN passage USING (row) WHERE said.content = known.id LIMIT 1)"
        f" FROM content AS known WHERE known.id IN ({' UNION '.join([one] * len(numbers))})",
        numbers,
    ).fetchall():
        if text is not None:
            told = _told(text)
            if told.digest == digest:
                yield content, told


_told = lru_cache(maxsize=256)(telling)
"""The versions of a template are compared with the same few, again and again."""


def _near(connection: sqlite3.Connection, contents: set[int]) -> dict[int, set[int]]:
    """Content → its near-duplicates, of those that have any."""
    found: dict[int, set[int]] = {}
    for batch in _batches(contents):
        for content, other, crc in connection.execute(
            f"SELECT content, other, crc FROM near WHERE content IN ({','.join('?' * len(batch))})", batch
        ):
            check(crc, content, other)
            found.setdefault(content, set()).add(other)
    return found


def _batches(values: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
