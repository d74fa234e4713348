"""Embeddings of a store that are missing, damaged, or no unit vectors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from index.errors import StoreDamagedError
from index.store import schema
from index.store.records import codes_of
from index.store.writing import NORM_TOLERANCE

BLOCK = 8192


def damaged_embeddings(connection: sqlite3.Connection, number: int) -> Iterator[tuple[str, int]]:
    """What is wrong with a set's embeddings, in a sentence, and the key of the article that they are of."""
    dim = schema.encoder_key(connection, number).dim
    cursor = connection.execute(
        f"SELECT article, passage.row, code, code.crc FROM passage LEFT JOIN embedding_{number} AS code"
        " ON code.row = passage.row WHERE removed IS NULL ORDER BY passage.row"
    )
    while found := cursor.fetchmany(BLOCK):
        for article, row, code, crc in found:
            fault = _fault(row, code, crc, dim)
            if fault:
                yield fault, article


def _fault(row: int, code: bytes | None, crc: int, dim: int) -> str | None:
    if code is None:
        return f"passage row {row} has no embedding"
    try:
        (vector,) = codes_of([(row, code, crc)], dim).astype(np.float64)
    except (StoreDamagedError, TypeError) as error:
        return f"the embedding of passage row {row} is damaged: {error}"
    norm = float(np.linalg.norm(vector))
    return (
        None
        if abs(norm - 1) <= 2 * NORM_TOLERANCE
        else f"the embedding of passage row {row} has the norm {norm:.3f}"
    )
