"""Where the store's tests keep their stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where the system has one: these tests commit two thousand times, and waiting for the disk was
    most of what they took. The torture writes to the disk.
    """
    with TemporaryDirectory(prefix="sanad-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        yield Path(folder)
