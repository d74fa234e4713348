"""A store of the seed articles, made once; each test takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.service.live import copied, seeded


@pytest.fixture(scope="session")
def seed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original; not to be changed."""
    return seeded(tmp_path_factory.mktemp("seeds") / "store")


@pytest.fixture
def store(seed_store: Path, tmp_path: Path) -> Path:
    """A copy to do with as one likes."""
    return copied(seed_store, tmp_path / "store")
