"""The right to write: the lock and the writing connection, held and let go together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from index.store.database import connect_writer, mapped
from index.store.lock import WriterLock


class Writer:
    """Made by `opened`; whoever keeps it closes it."""

    def __init__(self, folder: Path, lock: WriterLock, connection: sqlite3.Connection) -> None:
        self._folder, self._lock, self.connection = folder, lock, connection
        self.is_closed = False

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Self]:
        """A writer that outlives the block, unless the block raises.

        Raises: StoreLockedError, StoreError.
        """
        lock = WriterLock.acquire(folder / "lock")
        try:
            with mapped(folder):
                connection = connect_writer(folder)
        except BaseException:
            lock.release()
            raise
        writer = cls(folder, lock, connection)
        try:
            yield writer
        except BaseException:
            writer.close()
            raise

    def close(self) -> None:
        """Close the connection, then let the next writer in; closing twice does nothing."""
        if not self.is_closed:
            self.is_closed = True
            try:
                with mapped(self._folder):
                    self.connection.close()
            finally:
                self._lock.release()
