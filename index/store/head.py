"""The last acknowledged revision, noted beside the database: commits that a damaged log has lost are noticed.

SQLite ends its recovery at the first frame of a write-ahead log that is damaged and says nothing of those behind it.
The note is written after each commit without waiting for the disk: it survives the process, and after a power cut it
can only be older than the database, never newer.
"""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path

HEAD = "head"


def write(folder: Path, revision: int) -> None:
    """Note this revision; always as many bytes, so that a full disk does not hinder. Raises: OSError."""
    number = b"%020d" % revision
    descriptor = os.open(folder / HEAD, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.pwrite(descriptor, b"%s %08x\n" % (number, zlib.crc32(number)), 0)
    finally:
        os.close(descriptor)


def read(folder: Path) -> int | None:
    """The revision noted; None when there is no note.

    Raises: ValueError: the note is damaged.
    """
    try:
        note = (folder / HEAD).read_bytes()
    except OSError:
        return None
    found = re.fullmatch(rb"(\d{20}) ([0-9a-f]{8})\n", note)
    if not found or zlib.crc32(found[1]) != int(found[2], 16):
        raise ValueError(f"{folder / HEAD} is damaged")
    return int(found[1])
