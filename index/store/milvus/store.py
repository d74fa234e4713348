"""A store on Milvus: any number of processes on any number of machines read it, one at a time writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Self

from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.store.milvus import log, schema
from index.store.milvus import rows as lying
from index.store.milvus.address import Address
from index.store.milvus.client import STRONGLY, Client
from index.store.milvus.following import Following
from index.store.milvus.lock import WriterLock
from index.store.milvus.log import Commit, EmbeddingSet, Retired, State
from index.store.milvus.models import Models
from index.store.milvus.names import Names
from index.store.milvus.reading import Reading
from index.store.milvus.view import MilvusView
from index.store.milvus.writer import Writer
from index.store.milvus.writing import Changes
from index.store.records import from_codes
from index.types import Embeddings, EncoderKey, Entry, Passage


class MilvusStore:
    """A store on a Milvus server or cluster; made by `create` or `open`, to be closed.

    All methods may be called from any thread. Writing is for one process at a time, and needs a store that was not
    opened read-only; reading never waits for it.
    """

    def __init__(self, client: Client, names: Names, following: Following, writer: Writer | None) -> None:
        self._client, self._names, self._following, self._writer = client, names, following, writer
        self._is_closed = False

    @classmethod
    def create(cls, address: Address, key: EncoderKey) -> Self:
        """A new, empty store for embeddings of this encoder, open for writing.

        Raises: StoreError: there is one already, or the server cannot be used; StoreLockedError.
        """
        client, names = Client.open(address), Names(address.name)
        with _closing_on_error(client):
            if client.ask("has_collection", names.log):
                schema.load(client, [names.log])
            else:
                _expect_free(client, names)
                schema.make_log(client, names)
            with _releasing_on_error(WriterLock.acquire(client, names)) as lock:
                if log.read(client, names, -1, STRONGLY):
                    raise StoreError(f"there is a store {address} already")
                words = client.version.has_words
                schema.make(client, names, key.dim, words=words)
                state = State(sets=(EmbeddingSet(1, key),), active=1, searchable=words, at=time.time())
                client.insert(names.log, Commit(state, Retired(), lock.token).rows())
                return cls._for_writing(client, names, Following(client, names, key), lock)

    @classmethod
    def open(cls, address: Address, key: EncoderKey | None = None, *, read_only: bool = False) -> Self:
        """The store of this name. With `key`, only if its embeddings are that encoder's.

        Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
        """
        client, names = Client.open(address), Names(address.name)
        with _closing_on_error(client):
            if not client.ask("has_collection", names.log):
                _expect_free(client, names)
                raise StoreMissingError(f"there is no store {address}; make one with `sanad sync FOLDER`")
            schema.load(client, [names.log])
            following = Following(client, names, key)
            _expect_whole(client, names, following.state)
            if read_only:
                return cls(client, names, following, None)
            with _releasing_on_error(WriterLock.acquire(client, names)) as lock:
                return cls._for_writing(client, names, following, lock)

    @classmethod
    def _for_writing(cls, client: Client, names: Names, following: Following, lock: WriterLock) -> Self:
        writer = Writer(client, names, following, lock)
        with writer.writing():
            return cls(client, names, following, writer)

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of the newest view's embeddings."""
        return self._following.newest.encoder_key

    def view(self) -> MilvusView:
        """The newest committed revision; of other processes' commits too, seconds later at most, when read-only.

        Opened for one encoder, it stays at the last revision of that one when another process switches.
        """
        self._expect_open()
        if self._writer is None:
            self._following.poll()
        return self._following.newest

    def reading(self) -> Reading:
        """What is read of the state that is committed."""
        self._expect_open()
        return self._following.reading()

    def writing(self) -> AbstractContextManager[Writer]:
        """The writer, alone. Raises: StoreError: the store was opened read-only, or is closed."""
        self._expect_open()
        if self._writer is None:
            raise StoreError(
                f"{self._client.address} was opened read-only; nothing can be written through it"
            )
        return self._writer.writing()

    def digests(self, root: str | None = None) -> Mapping[str, str]:
        """Article id → content digest, of those put under `root`, or of all."""
        return {id_: digest for id_, digest, of in self._live() if root in (None, of)}

    def roots(self) -> Mapping[str, str]:
        """Article id → the folder it was synced from, empty for one that was put by other means."""
        return {id_: of for id_, _, of in self._live()}

    def move_root(self, old: str, new: str) -> None:
        """Take the articles synced from the folder `old` for those of `new`: it was moved or renamed."""
        with self.writing() as writer:
            moved = tuple(new if root == old else root for root in writer.base.roots)
            if moved != writer.base.roots:
                writer.commit(replace(writer.base, serial=writer.base.serial + 1, roots=moved))

    def embeddings(self, article_id: str) -> Mapping[str, tuple[str | None, Embeddings]]:
        """Passage id → (heading, embedding row) of what is stored; empty for an unknown id."""
        reading = self.reading() if self._writer is None else self._writer.reading([article_id])
        found = list(reading.of_articles([article_id], ("id", "row", "heading", "embedding")))
        rows = from_codes(lying.codes(found, self.encoder_key.dim))
        return {
            row["id"]: (row["heading"][1:] if row["heading"] else None, embedding)
            for row, embedding in zip(found, rows, strict=True)
        }

    def put(self, entries: Sequence[Entry], root: str = "") -> int:
        """Store these articles in one step, replacing those of the same id; returns the revision that holds them.

        Durable as Milvus' own log is on return; when nothing differs from what is stored, the revision stays.
        Raises: StoreError: an entry does not fit, or its id is held by another folder; nothing is written then.
        """
        distinct = {entry.article.id: entry for entry in entries}
        with self.writing() as writer:
            changes = Changes.of(writer.base, writer.reading(distinct), list(distinct))
            for entry in distinct.values():
                changes.put(entry, root, writer.base.key.dim)
            return writer.write(changes, distinct)

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove these articles in one step; unknown ids are ignored; returns the revision after."""
        with self.writing() as writer:
            changes = Changes.of(writer.base, writer.reading(article_ids), article_ids, deleting=True)
            for article_id in article_ids:
                changes.delete(article_id)
            return writer.write(changes, article_ids)

    def prepare(
        self,
        key: EncoderKey,
        embed: Callable[[Sequence[Passage]], Embeddings],
        progress: Callable[[int, int], None] | None = None,
    ) -> MilvusView:
        """Embed all passages with another encoder into a collection beside the live one; the view it would give.

        Searches go on meanwhile. Each batch is durable, so that preparing again after a kill embeds only the rest.
        `progress(done, total)` counts passages.
        Raises: StoreError: `embed` gave no unit vectors of the right shape; or what `embed` raises.
        """
        models = Models(self, self._client, self._names)
        return self._following.view_of(models.prepare(key, embed, progress))

    def switch(self, key: EncoderKey) -> int:
        """Let a prepared encoder's embeddings answer from now on, in one commit; returns the new revision.

        The set before stays, to be rolled back to. Raises: StoreError: this encoder's set is not complete.
        """
        with self.writing() as writer:
            return Models(self, self._client, self._names).switch(writer, key)

    def previous_key(self) -> EncoderKey:
        """The encoder that answered before the last switch. Raises: StoreError: there is none."""
        state = self._following.state
        if state.previous is None:
            raise StoreError("there is no earlier model to return to")
        return state.set_of(state.previous).key

    def close(self) -> None:
        """Let go of the connection and of the writer's lock. Closing twice does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writer is not None:
            self._writer.close()
        self._following.memory.threads.shutdown()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _live(self) -> list[tuple[str, str, str]]:
        """Id, digest and root of every article. Raises: StoreDamagedError: there are not as many as there must be."""
        reading = self.reading()
        state = reading.state
        found = [
            (row["id"], row["digest"], state.roots[row["root"]])
            for row in reading.all_heads(("id", "digest", "root"))
        ]
        if len(found) != state.articles:
            raise StoreDamagedError(
                f"{self._client.address} lists {len(found)} articles, {state.articles} were committed;"
                " run `sanad verify`"
            )
        return found

    def _expect_open(self) -> None:
        if self._is_closed:
            raise StoreError(f"{self._client.address} is closed")


@contextmanager
def _closing_on_error(client: Client) -> Iterator[None]:
    try:
        yield
    except BaseException:
        client.close()
        raise


@contextmanager
def _releasing_on_error(lock: WriterLock) -> Iterator[WriterLock]:
    try:
        yield lock
    except BaseException:
        lock.release()
        raise


def _expect_free(client: Client, names: Names) -> None:
    """Raises: StoreError: a collection that is no store's has the name."""
    if client.ask("has_collection", names.base):
        raise StoreError(
            f"{client.address} is a collection of something else, not a store; choose another name"
        )


def _expect_whole(client: Client, names: Names, state: State) -> None:
    """Load what a view reads. Raises: StoreDamagedError: the passages have another dimension than their encoder."""
    passages = names.passages(state.active)
    schema.load(client, [names.articles, names.words, passages])
    fields = {field["name"]: field for field in client.ask("describe_collection", passages)["fields"]}
    dim = int(fields.get("embedding", {}).get("params", {}).get("dim", 0))
    if dim != state.key.dim:
        raise StoreDamagedError(
            f"{passages} on {client.address.server} has {dim} dimensions, {state.key.id} has {state.key.dim};"
            " it was changed by another program"
        )
