"""Posting lists as bytes and back: their part of a checkpoint."""

from __future__ import annotations

import io
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from index.store.columns import Ints
from index.store.lexical import Part, Postings, Segment

_ARRAYS = tuple(field.name for field in fields(Segment))


def to_bytes(postings: Postings) -> npt.NDArray[np.uint8]:
    """The segments of these posting lists as NumPy arrays, one after another; what is dead in them is kept."""
    file = io.BytesIO()
    np.save(file, np.array([postings.last, len(postings.parts)]), allow_pickle=False)
    for part in postings.parts:
        for name in _ARRAYS:
            np.save(file, getattr(part.segment, name), allow_pickle=False)
    return np.frombuffer(file.getbuffer(), dtype=np.uint8)


def from_bytes(data: bytes) -> Postings:
    """What was written so, all of it alive and without length norms: to be advanced. Raises: ValueError."""
    file = io.BytesIO(data)
    try:
        last, count = np.load(file, allow_pickle=False).tolist()
        segments = [
            Segment(**{name: np.load(file, allow_pickle=False) for name in _ARRAYS}) for _ in range(count)
        ]
    except (OSError, EOFError) as error:
        raise ValueError(f"it does not hold posting lists: {error}") from error
    return Postings(tuple(Part(segment, None, np.zeros(0)) for segment in segments), last)


def rows_of(postings: Postings) -> Ints:
    """All rows that the segments hold, ascending, dead ones too."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(part.segment.rows for part in postings.parts)])
