"""A full disk, no permission, no file descriptors: the write that fails says so, and all before it still serves."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from index.errors import StoreDamagedError, StoreError
from index.store.embedded import EmbeddedStore
from index.store.verify import verify
from index.types import View
from tests.index.store.corpus import ENCODER, entry

pytestmark = pytest.mark.torture

SUMMIT = ENCODER.encode_queries(["summit"])[0]


def texts(view: View) -> list[str]:
    return [passage.text for passage in view.passages([c.row for c in view.nearest(SUMMIT, 3)])]


def mounted(place: Path, *options: str) -> None:
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted(place, "-t", "tmpfs", "-o", "size=3m", "tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_fails_the_write_and_nothing_else(
    small_disk: Path, record_figure: Callable[[str, object], None]
) -> None:
    folder, written = small_disk / "store", 0
    with EmbeddedStore.create(folder, ENCODER.key) as store:
        store.put([entry("first.txt", "summit one", "summit two")])
        before = store.view()
        refused = None
        while refused is None:
            refused = _refusal(store, written)
            written += refused is None
        assert "disk is full" in refused
        revision = store.view().revision
        assert revision == 1 + written
        assert texts(before) == ["summit one", "summit two"] == texts(store.view())[:2]
        for _ in range(3):  # and again, and again
            with pytest.raises(StoreError, match="disk is full"):
                store.put([entry("more.txt", *(f"law {n} " + "long " * 4000 for n in range(100)))])
        assert store.view().revision == revision
        with suppress(StoreError):  # deleting needs room too
            store.delete([entry(f"{number}.txt").article.id for number in range(written)])
        assert texts(store.view())[:2] == ["summit one", "summit two"]
    with EmbeddedStore.open(folder, ENCODER.key, read_only=True) as store:
        assert texts(store.view())[:2] == ["summit one", "summit two"]
        assert store.view().revision in (revision, revision + 1)
    assert verify(folder).damages == ()
    record_figure("articles written before the disk was full", written)


def _refusal(store: EmbeddedStore, number: int) -> str | None:
    """Put an article of twenty long passages; what the store says if it cannot."""
    try:
        store.put([entry(f"{number}.txt", *(f"water {number} {n} " + "wet " * 400 for n in range(20)))])
    except StoreError as error:
        return str(error)
    return None


def test_a_disk_that_is_full_when_closing_loses_only_the_checkpoint(small_disk: Path) -> None:
    folder = small_disk / "store"
    with EmbeddedStore.create(folder, ENCODER.key) as store:
        store.put([entry("first.txt", "summit one")])
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    filler.unlink()
    with EmbeddedStore.open(folder, ENCODER.key) as store:
        assert texts(store.view()) == ["summit one"]
    assert verify(folder).damages == ()


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    with EmbeddedStore.create(place / "store", ENCODER.key) as store:
        store.put([entry("first.txt", "summit one")])
    mounted(place, "--bind", str(place))
    mounted(place, "-o", "remount,ro,bind")
    yield place / "store"
    subprocess.run(["umount", str(place)], check=True)


def test_a_store_on_a_read_only_disk_serves_readers_and_refuses_writers(read_only_disk: Path) -> None:
    with EmbeddedStore.open(read_only_disk, ENCODER.key, read_only=True) as store:
        assert texts(store.view()) == ["summit one"]
        with pytest.raises(StoreError, match="opened read-only"):
            store.put([entry("second.txt", "summit two")])
    assert verify(read_only_disk).damages == ()
    with pytest.raises(StoreError, match="cannot be opened for writing: Read-only file system"):
        EmbeddedStore.open(read_only_disk, ENCODER.key)


def test_a_store_that_was_not_closed_on_a_read_only_disk_says_what_to_do(tmp_path: Path) -> None:
    place, copy = tmp_path / "store", tmp_path / "disk" / "copy"
    with EmbeddedStore.create(place, ENCODER.key) as store:
        store.put([entry("first.txt", "summit one")])
        copy.mkdir(parents=True)
        for file in place.iterdir():
            if file.suffix != ".db-shm" and not file.name.endswith("-shm"):
                (copy / file.name).write_bytes(file.read_bytes())
    mounted(copy, "--bind", str(copy))
    mounted(copy, "-o", "remount,ro,bind")
    try:
        with pytest.raises(StoreError, match="open it once where it can be written"):
            EmbeddedStore.open(copy, ENCODER.key, read_only=True)
    finally:
        subprocess.run(["umount", str(copy)], check=True)


AS_NOBODY = """
    import json, os, sys
    from pathlib import Path
    from index.errors import StoreError
    from index.store.embedded import EmbeddedStore
    if os.getuid() == 0:
        os.setgid(65534); os.setuid(65534)
    told = []
    for read_only in (False, True):
        try:
            with EmbeddedStore.open(Path(sys.argv[1]), read_only=read_only) as store:
                told.append(store.view().revision)
        except StoreError as error:
            told.append(str(error))
    print(json.dumps(told))
"""


def as_nobody(folder: Path) -> list[object]:
    """What opening for writing, then for reading, says to a user without rights."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(AS_NOBODY), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told: list[object] = json.loads(run.stdout)
    return told


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_without_permission_to_write_reading_still_works(open_folder: Path) -> None:
    folder = open_folder / "store"
    with EmbeddedStore.create(folder, ENCODER.key) as store:
        store.put([entry("first.txt", "summit one")])
    folder.chmod(0o555)
    for file in folder.iterdir():
        file.chmod(0o444)
    written, read = as_nobody(folder)
    assert "Permission denied" in str(written)
    assert read == 1
    folder.chmod(0o000)
    assert all("Permission denied" in str(told) for told in as_nobody(folder))
    folder.chmod(0o555)
    (folder / "sanad.db").chmod(0o000)
    written, read = as_nobody(folder)
    assert "Permission denied" in str(written)
    assert "cannot be opened" in str(read)


def test_out_of_file_descriptors_a_search_says_so_and_the_next_one_works(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as store:
        store.put([entry("first.txt", "summit one")])
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest_free = os.dup(0)
        os.close(lowest_free)
        with store._revisions.readers.lend():  # so that a search needs a connection more
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
            try:
                with pytest.raises(StoreError) as refused:
                    texts(store.view())
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not isinstance(refused.value, StoreDamagedError)
        assert texts(store.view()) == ["summit one"]
        store.put([entry("second.txt", "summit two")])
        assert texts(store.view()) == ["summit one", "summit two"]
