"""FAISS as the store uses it: one thread a search, and whole indexes as bytes."""

from __future__ import annotations

import threading
from typing import Any

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from index.errors import StoreError
from index.store.columns import Ints, Mask
from index.store.scoring import Scores

faiss: Any = _faiss
"""FAISS adapts its classes to Python at import, which its type stubs do not tell."""

_told = threading.local()


def single_threaded() -> None:
    """Make FAISS use one thread for what this thread asks of it.

    OpenMP keeps that setting for each thread, so each is told, once. Requests are what runs in parallel here.
    """
    if not getattr(_told, "done", False):
        faiss.omp_set_num_threads(1)
        _told.done = True


def search(index: Any, query: npt.NDArray[Any], k: int, parameters: Any) -> tuple[Scores, Ints]:
    """FAISS's k best: inner products, falling, and positions; without the -1 that FAISS pads with."""
    single_threaded()
    try:
        products, positions = index.search(query.astype(np.float32)[None], k, params=parameters)
    except RuntimeError as error:
        raise StoreError(f"FAISS could not search: {error}") from error
    found = positions[0] >= 0
    return products[0][found], positions[0][found]


def selector(mask: Mask | None) -> Any:
    """What tells FAISS which positions may answer; None for all."""
    return None if mask is None else faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def to_bytes(index: Any) -> npt.NDArray[np.uint8]:
    """The index as FAISS writes it to a file."""
    data: npt.NDArray[np.uint8] = faiss.serialize_index(index)
    return data


def from_bytes(data: bytes) -> Any:
    """The index that was written so. Raises: ValueError: FAISS cannot read it."""
    try:
        return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
    except RuntimeError as error:
        raise ValueError(str(error)) from error
