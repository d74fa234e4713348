"""The process that is killed: it writes to a store, notes each step when it is done, and may die at a named point."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from index.store import checkpoint, contents, embedding_sets, head, schema, upkeep, writing
from index.store.embedded import EmbeddedStore
from index.store.main_index import Tuning
from tests.torture.steps import do

TUNING = Tuning(exact_below=120, fold_at=30)
"""So small that folding, checkpoints and both kinds of index come again and again."""


def live(folder: Path, journal: Path, first: int, last: int, point: str | None, skip: int) -> None:
    """Open the store and do these steps, noting each as done; die at the `skip`-th passing of `point`."""
    upkeep.GRACE_S = -1.0  # purge at once
    if point:
        POINTS[point](_Fuse(skip))
    note = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with EmbeddedStore.open(folder, tuning=TUNING) as store:
        os.write(note, b"open\n")
        for step in range(first, last):
            do(store, step)
            os.write(note, b"%d %d\n" % (step, store.view().revision))
    os.write(note, b"closed\n")


class _Fuse:
    """Kills this process when it has been passed often enough."""

    def __init__(self, skip: int) -> None:
        self._left = skip

    def __call__(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def _patch(module: Any, name: str, fuse: _Fuse, *, before: bool) -> None:
    real = getattr(module, name)

    def passing(*arguments: Any, **named: Any) -> Any:
        if before:
            fuse()
        answer = real(*arguments, **named)
        if not before:
            fuse()
        return answer

    setattr(module, name, passing)


def _half_written(fuse: _Fuse) -> None:
    real = checkpoint._write_durably

    def half(path: Path, data: np.ndarray) -> None:
        real(path, data[: len(data) // 2])
        fuse()
        real(path, data)

    checkpoint._write_durably = half


POINTS: dict[str, Callable[[_Fuse], None]] = {
    "article half-written": lambda fuse: _patch(writing, "code_row", fuse, before=True),
    "content written, not said": lambda fuse: _patch(contents, "_add", fuse, before=False),
    "rows written, not committed": lambda fuse: _patch(schema, "write_state", fuse, before=False),
    "committed, not noted": lambda fuse: _patch(head, "write", fuse, before=True),
    "noted, not in a view": lambda fuse: _patch(head, "write", fuse, before=False),
    "checkpoint half-written": _half_written,
    "checkpoint written, not renamed": lambda fuse: _patch(checkpoint, "_write_durably", fuse, before=False),
    "checkpoint renamed, not recorded": lambda fuse: _patch(checkpoint, "_sync_folder", fuse, before=False),
    "checkpoint recorded, not committed": lambda fuse: _patch(checkpoint, "record", fuse, before=False),
    "checkpoint recorded, old one not deleted": lambda fuse: _patch(checkpoint, "clean", fuse, before=True),
    "purged, not committed": lambda fuse: _patch(upkeep, "purge", fuse, before=False),
    "second set half-filled": lambda fuse: _patch(embedding_sets, "fill", fuse, before=False),
    "switched, not committed": lambda fuse: _patch(embedding_sets, "switched", fuse, before=False),
}
