"""A store on Milvus: any number of processes on any number of machines read it, one at a time writes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from index.store.milvus.sweeping import Sweeper
from index.store.milvus.view import MilvusView
from index.store.milvus.vocabulary import Vocabulary
from index.store.milvus.writing import Changes
from index.store.records import from_codes
from index.types import Embeddings, EncoderKey, Entry, Passage

ROWS = 256
"""Rows of one insert: some megabytes."""
SETTLED_S = 5.0
"""What was written so long ago is seen by every node that answers at all."""


@dataclass(slots=True)
class Writer:
    """What a store that is open for writing has besides."""

    lock: WriterLock
    sweeper: Sweeper
    vocabulary: Vocabulary
    base: State
    is_certain: bool = False


NOTHING = Retired()


class MilvusStore:
    """A store on a Milvus server or cluster; made by `create` or `open`, to be closed.

    All methods may be called from any thread. Writing is for one process at a time, and needs a store that was not
    opened read-only; reading never waits for it.
    """

    def __init__(self, client: Client, names: Names, following: Following, lock: WriterLock | None) -> None:
        self._client, self._names, self._following = client, names, following
        self._changing, self._is_closed = threading.Lock(), False
        self._recent: deque[tuple[float, int, frozenset[str]]] = deque()
        self._settled = following.state.guarantee
        self._writer: Writer | None = None
        if lock is not None:
            sweeper = Sweeper(client, names, following)
            self._writer = Writer(lock, sweeper, Vocabulary(client, names), following.state)

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
            lock = WriterLock.acquire(client, names)
            try:
                if log.read(client, names, -1, STRONGLY):
                    raise StoreError(f"there is a store {address} already")
                words = client.version.has_words
                schema.make(client, names, key.dim, words=words)
                state = State(sets=(EmbeddingSet(1, key),), active=1, searchable=words, at=time.time())
                client.insert(names.log, Commit(state, Retired(), lock.token).rows())
                schema.point(client, names.base, names.passages(1))
                return cls(client, names, Following(client, names, key), lock)._recovered()
            except BaseException:
                lock.release()
                raise

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
            lock = WriterLock.acquire(client, names)
            try:
                return cls(client, names, following, lock)._recovered()
            except BaseException:
                lock.release()
                raise

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of the newest view's embeddings."""
        return self._following.newest.encoder_key

    @property
    def server(self) -> str:
        """What answers, as the server says of itself."""
        return f"Milvus {self._client.version.text}"

    def view(self) -> MilvusView:
        """The newest committed revision; of other processes' commits too, seconds later at most, when read-only.

        Opened for one encoder, it stays at the last revision of that one when another process switches.
        """
        self._expect_open()
        if self._writer is None:
            self._following.poll()
        return self._following.newest

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
                self.commit(writer, replace(writer.base, serial=writer.base.serial + 1, roots=moved))

    def embeddings(self, article_id: str) -> Mapping[str, tuple[str | None, Embeddings]]:
        """Passage id → (heading, embedding row) of what is stored; empty for an unknown id."""
        self._expect_open()
        reading = self._reading([article_id])
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
            changes = Changes.of(writer.base, self._reading(distinct), list(distinct))
            for entry in distinct.values():
                changes.put(entry, root, writer.base.key.dim)
            return self._write(writer, changes, frozenset(distinct))

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove these articles in one step; unknown ids are ignored; returns the revision after."""
        with self.writing() as writer:
            changes = Changes.of(writer.base, self._reading(article_ids), article_ids, deleting=True)
            for article_id in article_ids:
                changes.delete(article_id)
            return self._write(writer, changes, frozenset(article_ids))

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
        return self._following.view_of(Models(self, self._client, self._names).prepare(key, embed, progress))

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
            with self._changing:
                self._writer.lock.release()
        self._following.memory.threads.shutdown()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def reading(self) -> Reading:
        """What is read of the state that is committed."""
        self._expect_open()
        return self._following.reading()

    def commit(
        self, writer: Writer, state: State, retired: Retired = NOTHING, ids: frozenset[str] = frozenset()
    ) -> int:
        """Make this the state that counts, now that all it needs is written; its revision. Within `writing` only."""
        writer.lock.check()
        announced = writer.sweeper.announced(state)
        commit = Commit(announced, retired, writer.lock.token)
        *parts, head = commit.rows()
        if parts:
            self._client.insert(self._names.log, parts)
        self._client.insert(self._names.log, [head])
        writer.base = announced
        self._recent.append((time.monotonic(), announced.guarantee, ids))
        if self._following.expected is not None:
            self._following.expected = announced.key
        self._following.publish(commit)
        swept = writer.sweeper.sweep(commit)
        writer.base = replace(announced, guarantee=max(announced.guarantee, swept))
        return announced.revision

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The writer, alone, sure of what is committed. When the block fails, nobody is until the log is read again."""
        self._expect_open()
        if self._writer is None:
            raise StoreError(
                f"{self._client.address} was opened read-only; nothing can be written through it"
            )
        with self._changing:
            writer = self._writer
            if not writer.is_certain:
                self._recover(writer)
            writer.is_certain = False
            yield writer
            writer.is_certain = True

    def _recovered(self) -> Self:
        """This store, ready to be written."""
        with self.writing():
            return self

    def _recover(self, writer: Writer) -> None:
        """Be sure of what is committed, and clear away what is not."""
        writer.lock.check()
        writer.base = writer.sweeper.recovered(self._following.reread())
        schema.point(self._client, self._names.base, self._names.passages(writer.base.active))
        self._recent.clear()
        self._settled = writer.base.guarantee

    def _write(self, writer: Writer, changes: Changes, ids: frozenset[str]) -> int:
        """Write what changed, then commit it; the revision that holds it."""
        if not changes.changed:
            return writer.base.revision
        writer.lock.check()
        guarantee = writer.base.guarantee
        passages = self._names.passages(writer.base.active)
        for collection, rows in (
            (passages, changes.new_passages),
            (self._names.articles, changes.new_articles),
        ):
            for start in range(0, len(rows), ROWS):
                guarantee = max(guarantee, self._client.insert(collection, rows[start : start + ROWS]))
        if writer.base.searchable:
            writer.vocabulary.add(changes.new_passages)
        return self.commit(writer, changes.after(guarantee), changes.retired, ids)

    def _live(self) -> list[tuple[str, str, str]]:
        """Id, digest and root of every article. Raises: StoreDamagedError: there are not as many as there must be."""
        self._expect_open()
        state = self._following.state
        found = [
            (row["id"], row["digest"], state.roots[row["root"]])
            for row in self._following.reading().all_heads(("id", "digest", "root"))
        ]
        if len(found) != state.articles:
            raise StoreDamagedError(
                f"{self._client.address} lists {len(found)} articles, {state.articles} were committed"
            )
        return found

    def _reading(self, ids: Sequence[str] | Mapping[str, object]) -> Reading:
        """The newest state, sure to see what was written of these articles but no later: that would take a while."""
        now = time.monotonic()
        while self._recent and now - self._recent[0][0] > SETTLED_S:
            self._settled = self._recent.popleft()[1]
        wanted = frozenset(ids)
        times = [written for _, written, of in self._recent if of & wanted]
        return self._following.reading().at(max([self._settled, *times]))

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


def _expect_free(client: Client, names: Names) -> None:
    """Raises: StoreError: a collection that is no store's has the name."""
    if client.ask("has_collection", names.base):
        raise StoreError(
            f"{client.address} is a collection of something else, not a store; choose another name"
        )


def _expect_whole(client: Client, names: Names, state: State) -> None:
    """Load what a view reads. Raises: StoreDamagedError: the passages have another dimension than their encoder."""
    passages = names.passages(state.active)
    schema.load(client, [names.articles, passages, *([names.words] if state.searchable else [])])
    fields = {field["name"]: field for field in client.ask("describe_collection", passages)["fields"]}
    dim = int(fields.get("embedding", {}).get("params", {}).get("dim", 0))
    if dim != state.key.dim:
        raise StoreDamagedError(
            f"{passages} on {client.address.server} has {dim} dimensions, {state.key.id} has {state.key.dim};"
            " it was changed by another program"
        )
