"""Posting lists as bytes and back: their part of a checkpoint."""

from __future__ import annotations

import io
import mmap
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from index.store.columns import Ints
from index.store.lexical import Part, Postings, Segment

_ARRAYS = tuple(field.name for field in fields(Segment))
_MAGIC = np.lib.format.magic(1, 0)
_ALIGNED = 64
"""Every array begins at a multiple of so many bytes, so that it can be used where it lies."""


def to_bytes(postings: Postings) -> npt.NDArray[np.uint8]:
    """The segments of these posting lists as NumPy arrays, one after another; what is dead in them is kept."""
    file = io.BytesIO()
    arrays = [np.array([postings.last, len(postings.parts)])]
    arrays += [getattr(part.segment, name) for part in postings.parts for name in _ARRAYS]
    for array in arrays:
        np.save(file, array, allow_pickle=False)
        file.write(bytes(-file.tell() % _ALIGNED))
    return np.frombuffer(file.getbuffer(), dtype=np.uint8)


def from_map(data: mmap.mmap) -> Postings:
    """What was written so, in place, all of it alive and without length norms: to be advanced. Raises: ValueError."""
    data.seek(0)
    last, count = _array(data).tolist()
    segments = [Segment(**{name: _array(data) for name in _ARRAYS}) for _ in range(count)]
    return Postings(tuple(Part(segment, None, np.zeros(0)) for segment in segments), last)


def _array(data: mmap.mmap) -> npt.NDArray[Any]:
    """The next array, which lies in the map itself. Raises: ValueError: there is none."""
    if data[data.tell() : data.tell() + len(_MAGIC)] != _MAGIC:
        raise ValueError("it does not hold posting lists as this version writes them")
    data.seek(len(_MAGIC), io.SEEK_CUR)
    shape, _, dtype = np.lib.format.read_array_header_1_0(data)
    size, start = int(np.prod(shape)), data.tell()
    data.seek(start + size * dtype.itemsize)
    data.seek(-data.tell() % _ALIGNED, io.SEEK_CUR)
    return np.frombuffer(data, dtype, size, start).reshape(shape)


def rows_of(postings: Postings) -> Ints:
    """All rows that the segments hold, ascending, dead ones too."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(part.segment.rows for part in postings.parts)])
