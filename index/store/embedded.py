"""The embedded store: SQLite is the truth, FAISS is derived from it and held in memory."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.errors import EncoderMismatchError, StoreDamagedError, StoreError
from index.store import checkpoint, embedding_sets, folding, head, schema
from index.store.database import Readers, mapped, require, transaction
from index.store.exchange import Embed
from index.store.loading import advanced, load
from index.store.main_index import MainIndex, Tuning
from index.store.purging import GRACE_S, purge
from index.store.records import codes_of, from_codes
from index.store.schema import State
from index.store.view import EmbeddedView
from index.store.writer import Writer
from index.store.writing import Changes, checked_codes
from index.types import Embeddings, EncoderKey, Entry

log = logging.getLogger("index.store")

DEFAULT = Tuning()
BATCH = 256
"""Passages embedded and committed in one step when the model changes."""
BACKLOG = 4
"""Writers wait for the folding thread when so many times `fold_at` passages are fresh: bounds memory."""


class EmbeddedStore:
    """A folder that holds articles, passages and embeddings; made by `create` or `open`, to be closed.

    All methods may be called from any thread. Writing is for one process at a time, and needs a store that was not
    opened read-only; reading never waits for it.
    """

    def __init__(
        self, folder: Path, expected: EncoderKey | None, writer: Writer | None, tuning: Tuning
    ) -> None:
        self._folder, self._expected, self._writer, self._tuning = folder, expected, writer, tuning
        self._readers = Readers(folder)
        # Neither is ever waited for by a search. Who needs both takes them in this order.
        self._checkpointing, self._changing = threading.Lock(), threading.Lock()
        self._fold_thread: threading.Thread | None = None
        self._earlier: list[weakref.ref[EmbeddedView]] = []
        self._has_checkpoint = True
        self._view = self._first_view()
        if writer is not None and not self._has_checkpoint:
            self._fold()

    @classmethod
    def create(cls, folder: Path, key: EncoderKey, tuning: Tuning = DEFAULT) -> Self:
        """A new, empty store for embeddings of this encoder, open for writing.

        Raises: StoreError: there is one already, or it cannot be made; StoreLockedError.
        """
        with mapped(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with Writer.opened(folder) as writer:
            with mapped(folder), transaction(writer.connection):
                if writer.connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
                    raise StoreError(f"{folder} already holds a store")
                schema.create(writer.connection, key)
            return cls(folder, key, writer, tuning)

    @classmethod
    def open(
        cls,
        folder: Path,
        key: EncoderKey | None = None,
        *,
        read_only: bool = False,
        tuning: Tuning = DEFAULT,
    ) -> Self:
        """The store in this folder. With `key`, only if its embeddings are that encoder's.

        Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
        """
        require(folder)
        if read_only:
            return cls(folder, key, None, tuning)
        with Writer.opened(folder) as writer:
            return cls(folder, key, writer, tuning)

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of the newest view's embeddings."""
        return self._view.encoder_key

    def view(self) -> EmbeddedView:
        """The newest committed revision; of other processes' commits too, when this store is read-only.

        Raises: EncoderMismatchError: another process switched to another encoder than this store was opened for.
        """
        if self._writer is None and self._is_behind() and self._changing.acquire(blocking=False):
            try:
                with self._reading() as connection:
                    self._publish(self._next_view(connection))
            finally:
                self._changing.release()
            self._fold_if_due()
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
        view = self._view
        with self._readers.lend() as connection:
            found = connection.execute(
                "SELECT passage.id, heading, passage.row, code, code.crc FROM passage"
                f" JOIN embedding_{view.state.active} AS code ON code.row = passage.row"
                " JOIN article ON key = article WHERE article.id = ? AND removed IS NULL",
                (article_id,),
            ).fetchall()
            rows = from_codes(codes_of([tuple(stored) for _, _, *stored in found], view.encoder_key.dim))
        return {passage: (heading, row) for (passage, heading, *_), row in zip(found, rows, strict=True)}

    def put(self, entries: Sequence[Entry], root: str = "") -> int:
        """Store these articles in one step, replacing those of the same id; returns the revision that holds them.

        Durable on return; when nothing differs from what is stored, the revision stays.
        Raises: StoreError: an entry does not fit, or its id is held by another folder; nothing is written then.
        """
        with self._change() as changes:
            for entry in entries:
                changes.put(entry, root)
        return changes.revision

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove these articles in one step; unknown ids are ignored; returns the revision after."""
        with self._change() as changes:
            for article_id in article_ids:
                changes.delete(article_id)
        return changes.revision

    def prepare(
        self, key: EncoderKey, embed: Embed, progress: Callable[[int, int], None] | None = None
    ) -> EmbeddedView:
        """Embed all passages with another encoder into a set beside the live one; the view that set would give.

        Searches go on meanwhile. Each batch is durable, so that preparing again after a kill embeds only the rest.
        `progress(done, total)` counts passages.
        Raises: StoreError: `embed` gave no unit vectors of the right shape; or what `embed` raises.
        """
        connection = self._writable().connection
        with self._changing, mapped(self._folder), transaction(connection):
            number = embedding_sets.find(connection, key) or schema.add_embedding_set(connection, key)
            done = self._view.passage_count - embedding_sets.missing_count(connection, number)
        after = 0
        while True:
            with self._changing, mapped(self._folder):
                rows, passages = embedding_sets.missing(connection, number, after, BATCH)
            if not rows and not after:
                return self._candidate(key, number)
            if rows:
                codes = checked_codes(embed(passages), len(passages), key.dim, f"passages from row {rows[0]}")
                with self._changing, mapped(self._folder), transaction(connection):
                    embedding_sets.fill(connection, number, rows, codes)
                done += len(rows)
                if progress:
                    progress(done, max(done, self._view.passage_count))
            after = rows[-1] if rows else 0  # at the end, once more from the start

    def switch(self, key: EncoderKey) -> int:
        """Let a prepared encoder's embeddings answer from now on, in one transaction; returns the new revision.

        The set before stays, to be rolled back to. Raises: StoreError: this encoder's set is not complete.
        """
        connection = self._writable().connection
        with self._checkpointing, self._changing, mapped(self._folder):
            with transaction(connection):
                number = embedding_sets.find(connection, key)
                if number is None:
                    raise StoreError(f"no embeddings of {key.id} have been prepared")
                if number == self._view.state.active:
                    return self._view.revision
                state = embedding_sets.switched(connection, schema.read_state(connection), number)
                schema.write_state(connection, state)
            head.write(self._folder, state.revision)
            self._expected = key if self._expected is not None else None
            self._publish(self._next_view(connection))
            checkpoint.clean(self._folder, connection)
        return state.revision

    def previous_key(self) -> EncoderKey:
        """The encoder that answered before the last switch. Raises: StoreError: there is none."""
        with self._readers.lend() as connection:
            return embedding_sets.previous_key(connection)

    def _candidate(self, key: EncoderKey, number: int) -> EmbeddedView:
        """The view of a complete set that does not answer yet, its index checkpointed so that switching is quick."""
        with self._reading() as reading:
            view = self._loaded(reading, replace(schema.read_state(reading), active=number), key)
        with self._checkpointing:
            made = self._write_checkpoint(view, view.memory.main)
            with self._changing, mapped(self._folder):
                self._settle(made)
        return view

    def close(self) -> None:
        """Let go of files and the writer's lock; earlier views answer no more. Closing twice does nothing.

        A writer leaves a checkpoint of all it holds, so that the next opening is quick.
        """
        if self._fold_thread is not None:
            self._fold_thread.join()
        if self._writer is not None and not self._writer.is_closed:
            if not folding.is_idle(self._view.memory):
                self._fold()
            self._readers.close()
            self._writer.close()
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _change(self) -> Iterator[Changes]:
        """One transaction, and the view of what it led to."""
        writer = self._writable()
        self._wait_for_folding()
        with self._changing, mapped(self._folder):
            with transaction(writer.connection):
                changes = Changes(
                    writer.connection, schema.read_state(writer.connection), self.encoder_key.dim
                )
                yield changes
                if changes.changed:
                    schema.write_state(writer.connection, changes.after)
            if changes.changed:
                head.write(self._folder, changes.revision)
                self._publish(self._next_view(writer.connection))
        self._fold_if_due()

    def _writable(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self._folder} was opened read-only; nothing can be written through it")
        if self._writer.is_closed:
            raise StoreError(f"{self._folder} is closed")
        return self._writer

    def _publish(self, view: EmbeddedView) -> None:
        """Make this the newest view: one assignment, which no reader waits for."""
        self._earlier = [held for held in self._earlier if held() is not None] + [weakref.ref(self._view)]
        self._view = view

    def _first_view(self) -> EmbeddedView:
        with mapped(self._folder):
            noted = _noted(self._folder)
            with self._reading() as connection:
                schema.check_version(connection, self._folder)
                state = schema.read_state(connection)
                if noted is not None and state.revision < noted:
                    raise StoreDamagedError(
                        f"{self._folder} was at revision {noted}, its database only has {state.revision}: its log is"
                        " damaged; run `sanad verify`"
                    )
                return self._whole_view(connection, state)

    def _next_view(self, connection: sqlite3.Connection) -> EmbeddedView:
        """The view of what this connection sees, made from the current one where that is still possible."""
        now, state = self._view, schema.read_state(connection)
        if state.active != now.state.active or state.purged > now.revision:
            return self._whole_view(connection, state)
        memory = advanced(now.memory, connection, now.revision, state, now.encoder_key.dim)
        return EmbeddedView(state, now.encoder_key, memory, self._readers)

    def _whole_view(self, connection: sqlite3.Connection, state: State) -> EmbeddedView:
        """The view of this state, if it is of the encoder that is expected."""
        key = schema.encoder_key(connection, state.active)
        self._expect(key)
        return self._loaded(connection, state, key)

    def _loaded(self, connection: sqlite3.Connection, state: State, key: EncoderKey) -> EmbeddedView:
        """The view of this state, around its checkpoint if that is whole, else around an index made anew."""
        main = self._checkpointed(connection, state, key)
        try:
            memory = load(connection, state, key.dim, main, self._tuning)
        except ValueError as error:
            log.warning("%s: the search index is rebuilt from the database: %s", self._folder, error)
            self._has_checkpoint = False
            memory = load(connection, state, key.dim, None, self._tuning)
        return EmbeddedView(state, key, memory, self._readers)

    def _checkpointed(
        self, connection: sqlite3.Connection, state: State, key: EncoderKey
    ) -> MainIndex | None:
        recorded = checkpoint.recorded(connection, state.active)
        try:
            return checkpoint.read(self._folder, recorded, key.dim) if recorded else None
        except ValueError as error:
            log.warning("%s: the search index is rebuilt from the database: %s", self._folder, error)
            self._has_checkpoint = False
            return None

    def _is_behind(self) -> bool:
        with self._readers.lend() as connection:
            (revision,) = connection.execute("SELECT revision FROM state").fetchone()
        return bool(revision != self._view.revision)

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

    def _wait_for_folding(self) -> None:
        thread = self._fold_thread
        if thread is not None and len(self._view.memory.fresh) >= BACKLOG * self._tuning.fold_at:
            thread.join()

    def _fold_if_due(self) -> None:
        """Fold in the background, one fold at a time."""
        running = self._fold_thread is not None and self._fold_thread.is_alive()
        if not running and folding.is_due(self._view.memory, self._tuning):
            self._fold_thread = threading.Thread(target=self._fold, name="sanad-fold", daemon=True)
            self._fold_thread.start()

    def _fold(self) -> None:
        """A new main index of the newest view, checkpointed by a writer; purges what no view needs."""
        start = self._view
        try:
            main = folding.folded(start.memory, start.codes, start.encoder_key.dim, self._tuning)
            with self._checkpointing:
                made = self._write_checkpoint(start, main)
                with self._changing, mapped(self._folder):
                    self._adopt(start, main, made)
        except StoreError as error:
            log.warning("%s: fresh passages stay unfolded: %s", self._folder, error)

    def _adopt(self, start: EmbeddedView, main: MainIndex, made: checkpoint.Checkpoint | None) -> None:
        """Let the newest view search an index that was made from an earlier one."""
        now = self._view
        if now.state.active != start.state.active:
            return  # switched meanwhile; the switch made an index of its own
        state = self._settle(made) or now.state
        memory = folding.rearranged(now.memory, main)
        self._publish(EmbeddedView(state, now.encoder_key, memory, self._readers))

    def _write_checkpoint(self, view: EmbeddedView, main: MainIndex) -> checkpoint.Checkpoint | None:
        """What was written; None when nothing was: the store is read-only, or the disk is full."""
        if self._writer is None:
            return None
        try:
            return checkpoint.write(self._folder, view.state.active, view.revision, main)
        except OSError as error:
            log.warning("%s: no checkpoint of the search index was written: %s", self._folder, error)
            return None

    def _settle(self, made: checkpoint.Checkpoint | None) -> State | None:
        """The state after telling the database of a checkpoint and purging; None where nothing can be written."""
        if self._writer is None or made is None:
            return None
        connection = self._writer.connection
        oldest = min(view.revision for view in self._living())
        with transaction(connection):
            checkpoint.record(connection, made)
            state = purge(connection, schema.read_state(connection), oldest, time.time() - GRACE_S)
            schema.write_state(connection, state)
        checkpoint.clean(self._folder, connection)
        self._has_checkpoint = True
        return state

    def _living(self) -> list[EmbeddedView]:
        """All views that someone may still search: the newest and those not yet let go."""
        return [view for held in self._earlier if (view := held()) is not None] + [self._view]


def _noted(folder: Path) -> int | None:
    """The last acknowledged revision, as far as is known."""
    try:
        return head.read(folder)
    except ValueError as error:
        log.warning("%s; it is written anew with the next commit", error)
        return None
