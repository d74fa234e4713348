"""SQLite connections: how they are opened, pooled and written through, and how their errors are named."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import StoreDamagedError, StoreError, StoreMissingError

DATABASE = "sanad.db"

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_SIGNS_OF_DAMAGE = ("no such table", "no such column", "Could not decode")
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing was written",
    sqlite3.SQLITE_READONLY: "it is read-only here; open it with read_only=True or give write permission",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened: check permissions and the limit on open files",
    sqlite3.SQLITE_IOERR: "reading or writing the disk failed",
    sqlite3.SQLITE_BUSY: "the database is busy",
    sqlite3.SQLITE_PERM: "permission was denied",
}


@contextmanager
def mapped(folder: Path) -> Iterator[None]:
    """Whatever SQLite or the system raises inside leaves as a StoreError about `folder`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED or any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
            raise StoreDamagedError(
                f"{folder} is damaged ({error}); run `sanad verify`, or import an export into a new store"
            ) from error
        raise StoreError(f"{folder}: {_REASONS.get(code, 'the database failed')} ({error})") from error
    except UnicodeDecodeError as error:
        raise StoreDamagedError(f"{folder} is damaged: a stored text is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise StoreError(f"{folder}: a text with a lone surrogate cannot be stored ({error})") from error
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror or error}") from error


def check_folder(folder: Path) -> None:
    """Raises: StoreError: this is a file, or lies in one."""
    for place in (folder, *folder.parents):
        with mapped(folder):
            is_other = place.exists() and not place.is_dir()
        if is_other:
            raise StoreError(f"{place} is a file; a store is a folder of its own: name another with --store")


def require(folder: Path) -> None:
    """Raises: StoreMissingError: there is no store in the folder; StoreError: one cannot even look."""
    check_folder(folder)
    with mapped(folder):
        found = (folder / DATABASE).is_file()
    if not found:
        raise StoreMissingError(f"there is no store in {folder}; make one with `sanad sync FOLDER`")


def connect_writer(folder: Path) -> sqlite3.Connection:
    """The writing connection: write-ahead log, every commit on the disk before it returns."""
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(folder: Path) -> sqlite3.Connection:
    """A connection that cannot write. On a read-only disk the file is read as it lies, if no log waits to be recovered.

    Raises: StoreError: a read-only disk holds a log of commits that only a writer can recover.
    """
    path = (folder / DATABASE).resolve()
    try:
        return _open(f"{path.as_uri()}?mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(DATABASE + "-wal")
        if not path.is_file():
            raise
        if log.is_file() and log.stat().st_size > 0:
            raise StoreError(
                f"{folder} was not closed cleanly and lies on a read-only disk; open it once where it can be written"
            ) from None
        return _open(f"{path.as_uri()}?mode=ro&immutable=1")


def _open(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """All of the block or nothing of it; durable when the block is left."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Readers:
    """Reading connections, lent to one thread at a time. Taking and giving back are single atomic steps: no lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = threading.Event()

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """A connection for the block. Raises: StoreError: the store is closed, or whatever reading raised, by name."""
        if self._closed.is_set():
            raise StoreError(f"{self._folder} is closed")
        with mapped(self._folder):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = connect_reader(self._folder)
            try:
                yield connection
            except TypeError as error:  # nothing that was written has a value of another type
                raise StoreDamagedError(
                    f"{self._folder} is damaged: a value is of another type ({error})"
                ) from error
            finally:
                self._idle.append(connection)
                if self._closed.is_set():
                    self._close_idle()

    def close(self) -> None:
        """Close the idle ones; those lent close as they come back."""
        self._closed.set()
        self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):  # popped empty, here or by another thread
            while True:
                self._idle.pop().close()
