"""Put, delete, search and reopen an embedded store, with scores computed by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    ArticleMissingError,
    EncoderMismatchError,
    StoreDamagedError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
)
from index.store import create_store, open_store
from index.store.embedded import EmbeddedStore
from index.store.verify import verify
from index.types import Embeddings, EncoderKey, Filters, Lang, Store, View
from tests.index.store.corpus import ENCODER, entry

EVERYTHING = Filters()
HALF = np.float32(1 / math.sqrt(2))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with create_store(tmp_path / "store", ENCODER.key) as made:
        yield made


def ask(view: View, question: str, k: int = 10, filters: Filters = EVERYTHING) -> list[tuple[str, float]]:
    """Texts and scores, best first."""
    found = view.nearest(ENCODER.encode_queries([question])[0], k, filters)
    texts = view.passages([candidate.row for candidate in found])
    return [(passage.text, candidate.score) for passage, candidate in zip(texts, found, strict=True)]


def test_the_nearest_passages_come_with_their_cosine_best_first(store: Store) -> None:
    store.put([entry("a.txt", "summit minerals", "water"), entry("b.txt", "القمة")])
    assert ask(store.view(), "summit") == [("القمة", 1.0), ("summit minerals", HALF), ("water", 0.0)]


def test_ties_come_in_the_order_they_were_put(store: Store) -> None:
    store.put([entry("b.txt", "summit"), entry("a.txt", "قمة")])
    store.put([entry("0.txt", "summit")])
    candidates = store.view().nearest(ENCODER.encode_queries(["summit"])[0], 2)
    assert [candidate.row for candidate in candidates] == [1, 2]


def test_fewer_come_when_there_are_fewer(store: Store) -> None:
    assert ask(store.view(), "summit") == []
    store.put([entry("a.txt", "summit")])
    assert len(ask(store.view(), "summit", k=1000)) == 1
    assert ask(store.view(), "summit", k=0) == []


def test_a_view_stays_at_its_revision(store: Store) -> None:
    store.put([entry("a.txt", "summit", publisher="One"), entry("b.txt", "minerals")])
    before = store.view()
    store.put([entry("a.txt", "water", publisher="Two")])
    store.delete([entry("b.txt", "minerals").article.id])
    key = entry("a.txt").article.id
    assert [text for text, _ in ask(before, "summit")] == ["summit", "minerals"]
    assert before.article(key).text == "summit"
    assert before.provenance([key])[key].publisher == "One"
    (passage,) = before.article_passages(key)
    assert passage.text == "summit"
    assert (before.passage(passage.id), store.view().passage(passage.id)) == (passage, None)
    assert (before.revision, before.article_count, before.passage_count) == (1, 2, 2)
    assert before.articles(10)[1] == 2
    assert ask(before, "summit", filters=Filters(publisher="One")) == [("summit", 1.0)]
    after = store.view()
    assert [text for text, _ in ask(after, "water")] == ["water"]
    assert (after.revision, after.article_count, after.passage_count) == (3, 1, 1)
    assert after.provenance([key])[key].publisher == "Two"


def test_putting_the_same_again_keeps_the_revision(store: Store) -> None:
    assert store.put([entry("a.txt", "summit", "water")]) == 1
    assert store.put([entry("a.txt", "summit", "water")]) == 1
    assert store.put([]) == 1
    assert store.delete(["unknown"]) == 1


def test_passages_that_stayed_keep_their_rows(store: Store) -> None:
    store.put([entry("a.txt", "summit", "water")])
    store.put([entry("a.txt", "summit", "minerals")])
    found = store.view().nearest(ENCODER.encode_queries(["summit"])[0], 10)
    assert [candidate.row for candidate in found] == [1, 3]


def test_another_embedding_of_the_same_text_replaces_it(store: Store) -> None:
    first = entry("a.txt", "summit")
    store.put([first])
    assert store.put([replace(first, embeddings=ENCODER.encode_queries(["water"]))]) == 2
    assert ask(store.view(), "water") == [("summit", 1.0)]


def test_rows_are_never_used_twice(store: Store) -> None:
    store.put([entry("a.txt", "summit")])
    store.delete([entry("a.txt").article.id])
    store.put([entry("b.txt", "summit")])
    assert [c.row for c in store.view().nearest(ENCODER.encode_queries(["summit"])[0], 9)] == [2]


def test_a_reopened_store_answers_the_same(tmp_path: Path) -> None:
    with create_store(tmp_path, ENCODER.key) as store:
        store.put([entry("a.txt", "summit minerals", "water"), entry("b.txt", "summit")], root="/corpus")
        store.put([entry("b.txt", "summit", "law")], root="/corpus")
        store.delete([entry("a.txt").article.id])
        before, digests = ask(store.view(), "summit"), store.digests("/corpus")
    with open_store(tmp_path, ENCODER.key) as store:
        assert ask(store.view(), "summit") == before == [("summit", 1.0), ("law", 0.0)]
        assert store.view().revision == 3
        assert store.digests("/corpus") == digests
        assert store.digests("/elsewhere") == {}
        key = entry("b.txt").article.id
        assert store.view().article(key) == entry("b.txt", "summit", "law").article
        assert tuple(store.view().article_passages(key)) == entry("b.txt", "summit", "law").passages


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["a", "b", "c", "d"]),
        (Filters(lang="ar"), ["b"]),
        (Filters(publisher="Erem"), ["a", "b"]),
        (Filters(publisher="erem"), []),
        (Filters(source="c"), ["c"]),
        (Filters(source="nowhere"), []),
        (Filters(date_from="2025-11-09"), ["a", "b"]),
        (Filters(date_to="2025-11-09"), ["a", "c"]),
        (Filters(date_from="2025-11-09", date_to="2025-11-09"), ["a"]),
        (Filters(publisher="Erem", lang="en", date_from="2025-01-01"), ["a"]),
    ],
)
def test_filters_hold_before_k(store: Store, filters: Filters, expected: list[str]) -> None:
    store.put(
        [
            entry("a", "summit a", publisher="Erem", published_at="2025-11-09T23:59:00+04:00"),
            entry("b", "summit b", publisher="Erem", published_at="2025-11-10", lang="ar"),
            entry("c", "summit c", published_at="2025-11-08 11:07"),
            entry("d", "summit d", publisher="Other"),
        ]
    )
    view = store.view()
    assert [text[-1] for text, _ in ask(view, "summit", filters=filters)] == expected
    assert [text[-1] for text, _ in ask(view, "summit", k=1, filters=filters)] == expected[:1]
    page, total = view.articles(10, filters=filters)
    assert ([provenance.source for _, provenance, _ in page], total) == (expected, len(expected))


def test_articles_are_paged_in_order_of_their_source(store: Store) -> None:
    store.put([entry("b", "summit", "law"), entry("a", "water"), entry("c", "trade")])
    view = store.view()
    page, total = view.articles(2)
    assert ([(p.source, count) for _, p, count in page], total) == ([("a", 1), ("b", 2)], 3)
    page, total = view.articles(2, offset=2)
    assert ([(p.source, count) for _, p, count in page], total) == ([("c", 1)], 3)


def test_publishers_are_counted_most_articles_first(store: Store) -> None:
    store.put([entry("a", "summit", publisher="X"), entry("b", "law"), entry("c", "law", publisher="Z")])
    before = store.view()
    store.put([entry("d", "water", publisher="Y"), entry("a", "water", publisher="Y")])
    assert list(store.view().publishers().items()) == [("Y", 2), ("Z", 1)]
    assert list(before.publishers().items()) == [("X", 1), ("Z", 1)]


def test_unknown_articles_are_absent_or_named(store: Store) -> None:
    view = store.view()
    assert view.provenance(["feed"]) == {}
    assert view.article_passages("feed") == []
    with pytest.raises(ArticleMissingError, match="feed"):
        view.article("feed")


def test_stored_embeddings_come_back_by_passage_with_the_heading(store: Store) -> None:
    made = entry("a.txt", "summit minerals", "water", heading="Talks")
    store.put([made])
    stored = store.embeddings(made.article.id)
    heading, row = stored[made.passages[0].id]
    assert heading == "Talks"
    np.testing.assert_allclose(row, made.embeddings[0], atol=1e-7)
    assert store.embeddings("unknown") == {}
    again = np.stack([stored[passage.id][1] for passage in made.passages])
    assert store.put([replace(made, embeddings=again)]) == 1


def test_one_id_from_two_folders_is_refused(store: Store) -> None:
    store.put([entry("news.txt", "summit")], root="/one")
    with pytest.raises(StoreError, match=r"news\.txt is already stored from /one"):
        store.put([entry("other.txt", "water"), entry("news.txt", "law")], root="/two")
    assert list(store.digests()) == [entry("news.txt").article.id]  # all or nothing
    assert store.put([entry("news.txt", "law")]) == 2  # through the API: allowed


BAD: list[tuple[Embeddings, str]] = [
    (np.eye(2, 3, dtype=np.float32), "shape"),
    (np.eye(2, 8, dtype=np.float64), "float64"),  # type: ignore[arg-type]
    (np.full((2, 8), np.nan, dtype=np.float32), "not a unit vector"),
    (np.zeros((2, 8), dtype=np.float32), "not a unit vector"),
    (np.eye(2, 8, dtype=np.float32) * 2, "not a unit vector"),
]


@pytest.mark.parametrize(("embeddings", "message"), BAD)
def test_embeddings_that_are_none_are_refused(store: Store, embeddings: Embeddings, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        store.put([replace(entry("a.txt", "summit", "water"), embeddings=embeddings)])
    assert store.view().revision == 0


def test_passages_that_are_not_at_their_offsets_are_refused(store: Store) -> None:
    made = entry("a.txt", "summit")
    moved = replace(made.passages[0], start=1)
    with pytest.raises(StoreError, match="not the text at its offsets"):
        store.put([replace(made, passages=(moved,))])


@pytest.mark.parametrize(
    "query",
    [np.ones(3), np.zeros(8), np.full(8, np.nan), np.full(8, np.inf)],
    ids=["shape", "zero", "nan", "inf"],
)
def test_queries_that_are_no_direction_are_refused(store: Store, query: Embeddings) -> None:
    with pytest.raises(StoreError, match="query embedding"):
        store.view().nearest(query.astype(np.float32), 1)


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


def test_another_encoder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    create_store(tmp_path, ENCODER.key).close()
    other = EncoderKey("other", "2", 8)
    with pytest.raises(EncoderMismatchError, match="sanad model use other"):
        open_store(tmp_path, other)
    with open_store(tmp_path) as store:
        assert store.encoder_key == ENCODER.key


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with (
        create_store(tmp_path, ENCODER.key),
        pytest.raises(StoreLockedError, match=r"process \d+ on"),
    ):
        open_store(tmp_path, ENCODER.key)
    open_store(tmp_path, ENCODER.key).close()


def test_a_reader_sees_what_a_writer_commits_later(tmp_path: Path) -> None:
    with (
        create_store(tmp_path, ENCODER.key) as writer,
        open_store(tmp_path, ENCODER.key, read_only=True) as reader,
    ):
        assert ask(reader.view(), "summit") == []
        writer.put([entry("a.txt", "summit")])
        before = reader.view()
        assert ask(before, "summit") == [("summit", 1.0)]
        writer.put([entry("a.txt", "water"), entry("b.txt", "law")])
        assert reader.view().revision == 2
        assert [text for text, _ in ask(reader.view(), "water")] == ["water", "law"]
        assert ask(before, "summit") == [("summit", 1.0)]
        with pytest.raises(StoreError, match="read-only"):
            reader.put([entry("c.txt", "trade")])


def test_two_stores_cannot_be_made_in_one_folder(tmp_path: Path) -> None:
    create_store(tmp_path, ENCODER.key).close()
    with pytest.raises(StoreError, match="already holds a store"):
        create_store(tmp_path, ENCODER.key)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = create_store(tmp_path, ENCODER.key)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.digests()


@pytest.mark.parametrize("lang", ["ar", "en", "und"])
def test_languages_come_back(store: Store, lang: Lang) -> None:
    store.put([entry("a.txt", "summit", lang=lang)])
    assert store.view().article_passages(entry("a.txt").article.id)[0].lang == lang


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
