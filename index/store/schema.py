"""The tables of a store, and the one row that says where it stands.

Nothing is overwritten: a version of an article and a passage carry the revision that added them and the one that
removed them, so that a view of revision N goes on reading N. What no view can need any more is purged. Rows are
never reused.
"""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass
from pathlib import Path

from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.store import contents, vocabulary
from index.store.records import checksum
from index.types import EncoderKey

VERSION = 2
"""2: what passages say, see contents.py. `upgrading` brings a store of schema 1 here."""
APPLICATION_ID = 0x53414E44  # "SAND", in the database's header

TABLES = """
CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL,       -- number of the last commit
  active INTEGER NOT NULL,         -- the embedding set that answers
  previous INTEGER,                -- the one to roll back to
  purged INTEGER NOT NULL,         -- nothing removed at or before this revision is left
  articles INTEGER NOT NULL,       -- live articles
  passages INTEGER NOT NULL,       -- live passages
  passage_sum INTEGER NOT NULL,    -- sums over what views hold in memory: see records.py
  article_sum INTEGER NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE article (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE version (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  article INTEGER NOT NULL REFERENCES article,
  added INTEGER NOT NULL,
  removed INTEGER,
  root TEXT NOT NULL,
  digest TEXT NOT NULL,
  passages INTEGER NOT NULL,       -- how many it has
  source TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  title TEXT NOT NULL,
  lang TEXT NOT NULL,
  publisher TEXT,
  author TEXT,
  section TEXT,
  published_at TEXT,
  url TEXT,
  inferred TEXT NOT NULL,          -- JSON list of field names
  text TEXT NOT NULL,
  headings TEXT NOT NULL,          -- JSON list of [start, end]
  crc INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX version_live ON version (article) WHERE removed IS NULL;
CREATE INDEX version_article ON version (article);
CREATE INDEX version_added ON version (added);
CREATE INDEX version_removed ON version (removed) WHERE removed IS NOT NULL;
CREATE INDEX version_source ON version (source);
CREATE TABLE passage (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  article INTEGER NOT NULL REFERENCES article,
  added INTEGER NOT NULL,
  removed INTEGER,
  id TEXT NOT NULL,
  paragraph INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  text TEXT NOT NULL,
  lang TEXT NOT NULL,
  heading TEXT,
  crc INTEGER NOT NULL
) STRICT;
CREATE INDEX passage_live ON passage (row, article, lang) WHERE removed IS NULL;
CREATE INDEX passage_id ON passage (id);
CREATE INDEX passage_article ON passage (article);
CREATE INDEX passage_removed ON passage (removed) WHERE removed IS NOT NULL;
CREATE TABLE removal (revision INTEGER PRIMARY KEY, at REAL NOT NULL) STRICT;
CREATE TABLE embedding_set (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  encoder TEXT NOT NULL,
  encoder_revision TEXT NOT NULL,
  dim INTEGER NOT NULL,
  crc INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoint (
  part TEXT PRIMARY KEY,           -- see checkpoint.py
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  revision INTEGER NOT NULL,
  passages INTEGER NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class State:
    """Where a store stands: the one row of `state`."""

    revision: int = 0
    active: int = 1
    previous: int | None = None
    purged: int = 0
    articles: int = 0
    passages: int = 0
    passage_sum: int = 0
    article_sum: int = 0


def create(connection: sqlite3.Connection, key: EncoderKey) -> None:
    """Lay out an empty store, revision 0, in the open transaction."""
    execute_all(connection, TABLES + vocabulary.TABLES + contents.TABLES)
    write_state(connection, State(active=add_embedding_set(connection, key)))
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={VERSION}")


def is_blank(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever laid out. Each is asked: damage can hide one of them, and the rest must not be lost."""
    questions = ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
    return all(connection.execute(question).fetchone() == (0,) for question in questions)


def execute_all(connection: sqlite3.Connection, statements: str) -> None:
    """Execute statements, each of which ends with its line, in the open transaction."""
    for statement in statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def add_embedding_set(connection: sqlite3.Connection, key: EncoderKey) -> int:
    """The number of a new, empty embedding set; its vectors lie in `embedding_{number}`, float16, one a passage row."""
    number = connection.execute(
        "INSERT INTO embedding_set (encoder, encoder_revision, dim, crc) VALUES (?, ?, ?, ?)",
        (key.id, key.revision, key.dim, checksum(key.id, key.revision, key.dim)),
    ).lastrowid
    assert number is not None  # an INSERT into a rowid table always has one
    connection.execute(
        f"CREATE TABLE embedding_{number} (row INTEGER PRIMARY KEY, code BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    )
    return number


def check_version(connection: sqlite3.Connection, folder: Path) -> None:
    """Raises: StoreMissingError: nothing is laid out yet; StoreError: the database is another program's, or of an
    earlier or later schema than this one's.
    """
    if is_blank(connection):
        raise StoreMissingError(
            f"the store in {folder} is being made, or that was broken off; run `sanad sync FOLDER`"
        )
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise StoreDamagedError(f"{folder} does not hold a store of this program, or its header is damaged")
    if version > VERSION:
        raise StoreError(
            f"{folder} has schema {version}, this program reads {VERSION}; upgrade sanad-search to open it"
        )
    if version < 1:
        raise StoreDamagedError(
            f"{folder} says it has schema {version}, which never was; its header is damaged"
        )
    if version < VERSION:
        raise StoreError(
            f"{folder} has schema {version}, this program reads {VERSION}; bring it up to date in place with"
            " `sanad verify --repair`"
        )


def read_state(connection: sqlite3.Connection) -> State:
    """Where the store stands as this connection sees it. Raises: StoreDamagedError: the row is gone or changed."""
    found = connection.execute(
        "SELECT revision, active, previous, purged, articles, passages, passage_sum, article_sum, crc FROM state"
    ).fetchone()
    if found is None or checksum(*found[:-1]) != found[-1]:
        raise StoreDamagedError("the store's state row is damaged; import an export into a new store")
    return State(*found[:-1])


def write_state(connection: sqlite3.Connection, state: State) -> None:
    """Put this state in the place of the one before, in the open transaction."""
    fields = astuple(state)
    connection.execute(
        "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*fields, checksum(*fields))
    )


def encoder_key(connection: sqlite3.Connection, number: int) -> EncoderKey:
    """The encoder of an embedding set. Raises: StoreDamagedError: there is no such set."""
    found = connection.execute(
        "SELECT encoder, encoder_revision, dim, crc FROM embedding_set WHERE number = ?", (number,)
    ).fetchone()
    if found is None or checksum(*found[:3]) != found[3]:
        raise StoreDamagedError(
            "the name of the store's encoder is damaged; import an export into a new store"
        )
    return EncoderKey(*found[:3])
