"""What keeps searches quick and openings short, in the background: folding, checkpoints, purging."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from index.errors import StoreError
from index.store import checkpoint, folding, schema
from index.store.database import mapped, transaction
from index.store.main_index import MainIndex, Tuning
from index.store.purging import purge
from index.store.revisions import Revisions
from index.store.schema import State
from index.store.view import EmbeddedView
from index.store.writer import Writer

log = logging.getLogger("index.store")

GRACE_S = 60.0
"""What was removed stays at least so long, in seconds, for views that other processes hold."""

BACKLOG = 4
"""Writers wait for the folding thread when so many times `fold_at` passages are fresh: bounds memory."""


class Upkeep:
    """One fold at a time, in a thread of its own. A store that only reads (no `writer`) folds for itself, in memory.

    `checkpointing` is held while a checkpoint is written and told to the database, `changing` while the newest view is
    replaced. No search ever waits for either; who needs both takes them in this order.
    """

    def __init__(self, folder: Path, revisions: Revisions, writer: Writer | None, tuning: Tuning) -> None:
        self._folder, self._revisions, self._writer, self._tuning = folder, revisions, writer, tuning
        self.checkpointing, self.changing = threading.Lock(), threading.Lock()
        self._folding = threading.Lock()
        self._thread: threading.Thread | None = None

    def fold_if_due(self) -> None:
        """Begin a fold if it would help and none is under way."""
        running = self._thread is not None and self._thread.is_alive()
        if not running and folding.is_due(self._revisions.newest.memory, self._tuning):
            self._thread = threading.Thread(target=self.fold, name="sanad-fold", daemon=True)
            self._thread.start()

    def wait_for_backlog(self) -> None:
        """Wait for the fold that is under way, if far too much is fresh."""
        if len(self._revisions.newest.memory.fresh) >= BACKLOG * self._tuning.fold_at:
            self.join()

    def join(self) -> None:
        """Wait for the fold that is under way."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def fold(self) -> None:
        """A new main index of the newest view, checkpointed by a writer; purges what no view needs."""
        with self._folding:  # a fold that began earlier and ended later would bring an older index back
            start = self._revisions.newest
            try:
                main = folding.folded(start.memory, start.codes, start.encoder_key.dim, self._tuning)
                self.adopt(start, main)
            except StoreError as error:
                log.warning("%s: fresh passages stay unfolded: %s", self._folder, error)

    def adopt(self, start: EmbeddedView, main: MainIndex) -> None:
        """Checkpoint an index that was made from the view `start`, and let the newest view of its set search it."""
        with self.checkpointing:
            made = self._write(start, main)
            with self.changing, mapped(self._folder):
                state, now = self._settle(made), self._revisions.newest
                if now.state.active == start.state.active:
                    memory = folding.rearranged(now.memory, main)
                    readers = self._revisions.readers
                    self._revisions.publish(
                        EmbeddedView(state or now.state, now.encoder_key, memory, readers)
                    )

    def _write(self, view: EmbeddedView, main: MainIndex) -> checkpoint.Checkpoint | None:
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
        oldest = min(view.revision for view in self._revisions.living())
        with transaction(connection):
            checkpoint.record(connection, made)
            state = purge(connection, schema.read_state(connection), oldest, time.time() - GRACE_S)
            schema.write_state(connection, state)
        checkpoint.clean(self._folder, connection)
        self._revisions.has_checkpoint = True
        return state
