"""The newest view of a store, and how the next one is made."""

from __future__ import annotations

import logging
import mmap
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import EncoderMismatchError, StoreDamagedError, StoreError
from index.store import checkpoint, head, main_index, schema, words_file
from index.store.database import Readers, mapped, transaction
from index.store.lexical import Postings
from index.store.loading import Known, advanced, load
from index.store.main_index import Progress, Tuning
from index.store.schema import State
from index.store.view import EmbeddedView
from index.types import EncoderKey

log = logging.getLogger("index.store")

ATTEMPTS = 5
"""How often a reading process tries again when the writer replaces the checkpoint under its hands."""


class Revisions:
    """Holds the newest view and knows which earlier ones are still in use.

    `has_checkpoint` turns false when the newest view's index had to be rebuilt because its file was missing or damaged.
    `expected` is the one encoder whose embeddings are welcome; None for any.
    """

    def __init__(
        self, folder: Path, expected: EncoderKey | None, tuning: Tuning, progress: Progress | None = None
    ) -> None:
        self._folder, self.expected, self._tuning, self._progress = folder, expected, tuning, progress
        self.readers = Readers(folder)
        self.has_checkpoint, self._has_told = True, False
        self._earlier: list[weakref.ref[EmbeddedView]] = []
        self._noted = _noted(folder)  # before any snapshot: it is never ahead of what was committed by then
        try:
            self.newest = self._reread(self._first)
        except BaseException:
            self.readers.close()
            raise

    def publish(self, view: EmbeddedView) -> None:
        """Make this the newest view: one assignment, which no reader waits for."""
        self._earlier = [held for held in self._earlier if held() is not None] + [weakref.ref(self.newest)]
        self.newest = view

    def living(self) -> list[EmbeddedView]:
        """All views that someone may still search: the newest and those not yet let go."""
        return [view for held in self._earlier if (view := held()) is not None] + [self.newest]

    def is_behind(self) -> bool:
        """Whether another process has committed something newer."""
        with self.readers.lend() as connection:
            (revision,) = connection.execute("SELECT revision FROM state").fetchone()
        return bool(revision != self.newest.revision)

    def catch_up(self) -> None:
        """Publish the view of what other processes committed.

        When they switched to another encoder than is expected, the newest view of the old one goes on answering:
        whoever searches it still has the old encoder. A log line says so, once.
        """
        try:
            self.publish(self._reread(self.following))
        except EncoderMismatchError as error:
            if not self._has_told:
                log.warning("%s; until then revision %d goes on answering", error, self.newest.revision)
            self._has_told = True

    def following(self, connection: sqlite3.Connection) -> EmbeddedView:
        """The view of what this connection sees, made from the newest one where that is still possible."""
        now, state = self.newest, schema.read_state(connection)
        if state.active != now.state.active or state.purged > now.revision:
            return self._whole(connection, state)
        memory = advanced(now.memory, connection, now.revision, state, now.encoder_key.dim)
        return EmbeddedView(state, now.encoder_key, memory, self.readers)

    def loaded(self, connection: sqlite3.Connection, state: State, key: EncoderKey) -> EmbeddedView:
        """The view of this state, around its checkpoint if that is whole, else around an index made anew."""
        try:
            known = self._known(connection, state, key)
            memory = load(connection, state, key.dim, known, self._tuning)
        except ValueError as error:
            log.warning(
                "%s: the search index is rebuilt from %d stored embeddings: %s",
                self._folder,
                state.passages,
                error,
            )
            self.has_checkpoint = False
            memory = load(connection, state, key.dim, Known(progress=self._progress), self._tuning)
        return EmbeddedView(state, key, memory, self.readers)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A reading connection, all of whose statements see one snapshot."""
        with self.readers.lend() as connection, transaction(connection, "DEFERRED"):
            yield connection

    def _reread(self, make: Callable[[sqlite3.Connection], EmbeddedView]) -> EmbeddedView:
        """What is made from a snapshot; from a newer one when the writer has deleted a file that this one names."""
        for _ in range(ATTEMPTS):
            try:
                with self.reading() as connection:
                    return make(connection)
            except _SupersededError:
                continue
        raise StoreError(f"{self._folder} is changed faster than it can be opened; try again")

    def _first(self, connection: sqlite3.Connection) -> EmbeddedView:
        schema.check_version(connection, self._folder)
        noted, state = self._noted, schema.read_state(connection)
        if noted is not None and state.revision < noted:
            raise StoreDamagedError(
                f"{self._folder} was at revision {noted}, its database only has {state.revision}: its log is"
                " damaged; run `sanad verify`"
            )
        return self._whole(connection, state)

    def _whole(self, connection: sqlite3.Connection, state: State) -> EmbeddedView:
        """The view of this state, if it is of the encoder that is expected."""
        key, expected = schema.encoder_key(connection, state.active), self.expected
        if expected is not None and key != expected:
            raise EncoderMismatchError(
                f"{self._folder} holds embeddings of {key.id} ({key.revision}, {key.dim} dimensions), not of"
                f" {expected.id} ({expected.revision}, {expected.dim}); open it with SANAD_MODEL={key.id},"
                f" or embed it anew with `sanad model use {expected.id}`"
            )
        return self.loaded(connection, state, key)

    def _known(self, connection: sqlite3.Connection, state: State, key: EncoderKey) -> Known:
        """What the checkpoints of this state hold. Raises: ValueError: a file of them is not whole."""
        data = [self._file(connection, part) for part in (checkpoint.main_of(state.active), checkpoint.WORDS)]
        main = None if data[0] is None else main_index.read(data[0], key.dim)
        words = Postings() if data[1] is None else words_file.from_map(data[1])
        return Known(main, words, self._progress)

    def _file(self, connection: sqlite3.Connection, part: str) -> mmap.mmap | None:
        """A part's checkpoint, None when it has none. Raises: ValueError: its file is not whole."""
        recorded = checkpoint.recorded(connection, part)
        try:
            return checkpoint.read(self._folder, recorded) if recorded else None
        except ValueError:
            with self.readers.lend() as other:
                if checkpoint.recorded(other, part) != recorded:
                    raise _SupersededError from None
            raise


class _SupersededError(Exception):
    """The snapshot that is read from is no longer the newest, and what it names may be gone."""


def _noted(folder: Path) -> int | None:
    """The last acknowledged revision, as far as is known."""
    try:
        with mapped(folder):
            return head.read(folder)
    except ValueError as error:
        log.warning("%s; it is written anew with the next commit", error)
        return None
