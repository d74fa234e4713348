"""A folder → a store: only what changed is embedded, what is gone is removed, what is bad is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import IndexingError
from index.identity import article_id
from index.search import Searcher
from index.store import create_store
from index.sync import Change, Report, sync
from index.types import Query, Store
from tests.fakes import ConceptEncoder

SUMMIT = (
    "The leaders met at the summit in Astana on Monday and spoke about the minerals of the region for hours."
)
WATER = (
    "The water of the Caspian Sea falls every year, so ships carry less cargo than they did ten years ago."
)
TRADE = "Trade between the five states grew by a third after the visit, officials of the ministry said on Tuesday."


@pytest.fixture
def encoder() -> ConceptEncoder:
    return ConceptEncoder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder, "a.txt", SUMMIT, WATER)
    write(folder, "b.txt", TRADE)
    return folder


@pytest.fixture
def store(tmp_path: Path, encoder: ConceptEncoder) -> Iterator[Store]:
    with create_store(tmp_path / "store", encoder.key) as store:
        yield store


def write(folder: Path, name: str, *paragraphs: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n\n".join(["A title of its own", *paragraphs]), "utf-8")
    return file


def kinds(report: Report) -> dict[str, str]:
    return {change.source: change.kind for change in report.changes}


def test_a_first_sync_adds_every_article_and_embeds_every_passage(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    report = sync(folder, store, encoder)
    assert report.changes == (Change("a.txt", "added", 2), Change("b.txt", "added", 1))
    assert report.embedded == 3
    assert store.view().passage_count == 3


def test_a_second_sync_embeds_nothing_and_keeps_the_revision(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    first = sync(folder, store, encoder)
    encoder.encoded.clear()
    again = sync(folder, store, encoder)
    assert kinds(again) == {"a.txt": "unchanged", "b.txt": "unchanged"}
    assert (again.embedded, encoder.encoded, again.revision) == (0, [], first.revision)


def test_only_the_changed_passage_is_embedded_again_and_the_others_keep_their_ids(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    sync(folder, store, encoder)
    before = {p.text: p.id for p in store.view().article_passages(article_id("a.txt"))}
    encoder.encoded.clear()
    write(folder, "a.txt", TRADE, SUMMIT, WATER)
    report = sync(folder, store, encoder)
    assert kinds(report) == {"a.txt": "changed", "b.txt": "unchanged"}
    assert encoder.encoded == [TRADE]
    after = {p.text: p.id for p in store.view().article_passages(article_id("a.txt"))}
    assert {text: after[text] for text in (SUMMIT, WATER)} == before


def test_removed_articles_never_answer(folder: Path, store: Store, encoder: ConceptEncoder) -> None:
    sync(folder, store, encoder)
    (folder / "a.txt").unlink()
    report = sync(folder, store, encoder)
    assert kinds(report) == {"b.txt": "unchanged", "a.txt": "removed"}
    hits = Searcher(store, encoder).search(Query("water summit minerals", limit=50, mode="semantic")).hits
    assert [hit.provenance.source for hit in hits] == ["b.txt"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    report = sync(folder, store, encoder, dry_run=True)
    assert kinds(report) == {"a.txt": "added", "b.txt": "added"}
    assert report.embedded == 3
    assert (store.view().passage_count, encoder.encoded) == (0, [])


def test_a_syndicated_article_is_found_at_sync_and_shown_once_with_all_its_sources(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    write(folder, "wire.txt", f"ASTANA, Nov 9 (Reuters) - {SUMMIT}", WATER.replace("ten years", "12 years"))
    sync(folder, store, encoder)
    hits = Searcher(store, encoder).search(Query("summit water", mode="semantic")).hits
    told = {
        (hit.provenance.source, hit.passage.paragraph): [of.source for _, of in hit.also_in] for hit in hits
    }
    assert told == {("a.txt", 1): ["wire.txt"], ("a.txt", 2): [], ("wire.txt", 2): [], ("b.txt", 1): []}
    (folder / "a.txt").unlink()
    sync(folder, store, encoder)
    (best,) = Searcher(store, encoder).search(Query("summit", mode="semantic", limit=1)).hits
    assert (best.provenance.source, best.also_in) == ("wire.txt", ())


def test_bad_files_are_refused_by_name_and_the_rest_goes_in(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    (folder / "binary.txt").write_bytes(b"\x00\x01\x02" * 100)
    (folder / "empty.txt").write_bytes(b"")
    (folder / "latin.txt").write_bytes("café au lait à la crème".encode("latin-1"))
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (folder / "nothing.txt").write_text("logo\n\nشاركها\n", "utf-8")
    report = sync(folder, store, encoder)
    refused = {change.source: change.reason for change in report.changes if change.kind == "refused"}
    assert set(refused) == {"binary.txt", "empty.txt", "latin.txt", "huge.txt", "nothing.txt"}
    assert all(refused.values())
    assert report.count("added") == 2


def test_an_article_whose_file_turns_bad_stays_as_it_was(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    sync(folder, store, encoder)
    (folder / "a.txt").write_bytes(b"caf\xe9 \x00 \x01")
    report = sync(folder, store, encoder)
    (change,) = (change for change in report.changes if change.source == "a.txt")
    assert change.kind == "refused"
    assert change.reason is not None
    assert change.reason.endswith("(what was stored of it before stays)")
    assert store.view().article_count == 2


def test_a_folder_that_turned_empty_removes_nothing_unless_told(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    sync(folder, store, encoder)
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(IndexingError, match="--allow-empty"):
        sync(folder, store, encoder)
    assert store.view().article_count == 2
    sync(folder, store, encoder, allow_empty=True)
    assert store.view().article_count == 0


def test_two_folders_live_side_by_side(
    tmp_path: Path, folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, "c.txt", WATER)
    sync(folder, store, encoder)
    sync(other, store, encoder)
    sync(folder, store, encoder)
    assert store.view().article_count == 3


def test_the_same_name_in_two_folders_is_refused_rather_than_overwritten(
    tmp_path: Path, folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, "a.txt", TRADE)
    sync(folder, store, encoder)
    report = sync(other, store, encoder)
    assert kinds(report) == {"a.txt": "refused"}
    assert "already" in str(report.changes[0].reason)
    assert [p.text for p in store.view().article_passages(article_id("a.txt"))] == [SUMMIT, WATER]


def test_a_folder_within_one_that_was_synced_is_refused(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    write(folder / "sub", "c.txt", WATER)
    sync(folder, store, encoder)
    with pytest.raises(
        IndexingError, match=rf"^{folder}/sub lies in {folder}, which the store holds: .*--store"
    ):
        sync(folder / "sub", store, encoder)
    assert store.view().article_count == 3


def test_a_folder_around_one_that_was_synced_is_refused(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    write(folder / "sub", "c.txt", WATER)
    sync(folder / "sub", store, encoder)
    with pytest.raises(
        IndexingError, match=rf"^{folder} holds {folder}/sub, which the store holds by itself"
    ):
        sync(folder, store, encoder)
    assert store.view().article_count == 1


def test_hidden_folders_and_those_that_are_gone_do_not_overlap(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    write(folder / ".hidden", "c.txt", WATER)
    write(folder / "gone", "d.txt", WATER)
    sync(folder / ".hidden", store, encoder)
    sync(folder / "gone", store, encoder)
    (folder / "gone" / "d.txt").unlink()
    (folder / "gone").rmdir()
    assert kinds(sync(folder, store, encoder)) == {"a.txt": "added", "b.txt": "added"}


def test_sidecars_beside_no_article_are_named(folder: Path, store: Store, encoder: ConceptEncoder) -> None:
    write(folder / "sub", "c.txt", WATER)
    for name in (
        "a.meta.json",
        "A.meta.json",
        "b.tx.meta.json",
        "sub/c.txt.META.json",
        "sub/a.meta.json",
        ".meta.json",
    ):
        (folder / name).write_text("{}", "utf-8")
    report = sync(folder, store, encoder)
    assert report.unused == ("A.meta.json", "b.tx.meta.json", "sub/a.meta.json")
    assert report.count("refused") == 0


def test_a_folder_that_moved_is_still_the_same_corpus(
    tmp_path: Path, folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    sync(folder, store, encoder)
    encoder.encoded.clear()
    moved = folder.rename(tmp_path / "moved")
    (moved / "b.txt").unlink()
    report = sync(moved, store, encoder)
    assert kinds(report) == {"a.txt": "unchanged", "b.txt": "removed"}
    assert encoder.encoded == []


def test_a_sidecar_wins_over_what_the_text_says(folder: Path, store: Store, encoder: ConceptEncoder) -> None:
    given = {"title": "Given", "publisher": "The Press", "published_at": "2024-02-29"}
    (folder / "a.meta.json").write_text(json.dumps(given), "utf-8")
    sync(folder, store, encoder)
    provenance = store.view().article(article_id("a.txt")).provenance
    assert (provenance.title, provenance.publisher, provenance.published_at) == (
        "Given",
        "The Press",
        "2024-02-29",
    )
    assert "title" not in provenance.inferred


def test_a_file_is_synced_alone(folder: Path, store: Store, encoder: ConceptEncoder) -> None:
    assert kinds(sync(folder / "a.txt", store, encoder)) == {"a.txt": "added"}
    with pytest.raises(
        IndexingError, match=r"c\.txt: is not a folder or file; give what holds the articles$"
    ):
        sync(folder / "c.txt", store, encoder)


def test_progress_counts_every_source(folder: Path, store: Store, encoder: ConceptEncoder) -> None:
    seen: list[tuple[int, int]] = []
    sync(folder, store, encoder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
