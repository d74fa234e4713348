"""Passages embedded by several processes at once, one thread each: what one process would make of them, sooner."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import numpy as np

from index.errors import EncoderError
from index.types import Embeddings, Encoder, EncoderKey

PIECE = 16
"""Texts that a process is handed at a time: a tenth of a second of work."""
PIECES_EACH = 4
"""Pieces under way for each process, so that none waits while rows are written."""
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")

Load = Callable[[], Encoder]
"""Gives the encoder in the process that calls it; it can be pickled."""


class EncoderPool:
    """Processes that embed. They start when there is work, and end with the pool, and with the process that made it.

    The bundled model's rows are bit for bit those of one process. A sentence-transformers model computes texts in
    batches, so its rows may differ in the last bits, as they do whenever a text has other company.
    """

    def __init__(
        self, executor: ProcessPoolExecutor, life: Connection, load: Load, key: EncoderKey, room: int
    ) -> None:
        self.room = room
        self._executor = executor
        self._life = life
        self._load = load
        self._key = key

    @classmethod
    def create(cls, load: Load, key: EncoderKey, jobs: int) -> Self:
        """A pool of `jobs` processes, each of which loads its encoder, of this key, by `load`."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_live, initargs=(theirs,))
        return cls(executor, ours, load, key, room=jobs * PIECE * PIECES_EACH)

    def begin(self, texts: Sequence[str]) -> Callable[[], Embeddings]:
        """Begin to embed passages; what comes back waits for their unit rows `(len(texts), dim)`, in order.

        Both raise: EncoderError: a process died, or cannot load the encoder, or loads another.
        """
        with _broken_told(), _interrupts_later():
            pieces = [
                self._executor.submit(_encoded, self._load, self._key, list(texts[start : start + PIECE]))
                for start in range(0, len(texts), PIECE)
            ]
        return lambda: self._rows(pieces)

    def _rows(self, pieces: Sequence[Future[Embeddings]]) -> Embeddings:
        with _broken_told():
            rows = [piece.result() for piece in pieces]
        return np.concatenate([np.zeros((0, self._key.dim), dtype=np.float32), *rows])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is under way; after an error give it up, and the processes end where they are."""
        if kind is not None:
            self._life.close()
        self._executor.shutdown(cancel_futures=True)
        self._life.close()


@contextmanager
def _broken_told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise EncoderError(
            "a process that embeds died, killed or out of memory; what was stored until then stays: run again,"
            " with fewer jobs if memory is short"
        ) from error


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Processes started in the block never see Ctrl-C, which a terminal sends to all: this one ends them."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


_encoders: dict[EncoderKey, Encoder] = {}
"""The encoder of this process, in those that embed: loaded with the first piece."""


def _live(life: Connection) -> None:
    """What a process of the pool begins with: one thread for all that computes, and an end when `life` is closed."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()


def _end_with(life: Connection) -> None:
    life.poll(None)
    os._exit(1)


def _encoded(load: Load, key: EncoderKey, texts: Sequence[str]) -> Embeddings:
    if key not in _encoders:
        encoder = load()
        if encoder.key != key:
            raise EncoderError(
                f"{key.id} was revision {key.revision} when this began and is {encoder.key.revision} now; run again"
            )
        _encoders[key] = encoder
    return _encoders[key].encode_passages(texts)
