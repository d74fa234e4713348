"""What an embedded store does beyond the contract of tests/milvus: its folder, its lock, stores that are half made."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import (
    StoreDamagedError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
)
from index.store import create_store, open_store
from index.store.embedded import EmbeddedStore
from index.store.verify import verify
from tests.index.store.corpus import ENCODER, entry


def test_a_missing_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="sanad sync"):
        open_store(tmp_path / "none", ENCODER.key)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("place", [".", "below/store"])
def test_a_file_in_the_place_of_a_store_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "news.txt").write_text("news")
    for make in (open_store, create_store):
        with pytest.raises(
            StoreError, match=r"news\.txt is a file; a store is a folder of its own: name another"
        ):
            make(tmp_path / "news.txt" / place, ENCODER.key)


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with (
        create_store(tmp_path, ENCODER.key),
        pytest.raises(StoreLockedError, match=r"process \d+ on"),
    ):
        open_store(tmp_path, ENCODER.key)
    open_store(tmp_path, ENCODER.key).close()


def test_a_reader_sees_a_commit_at_once(tmp_path: Path) -> None:
    with (
        create_store(tmp_path, ENCODER.key) as writer,
        open_store(tmp_path, ENCODER.key, read_only=True) as reader,
    ):
        assert reader.view().revision == 0
        for revision in (1, 2):
            writer.put([entry(f"{revision}.txt", "summit")])
            assert (reader.view().revision, reader.view().passage_count) == (revision, revision)


def test_a_view_reads_the_provenance_of_an_article_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedStore.create(tmp_path, ENCODER.key) as store:
        made = [entry("a.txt", "summit", publisher="One"), entry("b.txt", "law")]
        store.put(made)
        view, read = store.view(), []
        whole = view._version
        monkeypatch.setattr(view, "_version", lambda on, key: [read.append(key), whole(on, key)][1])
        a, b = (one.article for one in made)
        assert view.provenance([a.id]) == {a.id: a.provenance}
        assert view.provenance([b.id, a.id, "feed"]) == {a.id: a.provenance, b.id: b.provenance}
        assert view.provenance([a.id, b.id, a.id]) == {a.id: a.provenance, b.id: b.provenance}
        assert read == [a.id, b.id, "feed"]
        store.put([entry("a.txt", "summit", publisher="Two")])
        assert view.provenance([a.id])[a.id].publisher == "One"
        assert store.view().provenance([a.id])[a.id].publisher == "Two"


def test_two_stores_cannot_be_made_in_one_folder(tmp_path: Path) -> None:
    create_store(tmp_path, ENCODER.key).close()
    with pytest.raises(StoreError, match="already holds a store"):
        create_store(tmp_path, ENCODER.key)


def test_a_store_whose_making_was_broken_off_is_missing_and_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "sanad.db").touch()
    for read in (verify, lambda folder: EmbeddedStore.open(folder, ENCODER.key, read_only=True)):
        with pytest.raises(StoreMissingError, match="is being made, or that was broken off; run `sanad sync"):
            read(tmp_path)
    with EmbeddedStore.create(tmp_path, ENCODER.key) as store:
        assert store.view().revision == 0


def test_a_store_that_looks_empty_for_damage_is_not_made_anew(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path, ENCODER.key) as store:
        store.put([entry("a.txt", "summit")])
    data = bytearray((tmp_path / "sanad.db").read_bytes())
    data[103:105] = b"\0\0"  # of page 1, how many tables there are
    (tmp_path / "sanad.db").write_bytes(data)
    for make in (EmbeddedStore.open, EmbeddedStore.create):
        with pytest.raises(StoreDamagedError):
            make(tmp_path, ENCODER.key)
