"""The embedded store: SQLite is the truth, FAISS is derived from it and held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.errors import StoreDamagedError, StoreError
from index.store import checkpoint, embedding_sets, head, schema
from index.store.database import check_folder, mapped, require, transaction
from index.store.exchange import Embed
from index.store.main_index import Progress, Tuning
from index.store.records import codes_of, from_codes
from index.store.revisions import Revisions
from index.store.upgrading import upgrade
from index.store.upkeep import Upkeep
from index.store.view import EmbeddedView
from index.store.writer import Writer
from index.store.writing import Changes, checked_codes
from index.types import Embeddings, EncoderKey, Entry

DEFAULT = Tuning()
BATCH = 256
"""Passages embedded and committed in one step when the model changes."""


class EmbeddedStore:
    """A folder that holds articles, passages and embeddings; made by `create` or `open`, to be closed.

    All methods may be called from any thread. Writing is for one process at a time, and needs a store that was not
    opened read-only; reading never waits for it.
    """

    def __init__(self, folder: Path, revisions: Revisions, writer: Writer | None, upkeep: Upkeep) -> None:
        self._folder, self._revisions, self._writer = folder, revisions, writer
        self.upkeep = upkeep

    @classmethod
    def create(cls, folder: Path, key: EncoderKey, tuning: Tuning = DEFAULT) -> Self:
        """A new, empty store for embeddings of this encoder, open for writing.

        Raises: StoreError: there is one already, or it cannot be made; StoreLockedError.
        """
        check_folder(folder)
        with mapped(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with Writer.opened(folder) as writer:
            with mapped(folder), transaction(writer.connection):
                if not schema.is_blank(writer.connection):
                    raise StoreError(f"{folder} already holds a store")
                schema.create(writer.connection, key)
            return cls._around(folder, key, writer, tuning, None)

    @classmethod
    def open(
        cls,
        folder: Path,
        key: EncoderKey | None = None,
        *,
        read_only: bool = False,
        tuning: Tuning = DEFAULT,
        progress: Progress | None = None,
    ) -> Self:
        """The store in this folder. With `key`, only if its embeddings are that encoder's.

        `progress(done, total)` counts passages while a missing or damaged index is rebuilt, or a store of an earlier
        schema is brought up to date, for which it must be opened for writing.
        Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
        """
        require(folder)
        if read_only:
            return cls._around(folder, key, None, tuning, progress)
        with Writer.opened(folder) as writer:
            with mapped(folder):
                upgrade(writer.connection, folder, progress)
            return cls._around(folder, key, writer, tuning, progress)

    @classmethod
    def _around(
        cls,
        folder: Path,
        key: EncoderKey | None,
        writer: Writer | None,
        tuning: Tuning,
        progress: Progress | None,
    ) -> Self:
        revisions = Revisions(folder, key, tuning, progress)
        upkeep = Upkeep(folder, revisions, writer, tuning)
        if writer is not None and not revisions.has_checkpoint:
            upkeep.adopt(revisions.newest, revisions.newest.memory.main)
        upkeep.fold_if_due()
        return cls(folder, revisions, writer, upkeep)

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of the newest view's embeddings."""
        return self._revisions.newest.encoder_key

    def view(self) -> EmbeddedView:
        """The newest committed revision; of other processes' commits too, when this store is read-only.

        Opened for one encoder, it stays at the last revision of that one when another process switches.
        """
        if (
            self._writer is None
            and self._revisions.is_behind()
            and self.upkeep.changing.acquire(blocking=False)
        ):
            try:
                self._revisions.catch_up()
            finally:
                self.upkeep.changing.release()
            self.upkeep.fold_if_due()
        return self._revisions.newest

    def digests(self, root: str | None = None) -> Mapping[str, str]:
        """Article id → content digest, of those put under `root`, or of all."""
        return {article: digest for article, digest, of in self._live_articles() if root in (None, of)}

    def roots(self) -> Mapping[str, str]:
        """Article id → the folder it was synced from, empty for one that was put by other means."""
        return {article: of for article, _, of in self._live_articles()}

    def _live_articles(self) -> list[tuple[str, str, str]]:
        """Id, digest and root of every article. Raises: StoreDamagedError: there are not as many as there must be."""
        with self._revisions.reading() as connection:
            found = connection.execute(
                "SELECT id, digest, root FROM version JOIN article ON key = article WHERE removed IS NULL"
            ).fetchall()
            if len(found) != schema.read_state(connection).articles:
                raise StoreDamagedError(f"{self._folder} does not list all its articles; run `sanad verify`")
        return found

    def move_root(self, old: str, new: str) -> None:
        """Take the articles synced from the folder `old` for those of `new`: it was moved or renamed."""
        with self._change() as changes:
            changes.move_root(old, new)

    def embeddings(self, article_id: str) -> Mapping[str, tuple[str | None, Embeddings]]:
        """Passage id → (heading, embedding row) of what is stored; empty for an unknown id."""
        view = self._revisions.newest
        with self._revisions.readers.lend() as connection:
            found = connection.execute(
                "SELECT passage.id, heading, passage.row, code, code.crc FROM passage"
                f" LEFT JOIN embedding_{view.state.active} AS code ON code.row = passage.row"
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

    def prepare(self, key: EncoderKey, embed: Embed, progress: Progress | None = None) -> EmbeddedView:
        """Embed all passages with another encoder into a set beside the live one; the view that set would give.

        Searches go on meanwhile. Each batch is durable, so that preparing again after a kill embeds only the rest.
        `progress(done, total)` counts passages.
        Raises: StoreError: `embed` gave no unit vectors of the right shape; or what `embed` raises.
        """
        connection = self._writable().connection
        with self.upkeep.changing, mapped(self._folder):
            with transaction(connection):
                number = embedding_sets.find(connection, key) or schema.add_embedding_set(connection, key)
            done = self._revisions.newest.passage_count - embedding_sets.missing_count(connection, number)
        after = 0
        while True:
            with self.upkeep.changing, mapped(self._folder):
                rows, passages = embedding_sets.missing(connection, number, after, BATCH)
            if not rows and not after:
                return self._candidate(key, number)
            if rows:
                codes = checked_codes(embed(passages), len(passages), key.dim, f"passages from row {rows[0]}")
                with self.upkeep.changing, mapped(self._folder), transaction(connection):
                    embedding_sets.fill(connection, number, rows, codes)
                done += len(rows)
                if progress:
                    progress(done, max(done, self._revisions.newest.passage_count))
            after = rows[-1] if rows else 0  # at the end, once more from the start

    def switch(self, key: EncoderKey) -> int:
        """Let a prepared encoder's embeddings answer from now on, in one transaction; returns the new revision.

        The set before stays, to be rolled back to. Raises: StoreError: this encoder's set is not complete.
        """
        connection = self._writable().connection
        with self.upkeep.checkpointing, self.upkeep.changing, mapped(self._folder):
            with transaction(connection):
                number = embedding_sets.find(connection, key)
                if number is None:
                    raise StoreError(f"no embeddings of {key.id} have been prepared")
                state = schema.read_state(connection)
                if number == state.active:
                    return state.revision
                state = embedding_sets.switched(connection, state, number)
                schema.write_state(connection, state)
            head.write(self._folder, state.revision)
            self._revisions.expected = key if self._revisions.expected is not None else None
            self._revisions.publish(self._revisions.following(connection))
            checkpoint.clean(self._folder, connection)
        return state.revision

    def previous_key(self) -> EncoderKey:
        """The encoder that answered before the last switch. Raises: StoreError: there is none."""
        with self._revisions.readers.lend() as connection:
            return embedding_sets.previous_key(connection)

    def close(self) -> None:
        """Let go of files and the writer's lock; earlier views answer no more. Closing twice does nothing.

        A writer leaves a checkpoint of all it holds, so that the next opening is quick.
        """
        if self._writer is None or not self._writer.is_closed:
            self.upkeep.close()
        self._revisions.readers.close()
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @contextmanager
    def _change(self) -> Iterator[Changes]:
        """One transaction, and the view of what it led to."""
        connection = self._writable().connection
        self.upkeep.wait_for_backlog()
        with self.upkeep.changing, mapped(self._folder):
            with transaction(connection):
                changes = Changes(connection, schema.read_state(connection), self.encoder_key.dim)
                yield changes
                if changes.changed:
                    schema.write_state(connection, changes.after)
            if changes.changed:
                head.write(self._folder, changes.revision)
                self._revisions.publish(self._revisions.following(connection))
        self.upkeep.fold_if_due()

    def _writable(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self._folder} was opened read-only; nothing can be written through it")
        if self._writer.is_closed:
            raise StoreError(f"{self._folder} is closed")
        return self._writer

    def _candidate(self, key: EncoderKey, number: int) -> EmbeddedView:
        """The view of a complete set that does not answer yet, its index checkpointed so that switching is quick."""
        with self._revisions.reading() as connection:
            state = replace(schema.read_state(connection), active=number)
            view = self._revisions.loaded(connection, state, key)
        self.upkeep.adopt(view, view.memory.main)
        return view
