"""The embedded store: SQLite is the truth, FAISS is derived from it and held in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from index.errors import EncoderMismatchError, StoreError, StoreMissingError
from index.store import schema
from index.store.database import DATABASE, Readers, connect_writer, mapped, transaction
from index.store.loading import advanced, load
from index.store.lock import WriterLock
from index.store.records import codes_of, from_codes
from index.store.view import EmbeddedView
from index.store.writing import Changes
from index.types import Embeddings, EncoderKey, Entry


class EmbeddedStore:
    """A folder that holds articles, passages and embeddings; made by `create` or `open`, to be closed.

    All methods may be called from any thread. Writing is for one process at a time, and needs a store that was not
    opened read-only; reading never waits for it.
    """

    def __init__(
        self,
        folder: Path,
        expected: EncoderKey | None,
        writer: sqlite3.Connection | None,
        lock: WriterLock | None,
    ) -> None:
        self._folder, self._expected = folder, expected
        self._writer, self._lock = writer, lock
        self._readers = Readers(folder)
        self._writing, self._refreshing = threading.Lock(), threading.Lock()
        self._view = self._first_view()

    @classmethod
    def create(cls, folder: Path, key: EncoderKey) -> Self:
        """A new, empty store for embeddings of this encoder, open for writing.

        Raises: StoreError: there is one already, or it cannot be made; StoreLockedError.
        """
        with mapped(folder):
            folder.mkdir(parents=True, exist_ok=True)
        lock = WriterLock.acquire(folder / "lock")
        try:
            with mapped(folder):
                if (folder / DATABASE).exists() and (folder / DATABASE).stat().st_size:
                    raise StoreError(f"{folder} already holds a store")
                writer = connect_writer(folder)
                try:
                    with transaction(writer):
                        schema.create(writer, key)
                    return cls(folder, key, writer, lock)
                except BaseException:
                    writer.close()
                    raise
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(cls, folder: Path, key: EncoderKey | None = None, *, read_only: bool = False) -> Self:
        """The store in this folder. With `key`, only if its embeddings are that encoder's.

        Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
        """
        if not (folder / DATABASE).is_file():
            raise StoreMissingError(f"there is no store in {folder}; make one with `sanad sync FOLDER`")
        if read_only:
            return cls(folder, key, None, None)
        lock = WriterLock.acquire(folder / "lock")
        try:
            with mapped(folder):
                writer = connect_writer(folder)
                try:
                    return cls(folder, key, writer, lock)
                except BaseException:
                    writer.close()
                    raise
        except BaseException:
            lock.release()
            raise

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of the newest view's embeddings."""
        return self._view.encoder_key

    def view(self) -> EmbeddedView:
        """The newest committed revision; of other processes' commits too, when this store is read-only.

        Raises: EncoderMismatchError: another process switched to another encoder than this store was opened for.
        """
        if self._writer is None and self._is_behind() and self._refreshing.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._refreshing.release()
        return self._view

    def digests(self, root: str | None = None) -> Mapping[str, str]:
        """Article id → content digest, of those put under `root`, or of all."""
        with self._readers.lend() as connection:
            return dict(
                connection.execute(
                    "SELECT id, digest FROM version JOIN article ON key = article"
                    " WHERE removed IS NULL AND (?1 IS NULL OR root = ?1)",
                    (root,),
                ).fetchall()
            )

    def roots(self) -> Mapping[str, str]:
        """Article id → the folder it was synced from, empty for one that was put by other means."""
        with self._readers.lend() as connection:
            return dict(
                connection.execute(
                    "SELECT id, root FROM version JOIN article ON key = article WHERE removed IS NULL"
                ).fetchall()
            )

    def move_root(self, old: str, new: str) -> None:
        """Take the articles synced from the folder `old` for those of `new`: it was moved or renamed."""
        with self._change() as changes:
            changes.move_root(old, new)

    def embeddings(self, article_id: str) -> Mapping[str, tuple[str | None, Embeddings]]:
        """Passage id → (heading, embedding row) of what is stored; empty for an unknown id."""
        state, key = self._view.state, self._view.encoder_key
        with self._readers.lend() as connection:
            found = connection.execute(
                "SELECT passage.id, heading, passage.row, code, code.crc FROM passage"
                f" JOIN embedding_{state.active} AS code ON code.row = passage.row"
                " JOIN article ON key = article WHERE article.id = ? AND removed IS NULL",
                (article_id,),
            ).fetchall()
        rows = from_codes(codes_of([tuple(stored) for _, _, *stored in found], key.dim))
        return {passage: (heading, row) for (passage, heading, *_), row in zip(found, rows, strict=True)}

    def put(self, entries: Sequence[Entry], root: str = "") -> int:
        """Store these articles in one step, replacing those of the same id; returns the revision that holds them.

        Durable on return; when nothing differs from what is stored, the revision stays.
        Raises: StoreError: an entry does not fit, or its id is held by another folder; nothing is written then.
        """
        with self._change() as changes:
            for entry in entries:
                changes.put(entry, root)
        return self._view.revision

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove these articles in one step; unknown ids are ignored; returns the revision after."""
        with self._change() as changes:
            for article_id in article_ids:
                changes.delete(article_id)
        return self._view.revision

    def close(self) -> None:
        """Let go of files and the writer's lock; earlier views answer no more. Closing twice does nothing."""
        with self._writing:
            self._readers.close()
            if self._writer is not None:
                with mapped(self._folder):
                    self._writer.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _change(self) -> Iterator[Changes]:
        """One transaction, and the view of what it led to."""
        if self._writer is None:
            raise StoreError(f"{self._folder} was opened read-only; nothing can be written through it")
        with self._writing, mapped(self._folder):
            with transaction(self._writer):
                changes = Changes(self._writer, schema.read_state(self._writer), self.encoder_key.dim)
                yield changes
                if changes.changed:
                    schema.write_state(self._writer, changes.after)
            if changes.changed:
                self._view = self._next_view(self._writer)

    def _first_view(self) -> EmbeddedView:
        with self._reading() as connection:
            schema.check_version(connection, self._folder)
            state = schema.read_state(connection)
            key = schema.encoder_key(connection, state.active)
            self._expect(key)
            return EmbeddedView(state, key, load(connection, state, key.dim, None), self._readers)

    def _next_view(self, connection: sqlite3.Connection) -> EmbeddedView:
        """The view of what this connection sees, made from the current one where that is still possible."""
        now, state = self._view, schema.read_state(connection)
        key = schema.encoder_key(connection, state.active)
        if state.active == now.state.active and state.purged <= now.revision:
            memory = advanced(now.memory, connection, now.revision, state, key.dim)
        else:
            self._expect(key)
            memory = load(connection, state, key.dim, None)
        return EmbeddedView(state, key, memory, self._readers)

    def _is_behind(self) -> bool:
        with self._readers.lend() as connection:
            (revision,) = connection.execute("SELECT revision FROM state").fetchone()
        return bool(revision != self._view.revision)

    def _refresh(self) -> None:
        with self._reading() as connection:
            self._view = self._next_view(connection)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A reading connection, all of whose statements see one snapshot."""
        with self._readers.lend() as connection, transaction(connection, "DEFERRED"):
            yield connection

    def _expect(self, key: EncoderKey) -> None:
        expected = self._expected
        if expected is not None and key != expected:
            raise EncoderMismatchError(
                f"{self._folder} holds embeddings of {key.id} ({key.revision}, {key.dim} dimensions), not of"
                f" {expected.id} ({expected.revision}, {expected.dim}); open it with SANAD_MODEL={key.id},"
                f" or embed it anew with `sanad model use {expected.id}`"
            )
