"""The newest view of a store on Milvus, and how the log is followed to the next."""

from __future__ import annotations

import logging
import threading
import time

from index.errors import EncoderMismatchError, StoreError, StoreMissingError
from index.store.milvus import log
from index.store.milvus.client import BOUNDED, STRONGLY, Client
from index.store.milvus.log import Commit, Retired, State
from index.store.milvus.names import Names
from index.store.milvus.reading import Memory, Reading
from index.store.milvus.view import MilvusView
from index.types import EncoderKey

logger = logging.getLogger("index.store")

POLL_S = 0.1
"""The log is looked at no more often; a reader is so much later at most, and what Milvus itself takes."""
GRACE_S = 60.0
"""What was retired stays so long for the views that others hold."""
VALID_S = 50.0
"""So long a view answers after it was last seen to be the newest: the grace less what Milvus and polling take."""


class Following:
    """Holds the newest view that is known. `expected` is the one encoder that is welcome; None for any.

    `state` is the last that is committed. By serial number of the commit, `retired` is what may still lie there, and
    `entries` is when it was, of those in the log.
    """

    def __init__(self, client: Client, names: Names, expected: EncoderKey | None) -> None:
        self._client, self._names, self.expected = client, names, expected
        self.memory = Memory()
        self.retired: dict[int, Retired] = {}
        self.entries: dict[int, float] = {}
        self._polling, self._looked = threading.Lock(), 0.0
        self._confirmed: dict[int, float] = {}
        self._has_told = False
        self.state, self.newest = self._first()

    def poll(self) -> None:
        """Publish the view of what others committed; waits for nobody who is looking already.

        Raises: StoreError: the server cannot be asked.
        """
        if time.monotonic() - self._looked < POLL_S or not self._polling.acquire(blocking=False):
            return
        try:
            self._look()
            self.entries = {}  # only a writer clears the log
        finally:
            self._polling.release()

    def reread(self) -> State:
        """The state that is committed for certain, also if another process did; publishes its view."""
        with self._polling:
            self._take(log.read(self._client, self._names, -1, STRONGLY))
        return self.state

    def publish(self, commit: Commit) -> None:
        """This process committed this."""
        self._confirmed[self.state.serial] = time.monotonic()
        self._take([commit])

    def reading(self) -> Reading:
        """The state that is committed."""
        return self._reading(self.state)

    def view_of(self, state: State) -> MilvusView:
        """The view of a state among those that are followed."""
        return MilvusView(self._reading(state), self._check)

    def _reading(self, state: State) -> Reading:
        counting = [held for serial, held in self.retired.items() if state.gone < serial <= state.serial]
        return Reading(
            self._client,
            self._names,
            state,
            frozenset(row for held in counting for row in held.rows),
            frozenset(version for held in counting for version in held.versions),
            self.memory,
        )

    def _first(self) -> tuple[State, MilvusView]:
        commits = log.read(self._client, self._names, -1, STRONGLY)
        if not commits:
            raise StoreMissingError(
                f"there is no store {self._client.address}: it was not made to its end; make it again with"
                " `sanad sync FOLDER`"
            )
        state = commits[-1].state
        self._expect(state)
        self._remember(commits)
        self._looked = self._confirmed[state.serial] = time.monotonic()
        return state, self.view_of(state)

    def _look(self) -> None:
        began = time.monotonic()
        self._take(log.read(self._client, self._names, self.state.serial, BOUNDED))
        self._looked = self._confirmed[self.state.serial] = began

    def _take(self, commits: list[Commit]) -> None:
        """Go on to the last of these commits, if it is later than what is known."""
        if not commits or commits[-1].state.serial < self.state.serial:
            return
        self._remember(commits)
        state = commits[-1].state
        try:
            self._expect(state)
        except EncoderMismatchError as error:
            if not self._has_told:
                logger.warning("%s; until then revision %d goes on answering", error, self.newest.revision)
            self._has_told = True
        else:
            self.newest = self.view_of(state)
        self.state = state

    def _remember(self, commits: list[Commit]) -> None:
        retired = self.retired | {one.state.serial: one.retired for one in commits if one.retired}
        gone = commits[-1].state.gone
        self.retired = {serial: held for serial, held in retired.items() if serial > gone}
        self.entries = self.entries | {one.state.serial: one.state.at for one in commits}
        oldest = time.monotonic() - VALID_S
        self._confirmed = {serial: at for serial, at in self._confirmed.items() if at >= oldest}

    def _expect(self, state: State) -> None:
        key, expected = state.key, self.expected
        if expected is not None and key != expected:
            raise EncoderMismatchError(
                f"{self._client.address} holds embeddings of {key.id} ({key.revision}, {key.dim} dimensions), not"
                f" of {expected.id} ({expected.revision}, {expected.dim}); open it with SANAD_MODEL={key.id}, or"
                f" embed it anew with `sanad model use {expected.id}`"
            )

    def _check(self, serial: int) -> None:
        """Raises: StoreError: what a view of this commit needs may have been swept."""
        if time.monotonic() - self._confirmed.get(serial, float("-inf")) <= VALID_S:
            return
        with self._polling:
            self._look()
        if self.state.gone > serial or any(later > serial for later in self.retired):
            raise StoreError(
                f"what the view of commit {serial} of {self._client.address} needs may be gone; take a new view"
            )
        self._confirmed[serial] = time.monotonic()
