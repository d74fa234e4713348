"""The FAISS file: a checkpoint of the main index, named and vouched for by the database.

A new one gets a new name and the old one is deleted only after the database names the new, so a kill at any point
leaves the file that the database names as it was.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.store import main_index
from index.store.faiss_api import to_bytes
from index.store.main_index import MainIndex


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the database knows of a set's file: its name, SHA-256, the revision it was made from, passages in it."""

    embedding_set: int
    file: str
    sha256: str
    revision: int
    passages: int


def write(folder: Path, number: int, revision: int, main: MainIndex) -> Checkpoint:
    """Put the index on the disk for good; the database is still to be told. Raises: OSError."""
    data = to_bytes(main.index)
    name = f"main-{number}-{revision}.faiss"
    temporary = folder / f"{name}.tmp"
    try:
        _write_durably(temporary, data)
        temporary.replace(folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return Checkpoint(number, name, hashlib.sha256(data.data).hexdigest(), revision, len(main))


def read(folder: Path, checkpoint: Checkpoint, dim: int) -> MainIndex:
    """The index, made from the very bytes whose checksum was verified.

    It is read, not mapped: it is small (one bit a dimension when large), and a mapped file that another program cuts
    short kills the process.
    Raises: ValueError: the file is missing or is not the one that was written.
    """
    try:
        data = (folder / checkpoint.file).read_bytes()
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != checkpoint.sha256:
        raise ValueError("its SHA-256 does not hold")
    return main_index.read(data, dim)


def recorded(connection: sqlite3.Connection, number: int) -> Checkpoint | None:
    """The checkpoint of an embedding set that the database names, if any."""
    found = connection.execute(
        "SELECT embedding_set, file, sha256, revision, passages FROM checkpoint WHERE embedding_set = ?",
        (number,),
    ).fetchone()
    return Checkpoint(*found) if found else None


def record(connection: sqlite3.Connection, made: Checkpoint) -> None:
    """Name this checkpoint as its set's, in the open transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?)",
        (made.embedding_set, made.file, made.sha256, made.revision, made.passages),
    )


def clean(folder: Path, connection: sqlite3.Connection) -> None:
    """Delete the FAISS files that the database does not name: what a kill or a newer checkpoint left behind."""
    named = {file for (file,) in connection.execute("SELECT file FROM checkpoint")}
    for path in [*folder.glob("main-*.faiss"), *folder.glob("main-*.faiss.tmp")]:
        if path.name not in named:
            path.unlink(missing_ok=True)


def _write_durably(path: Path, data: npt.NDArray[np.uint8]) -> None:
    with path.open("wb") as file:
        file.write(data.data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
