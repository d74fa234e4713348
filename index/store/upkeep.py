"""What keeps searches quick and openings short, in the background: folding, checkpoints, purging."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from index.errors import StoreError
from index.store import checkpoint, faiss_api, folding, schema, words_file
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

WORTH = 10
"""A checkpoint is written anew when so much of it, one part in ten, is new; and on closing."""

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
        self._folding, self._is_open = threading.Lock(), True
        self._thread: threading.Thread | None = None

    def fold_if_due(self) -> None:
        """Begin a fold if it would help and none is under way."""
        running = self._thread is not None and self._thread.is_alive()
        if not running and folding.is_due(self._revisions.newest.memory, self._tuning):
            self._thread = threading.Thread(target=self._fold_while_due, name="sanad-fold", daemon=True)
            self._thread.start()

    def _fold_while_due(self) -> None:
        """Also what is written while a fold is under way, which may be the last for long."""
        while folding.is_due(self._revisions.newest.memory, self._tuning):
            if not self.fold():
                return

    def wait_for_backlog(self) -> None:
        """Wait for the fold that is under way, if far too much is fresh."""
        if len(self._revisions.newest.memory.fresh) >= BACKLOG * self._tuning.fold_at:
            self.join()

    def join(self) -> None:
        """Wait for the fold that is under way."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def close(self) -> None:
        """Leave a checkpoint of all there is, if there is anything new; nothing is begun any more."""
        self.join()
        self._is_open = False
        if self._writer is not None and not folding.is_idle(self._revisions.newest.memory):
            self.fold()
        elif self._writer is not None and self._is_stale():
            self.adopt(self._revisions.newest, self._revisions.newest.memory.main)

    def fold(self) -> bool:
        """A new main index of the newest view, checkpointed by a writer; purges what no view needs.

        False where it could not be made: searches go on with the one there is.
        """
        with self._folding:  # a fold that began earlier and ended later would bring an older index back
            start = self._revisions.newest
            try:
                main = folding.folded(start.memory, start.codes, start.encoder_key.dim, self._tuning)
                self.adopt(start, main)
                return True
            except StoreError as error:
                log.warning("%s: fresh passages stay unfolded: %s", self._folder, error)
                return False

    def adopt(self, start: EmbeddedView, main: MainIndex) -> None:
        """Checkpoint an index that was made from the view `start`, and let the newest view of its set search it.

        A file that would be little newer than the last is not written yet.
        """
        with self.checkpointing:
            made = self._write(start, main) if self._is_worth_it(start, main) else []
            with self.changing, mapped(self._folder):
                state, now = self._settle(made), self._revisions.newest
                if now.state.active == start.state.active:
                    memory = folding.rearranged(now.memory, main)
                    readers = self._revisions.readers
                    self._revisions.publish(
                        EmbeddedView(state or now.state, now.encoder_key, memory, readers)
                    )

    def _is_stale(self) -> bool:
        """Whether the last checkpoint lacks what the main index has."""
        view = self._revisions.newest
        with self._revisions.readers.lend() as connection:
            last = checkpoint.recorded(connection, checkpoint.main_of(view.state.active))
        return len(view.memory.main) != (last.passages if last else 0)

    def _is_worth_it(self, view: EmbeddedView, main: MainIndex) -> bool:
        if self._writer is None:
            return False
        with self._revisions.readers.lend() as connection:
            last = checkpoint.recorded(connection, checkpoint.main_of(view.state.active))
        closing_or_rebuilt = not self._is_open or not self._revisions.has_checkpoint
        return last is None or closing_or_rebuilt or len(main) - last.passages >= len(main) // WORTH

    def _write(self, view: EmbeddedView, main: MainIndex) -> list[checkpoint.Checkpoint]:
        """What was written; nothing when the disk is full."""
        parts = {checkpoint.main_of(view.state.active): faiss_api.to_bytes(main.index)}
        parts[checkpoint.WORDS] = words_file.to_bytes(view.memory.postings)
        try:
            return [
                checkpoint.write(self._folder, part, view.revision, len(main), data)
                for part, data in parts.items()
            ]
        except OSError as error:
            log.warning("%s: no checkpoint was written: %s", self._folder, error)
            return []

    def _settle(self, made: Sequence[checkpoint.Checkpoint]) -> State | None:
        """The state after telling the database of checkpoints and purging; None where nothing can be written."""
        if self._writer is None:
            return None
        connection = self._writer.connection
        oldest = min(view.revision for view in self._revisions.living())
        with transaction(connection):
            for one in made:
                checkpoint.record(connection, one)
            state = purge(connection, schema.read_state(connection), oldest, time.time() - GRACE_S)
            schema.write_state(connection, state)
        checkpoint.clean(self._folder, connection)
        self._revisions.has_checkpoint |= bool(made)
        return state
