"""What a writer clears away: what a killed one left, what no view needs any more, and log entries that say nothing."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from index.store.milvus.client import EVENTUALLY, STRONGLY, Client, one_of
from index.store.milvus.following import GRACE_S, Following
from index.store.milvus.log import State
from index.store.milvus.names import Names
from index.store.milvus.reading import batches

log = logging.getLogger("index.store")

FOREIGN_S = 900.0
"""What another process retired is swept so long after, by the clocks of the two: they may differ by 14 minutes."""
ENTRIES = 32
"""Log entries that are deleted at one time."""


class Sweeper:
    """Clears away for one writer. What it deletes it announces a commit before, so that no view is surprised."""

    def __init__(self, client: Client, names: Names, following: Following) -> None:
        self._client, self._names, self._following = client, names, following
        self._mine: dict[int, float] = {}
        self._deleted = following.state.gone

    def recovered(self, state: State) -> State:
        """The state that the next commit starts from, after what a killed writer left is cleared away.

        That is: rows of a commit that never was, and parts of its log entry.
        """
        client, names, guarantee = self._client, self._names, state.guarantee
        highest = {"row": state.row, "version": state.version}
        uncommitted = f"added > {state.serial}"
        places = (
            (names.passages(state.active), uncommitted, "row", "row"),
            (names.articles, uncommitted, "key", "version"),
            (names.log, f"serial > {state.serial}", "key", ""),
        )
        counts = self._following.memory.threads.map(
            lambda place: client.count(place[0], place[1], STRONGLY), places
        )
        for (collection, where, primary, number), count in zip(places, list(counts), strict=True):
            if not count:
                continue
            if number:
                pages = client.pages(collection, where, (number,), primary, STRONGLY)
                highest[number] = max(highest[number], *(row[number] for page in pages for row in page))
            guarantee = max(guarantee, client.delete(collection, where))
            log.warning("%s: %d rows of a commit that never was are cleared away", client.address, count)
        return replace(state, row=highest["row"], version=highest["version"], guarantee=guarantee)

    def announced(self, state: State) -> State:
        """The state to commit, which says what will be swept after it, and what has been."""
        return replace(state, swept=max(self._due(), state.swept), gone=max(self._deleted, state.gone))

    def sweep(self, state: State) -> int:
        """Delete what this commit announced, now that it is there; Milvus' time when it was done."""
        guarantee = EVENTUALLY
        self._mine[state.serial] = time.monotonic()
        for serial in sorted(self._following.retired):
            if self._deleted < serial <= state.swept:
                held = self._following.retired[serial]
                for batch in batches(held.rows):
                    where = one_of("row", batch)
                    guarantee = max(guarantee, self._client.delete(self._names.passages(state.active), where))
                for batch in batches(held.versions):
                    guarantee = max(
                        guarantee, self._client.delete(self._names.articles, one_of("version", batch))
                    )
        self._deleted = max(self._deleted, state.swept)
        self.forget(state, least=ENTRIES)
        return guarantee

    def forget(self, state: State, least: int = 1) -> None:
        """Delete the log entries that say nothing any more, if there are at least so many."""
        entries, retired = self._following.entries, self._following.retired
        done = [serial for serial in entries if serial < state.serial and serial not in retired]
        if len(done) < least:
            return
        for batch in batches(done):
            self._client.delete(self._names.log, one_of("serial", batch))
        self._following.entries = {serial: at for serial, at in entries.items() if serial not in done}
        self._mine = {serial: at for serial, at in self._mine.items() if serial in retired}

    def _due(self) -> int:
        """The last commit such that all it and those before it retired is old enough to be swept."""
        due = self._following.state.swept
        for serial in sorted(self._following.retired):
            if serial in self._mine:
                old = time.monotonic() - self._mine[serial] > GRACE_S
            else:
                old = time.time() - self._following.entries.get(serial, 0.0) > FOREIGN_S
            if not old:
                break
            due = max(due, serial)
        return due
