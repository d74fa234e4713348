"""Where passages and embeddings live: an embedded store in a folder, or one on a Milvus server."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from index.errors import StoreError
from index.store.milvus.address import Address, is_address, parse, without_token
from index.types import EncoderKey, Store

__all__ = ["create_store", "is_address", "local_folder", "open_store", "shown"]

# FAISS and pymilvus take a while to import: only those who open a store wait for it.


def open_store(
    location: str | Path,
    encoder_key: EncoderKey | None = None,
    *,
    read_only: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """The store at a location, to be closed; with `encoder_key`, only if its embeddings are that encoder's.

    A location is a folder or, as `milvus://HOST:19530/NAME` is, an address; see `index.store.milvus.address`.
    `progress(done, total)` counts passages while a missing or damaged search index is rebuilt.
    Raises: StoreMissingError, EncoderMismatchError, StoreLockedError, StoreDamagedError, StoreError.
    """
    if is_address(location):
        address = _reachable(str(location))
        from index.store.milvus.store import MilvusStore

        return MilvusStore.open(address, encoder_key, read_only=read_only)
    from index.store.embedded import EmbeddedStore

    return EmbeddedStore.open(Path(location), encoder_key, read_only=read_only, progress=progress)


def create_store(location: str | Path, encoder_key: EncoderKey) -> Store:
    """A new, empty store at a location, open for writing, to be closed.

    Raises: StoreError: there is one already, or it cannot be made there; StoreLockedError.
    """
    if is_address(location):
        address = _reachable(str(location))
        from index.store.milvus.store import MilvusStore

        return MilvusStore.create(address, encoder_key)
    from index.store.embedded import EmbeddedStore

    return EmbeddedStore.create(Path(location), encoder_key)


def local_folder(location: str) -> Path:
    """Where this machine keeps what belongs beside a store, such as keys: its folder, `.sanad` if it has none."""
    return Path(".sanad") if is_address(location) else Path(location)


def shown(location: str) -> str:
    """A location as people may read it: without the token, if it is an address that has one."""
    return without_token(location) if is_address(location) else location


def _reachable(location: str) -> Address:
    """The address. Raises: StoreError: it is none, or what speaks to Milvus is not installed."""
    address = parse(location)
    needed = ("pymilvus", "milvus_lite") if address.is_lite else ("pymilvus",)
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise StoreError(
            f"a store on Milvus needs {' and '.join(missing)}; pip install 'sanad-search[milvus]'"
        )
    return address
