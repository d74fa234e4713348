"""Encoders for processes of a pool, and a sync with one that tests interrupt: `python -m tests.index.pooled F S`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index import sync
from index.encoder.pool import ONE_THREAD, EncoderPool
from index.store import create_store
from index.types import Embeddings
from tests.fakes import ConceptEncoder


class Endless(ConceptEncoder):
    """Takes an hour for a text that names the law."""

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        if any("law" in text.split() for text in texts):
            time.sleep(3600)
        return super().encode_passages(texts)


class Mortal(ConceptEncoder):
    """Its process is killed by a text that names the law, as by the kernel when memory is out."""

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        if any("law" in text.split() for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_passages(texts)


class Telling(ConceptEncoder):
    """Its rows are no embeddings: the process that made them, and the threads that it lets libraries have."""

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        told = [os.getpid(), *(int(os.environ.get(name, "0")) for name in ONE_THREAD)]
        row = np.array(told + [0] * (self.key.dim - len(told)), dtype=np.float32)
        return np.stack([row for _ in texts])


def main(folder: Path, place: Path) -> None:
    """Sync with two processes, in steps of two passages, which comes no further than the law."""
    sync.FLUSH_PASSAGES = 2
    encoder = Endless()
    with create_store(place, encoder.key) as store, EncoderPool.create(Endless, encoder.key, 2) as pool:
        sync.sync(folder, store, encoder, pool=pool)


if __name__ == "__main__":
    # What a shell starts in its background ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
