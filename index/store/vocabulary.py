"""The words of every passage as they lie in the database, and the words themselves with what finds them.

Why not FTS5: its `bm25()` cannot weigh a word of the question as several words of a passage, each with a probability,
and it knows no revisions. Here one posting list over folded words serves all: stems, translations and spellings of a
question's word are only more words of the vocabulary, each with its weight.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from index.arabic import Word, words
from index.errors import StoreDamagedError
from index.names import skeleton
from index.types import Passage

TABLES = """
CREATE TABLE word (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE,
  stem TEXT NOT NULL,
  skeleton TEXT NOT NULL           -- see index.names
) STRICT;
CREATE INDEX word_stem ON word (stem, text);
CREATE INDEX word_skeleton ON word (skeleton, text);
CREATE TABLE wording (
  row INTEGER PRIMARY KEY REFERENCES passage ON DELETE CASCADE,
  words BLOB NOT NULL,             -- int32 word ids in order: text 0 heading 0 title
  crc INTEGER NOT NULL
) STRICT;
"""
"""Words are never removed: one that no passage holds any more matches nothing."""

BATCH = 500
LONGEST = 64
"""Letters of a word that count; what is longer is no word."""

WordIds = npt.NDArray[np.int32]


def write(
    connection: sqlite3.Connection, row: int, passage: Passage, title: str, found: Sequence[Word]
) -> None:
    """Store the words of a passage, which were `found` in its text, of its heading and of its article's title, in the
    open transaction.
    """
    fields = [_kept(found), _words(passage.heading or ""), _title_words(title)]
    ids = _ids(connection, {word for field in fields for word in field})
    numbers = [number for field in fields for number in (*(ids[word] for word, _ in field), 0)]
    blob = np.array(numbers[:-1], dtype="<i4").tobytes()
    connection.execute("INSERT INTO wording VALUES (?, ?, ?)", (row, blob, _crc(row, blob)))


def read(connection: sqlite3.Connection, after: int) -> tuple[list[int], list[WordIds]]:
    """Rows above `after` of the live passages, ascending, and the word ids of each.

    Raises: StoreDamagedError: one is missing or damaged.
    """
    found = connection.execute(
        "SELECT passage.row, words, wording.crc FROM passage LEFT JOIN wording ON wording.row = passage.row"
        " WHERE passage.row > ? AND removed IS NULL ORDER BY passage.row",
        (after,),
    ).fetchall()
    return [row for row, _, _ in found], [_checked(*one) for one in found]


def wordings(connection: sqlite3.Connection, rows: Sequence[int]) -> Iterator[tuple[int, WordIds]]:
    """Each of these rows with its word ids. Raises: StoreDamagedError: one is damaged."""
    for batch in _batches(rows):
        marks = ",".join("?" * len(batch))
        for found in connection.execute(f"SELECT row, words, crc FROM wording WHERE row IN ({marks})", batch):
            yield found[0], _checked(*found)


def distinct_words(connection: sqlite3.Connection, rows: Sequence[int]) -> list[tuple[str, frozenset[int]]]:
    """Of the passages at these rows, in that order: the article's id and the words of the text, each once.

    Raises: StoreDamagedError: a row is missing or damaged.
    """
    found: dict[int, tuple[str, frozenset[int]]] = {}
    for batch in _batches([int(row) for row in rows]):
        for article, row, blob, crc in connection.execute(
            "SELECT article.id, wording.row, words, wording.crc FROM wording"
            " JOIN passage ON passage.row = wording.row JOIN article ON key = article"
            f" WHERE wording.row IN ({','.join('?' * len(batch))})",
            batch,
        ):
            ids = _checked(row, blob, crc)
            found[row] = article, frozenset(ids[: int(np.argmin(ids))].tolist())
    missing = [row for row in rows if row not in found]
    if missing:
        raise StoreDamagedError(f"passage row {missing[0]} has no words; run `sanad verify`")
    return [found[row] for row in rows]


def with_stems(connection: sqlite3.Connection, stems: Iterable[str]) -> list[tuple[int, str, str]]:
    """Id, text and stem of every word of these stems."""
    return [
        found
        for batch in _batches(list(stems))
        for found in connection.execute(
            f"SELECT id, text, stem FROM word WHERE stem IN ({','.join('?' * len(batch))})", batch
        )
    ]


def with_skeletons(connection: sqlite3.Connection, skeletons: Iterable[str]) -> list[str]:
    """Every word of these skeletons."""
    return [
        text
        for batch in _batches(list(skeletons))
        for (text,) in connection.execute(
            f"SELECT text FROM word WHERE skeleton IN ({','.join('?' * len(batch))})", batch
        )
    ]


def with_texts(connection: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Word id by text, of those that any passage ever held."""
    found: dict[str, int] = {}
    for batch in _batches(list(texts)):
        marks = ",".join("?" * len(batch))
        found.update(
            connection.execute(f"SELECT text, id FROM word WHERE text IN ({marks})", batch).fetchall()
        )
    return found


def _words(text: str) -> list[tuple[str, str]]:
    return _kept(words(text))


def _kept(found: Sequence[Word]) -> list[tuple[str, str]]:
    return [(word.text[:LONGEST], word.stem[:LONGEST]) for word in found]


_title_words = lru_cache(maxsize=256)(_words)
"""A title is met once for every passage of its article."""


def _ids(connection: sqlite3.Connection, texts: set[tuple[str, str]]) -> dict[str, int]:
    ids = with_texts(connection, [text for text, _ in texts])
    missing = sorted((text, stem, skeleton(text)) for text, stem in texts if text not in ids)
    if missing:
        connection.executemany("INSERT INTO word (text, stem, skeleton) VALUES (?, ?, ?)", missing)
        ids |= with_texts(connection, [text for text, _, _ in missing])
    return ids


def _checked(row: int, blob: bytes | None, crc: int | None) -> WordIds:
    if blob is None or _crc(row, blob) != crc:
        raise StoreDamagedError(f"the words of passage row {row} are missing or damaged; run `sanad verify`")
    return np.frombuffer(blob, dtype="<i4")


def _crc(row: int, blob: bytes) -> int:
    return zlib.crc32(blob, row & 0xFFFFFFFF)


def _batches(values: Iterable[object]) -> Iterator[list[object]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
