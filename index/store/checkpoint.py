"""Checkpoint files: what is derived and held in memory, written so that opening is quick.

The database names each and vouches for it by SHA-256. A new one gets a new name and the old one is deleted only after
the database names the new, so a kill at any point leaves the file that the database names as it was.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

WORDS = "words"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the database knows of a file: which part of memory it is, the revision it was made from, passages in it."""

    part: str
    file: str
    sha256: str
    revision: int
    passages: int


def main_of(number: int) -> str:
    """The part that is the main index of an embedding set."""
    return f"main-{number}"


def write(folder: Path, part: str, revision: int, passages: int, data: npt.NDArray[np.uint8]) -> Checkpoint:
    """Put a part on the disk for good; the database is still to be told. Raises: OSError."""
    name = f"{part}-{revision}.{'npy' if part == WORDS else 'faiss'}"
    temporary = folder / f"{name}.tmp"
    try:
        _write_durably(temporary, data)
        temporary.replace(folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return Checkpoint(part, name, hashlib.sha256(data.data).hexdigest(), revision, passages)


def read(folder: Path, checkpoint: Checkpoint) -> mmap.mmap:
    """The file as it lies, mapped, its checksum verified over the very pages that are used from then on.

    Pages that no search asks for take no memory, and processes share the others. A file that is replaced or deleted
    stays as it was for whoever has mapped it, and nothing here writes into one that is named; a program that cut it
    short in place would kill this process, as it would with the `-shm` file that SQLite maps in the same folder.
    Raises: ValueError: the file is missing or is not the one that was written.
    """
    try:
        with (folder / checkpoint.file).open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # no file may be mapped that is empty
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"{checkpoint.file}: it cannot be read: {reason}") from error
    if hashlib.sha256(data).hexdigest() != checkpoint.sha256:
        raise ValueError(f"{checkpoint.file}: its SHA-256 does not hold")
    data.madvise(mmap.MADV_DONTNEED)
    return data


def recorded(connection: sqlite3.Connection, part: str) -> Checkpoint | None:
    """The checkpoint of a part that the database names, if any."""
    found = connection.execute(
        "SELECT part, file, sha256, revision, passages FROM checkpoint WHERE part = ?", (part,)
    ).fetchone()
    return Checkpoint(*found) if found else None


def record(connection: sqlite3.Connection, made: Checkpoint) -> None:
    """Name this checkpoint as its part's, in the open transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?)",
        (made.part, made.file, made.sha256, made.revision, made.passages),
    )


def clean(folder: Path, connection: sqlite3.Connection) -> None:
    """Delete the files that the database does not name: what a kill or a newer checkpoint left behind."""
    named = {file for (file,) in connection.execute("SELECT file FROM checkpoint")}
    for path in [*folder.glob("main-*"), *folder.glob("words-*")]:
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
