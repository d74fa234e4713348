"""Posting lists as bytes and back: their part of a checkpoint."""

from __future__ import annotations

import io
import zipfile
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from index.store.columns import Ints
from index.store.lexical import Part, Postings, Segment

_ARRAYS = tuple(field.name for field in fields(Segment))


def to_bytes(postings: Postings) -> npt.NDArray[np.uint8]:
    """The segments of these posting lists as an uncompressed NumPy archive; what is dead in them is kept."""
    arrays = {
        f"{name}-{place}": getattr(part.segment, name)
        for place, part in enumerate(postings.parts)
        for name in _ARRAYS
    }
    file = io.BytesIO()
    np.savez(
        file, allow_pickle=False, last=np.array(postings.last), parts=np.array(len(postings.parts)), **arrays
    )
    return np.frombuffer(file.getbuffer(), dtype=np.uint8)


def from_bytes(data: bytes) -> Postings:
    """What was written so, all of it alive and without length norms: to be advanced. Raises: ValueError."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            segments = [
                Segment(**{name: arrays[f"{name}-{place}"] for name in _ARRAYS})
                for place in range(int(arrays["parts"]))
            ]
            last = int(arrays["last"])
    except (KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"it does not hold posting lists: {error}") from error
    return Postings(tuple(Part(segment, None, np.zeros(0)) for segment in segments), last)


def rows_of(postings: Postings) -> Ints:
    """All rows that the segments hold, ascending, dead ones too."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *(part.segment.rows for part in postings.parts)])
