"""Where the contract of the store is tested: in a folder, in a file of milvus-lite, on a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.store import create_store
from index.types import Store
from tests.index.store.corpus import ENCODER
from tests.milvus.reading import removed_after
from tests.milvus.server import Server

LITE = pytest.param("milvus-lite", marks=pytest.mark.slow)
REAL = pytest.param("milvus", marks=pytest.mark.milvus)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests; it must run, a test that needs it never passes without."""
    made = Server.prepare(tmp_path_factory.mktemp("milvus"))
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture(params=["embedded", LITE, REAL])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where there is no store yet."""
    yield from _place(request, tmp_path)


@pytest.fixture(params=[LITE, REAL])
def milvus_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same, but for the folder."""
    yield from _place(request, tmp_path)


@pytest.fixture
def real_place(server: Server) -> Iterator[str]:
    """The same, on the real server only."""
    with removed_after(f"milvus://127.0.0.1:{server.port}/t{uuid.uuid4().hex[:12]}?timeout=60") as address:
        yield address


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with create_store(place, ENCODER.key) as made:
        yield made


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "embedded":
        yield str(tmp_path / "store")
    elif request.param == "milvus-lite":
        yield f"milvus-lite:{tmp_path}/store.db"
    else:
        yield request.getfixturevalue("real_place")
