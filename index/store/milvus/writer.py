"""What a store that is open for writing has besides: the lock, what it is based on, and how a commit is made."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from index.errors import StoreError
from index.store.milvus import schema
from index.store.milvus.client import Client, Row
from index.store.milvus.following import Following
from index.store.milvus.lock import WriterLock
from index.store.milvus.log import Commit, Retired, State
from index.store.milvus.names import Names
from index.store.milvus.reading import Reading
from index.store.milvus.sweeping import Sweeper
from index.store.milvus.vocabulary import Vocabulary
from index.store.milvus.writing import Changes

log = logging.getLogger("index.store")

ROWS = 256
"""Rows of one insert: some megabytes."""
SETTLED_S = 5.0
"""What was written so long ago is seen by every node that answers at all."""
NOTHING = Retired()


class Writer:
    """Makes commits, one at a time. `base` is the state that the next one starts from."""

    def __init__(self, client: Client, names: Names, following: Following, lock: WriterLock) -> None:
        self._client, self._names, self._following, self.lock = client, names, following, lock
        self._sweeper, self._vocabulary = Sweeper(client, names, following), Vocabulary(client, names)
        self.base = following.state
        self._is_certain = False
        self._recent: deque[tuple[float, int, frozenset[str]]] = deque()
        self._settled = self.base.guarantee
        self._changing = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[Self]:
        """This writer, alone, sure of what is committed. Raises: StoreLockedError: it has lost the right to write."""
        with self._changing:
            self.lock.check()
            if not self._is_certain:
                self._recover()
            yield self

    def reading(self, ids: Iterable[str]) -> Reading:
        """The newest state, sure to see what was written of these articles but no later: that would take a while."""
        now = time.monotonic()
        while self._recent and now - self._recent[0][0] > SETTLED_S:
            self._settled = self._recent.popleft()[1]
        wanted = frozenset(ids)
        times = [written for _, written, of in self._recent if of & wanted]
        return self._following.reading().at(max([self._settled, *times]))

    def write(self, changes: Changes, ids: Iterable[str]) -> int:
        """Write what changed of these articles, then commit it; the revision that holds it. Within `writing` only."""
        if not changes.changed:
            return self.base.revision
        self.lock.check()
        self._is_certain = (
            False  # until it is committed; if something fails before, until the log is read again
        )
        passages = self._names.passages(self.base.active)
        guarantee = max(
            self.base.guarantee,
            self._insert(passages, changes.new_passages),
            self._insert(self._names.articles, changes.new_articles),
        )
        self._vocabulary.add(changes.new_passages)
        return self.commit(changes.after(guarantee), changes.retired, frozenset(ids))

    def commit(self, state: State, retired: Retired = NOTHING, ids: frozenset[str] = frozenset()) -> int:
        """Make this the state that counts, now that all it needs is written; its revision. Within `writing` only."""
        self.lock.check()
        self._is_certain = False
        announced = self._sweeper.announced(state)
        commit = Commit(announced, retired, self.lock.token)
        *parts, head = commit.rows()
        if parts:
            self._client.insert(self._names.log, parts)
        self._client.insert(self._names.log, [head])
        self.base = announced
        self._recent.append((time.monotonic(), announced.guarantee, ids))
        if self._following.expected is not None:
            self._following.expected = announced.key
        self._following.publish(commit)
        self._is_certain = True
        try:
            swept = self._sweeper.sweep(announced)
            self.base = replace(announced, guarantee=max(announced.guarantee, swept))
        except StoreError as error:  # what counts is committed; what does not is swept another time
            log.warning("%s is not cleared away: %s", self._client.address, error)
        return announced.revision

    def close(self) -> None:
        """Let the next writer in, when the write that is under way has ended."""
        with self._changing:
            self.lock.release()

    def _recover(self) -> None:
        """Be sure of what is committed, and clear away what is not."""
        self.base = self._sweeper.recovered(self._following.reread())
        schema.point(self._client, self._names.base, self._names.passages(self.base.active))
        self._recent.clear()
        self._settled = self.base.guarantee
        self._is_certain = True

    def _insert(self, collection: str, rows: Sequence[Row]) -> int:
        """Milvus' time when all of these were there."""
        times = [
            self._client.insert(collection, rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)
        ]
        return max(times, default=0)
