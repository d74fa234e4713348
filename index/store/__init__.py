"""Where passages and embeddings live: an embedded store in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.types import EncoderKey, Store

__all__ = ["create_store", "open_store"]

# FAISS takes a while to import: only those who open a store wait for it.


def open_store(
    location: str | Path,
    encoder_key: EncoderKey | None = None,
    *,
    read_only: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """The store at a location (a folder), to be closed; with `encoder_key`, only if its embeddings are that encoder's.

    `progress(done, total)` counts passages while a missing or damaged search index is rebuilt.
    Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
    """
    from index.store.embedded import EmbeddedStore

    return EmbeddedStore.open(Path(location), encoder_key, read_only=read_only, progress=progress)


def create_store(location: str | Path, encoder_key: EncoderKey) -> Store:
    """A new, empty store at a location (a folder), open for writing, to be closed.

    Raises: StoreError: there is one already, or the folder cannot be made; StoreLockedError.
    """
    from index.store.embedded import EmbeddedStore

    return EmbeddedStore.create(Path(location), encoder_key)
