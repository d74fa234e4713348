"""The writer's lock: one process at a time, released by the kernel when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Self

from index.errors import StoreError, StoreLockedError


class WriterLock:
    """Held from `acquire` to `release`; a process that is killed releases it by dying."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path) -> Self:
        """The lock, without waiting.

        Raises: StoreLockedError: another process holds it, and which; StoreError: the file cannot be made.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened for writing: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise StoreLockedError(
                f"{path.parent} is being written by {holder}; wait for it to finish or stop it"
            ) from error
        _sign(descriptor)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next writer in; releasing twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _sign(descriptor: int) -> None:
    """Leave a note of who holds the lock. A full disk must not keep anyone from writing it: the note is a courtesy."""
    note = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note, 0)
    except OSError:
        return


def _holder(descriptor: int) -> str:
    try:
        note = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {note['pid']} on {note['host']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"
