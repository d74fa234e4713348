"""What every store keeps to, whatever engine it runs on; scores are computed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.errors import (
    ArticleMissingError,
    EncoderMismatchError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
)
from index.store import create_store, open_store
from index.store.view import EmbeddedView
from index.sync import sync
from index.types import Embeddings, EncoderKey, Entry, Filters, Lang, Span, Store, View
from tests.fakes import ConceptEncoder
from tests.index.store.corpus import ENCODER, entry
from tests.milvus.reading import soon

EVERYTHING = Filters()
HALF = float(np.float32(math.sqrt(0.5)))


def ask(view: View, question: str, k: int = 10, filters: Filters = EVERYTHING) -> Any:
    """Texts and scores, best first, to be compared with numbers computed by hand: exact in the embedded store."""
    near = 0 if isinstance(view, EmbeddedView) else 2e-6
    found = view.nearest(ENCODER.encode_queries([question])[0], k, filters)
    texts = view.passages([candidate.row for candidate in found])
    return [
        (passage.text, pytest.approx(candidate.score, rel=0, abs=near))
        for passage, candidate in zip(texts, found, strict=True)
    ]


def rows(view: View, question: str, k: int = 10) -> list[int]:
    return [candidate.row for candidate in view.nearest(ENCODER.encode_queries([question])[0], k)]


def test_the_nearest_passages_come_with_their_cosine_best_first(store: Store) -> None:
    store.put([entry("a.txt", "summit minerals", "water"), entry("b.txt", "القمة")])
    assert ask(store.view(), "summit") == [("القمة", 1.0), ("summit minerals", HALF), ("water", 0.0)]


def test_ties_come_in_the_order_they_were_put(store: Store) -> None:
    store.put([entry("b.txt", "summit"), entry("a.txt", "قمة")])
    store.put([entry("0.txt", "summit")])
    assert rows(store.view(), "summit", k=2) == [1, 2]


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
    assert before.publishers() == {"One": 1}
    assert ask(before, "summit", filters=Filters(publisher="One")) == [("summit", 1.0)]
    after = store.view()
    assert [text for text, _ in ask(after, "water")] == ["water"]
    assert (after.revision, after.article_count, after.passage_count) == (3, 1, 1)
    assert after.provenance([key])[key].publisher == "Two"
    assert after.publishers() == {"Two": 1}


def test_putting_the_same_again_keeps_the_revision(store: Store) -> None:
    assert store.put([entry("a.txt", "summit", "water")]) == 1
    assert store.put([entry("a.txt", "summit", "water")]) == 1
    assert store.put([]) == 1
    assert store.delete(["unknown"]) == 1


def test_passages_that_stayed_keep_their_rows(store: Store) -> None:
    store.put([entry("a.txt", "summit", "water")])
    store.put([entry("a.txt", "summit", "minerals")])
    assert rows(store.view(), "summit") == [1, 3]


def test_another_embedding_of_the_same_text_replaces_it(store: Store) -> None:
    first = entry("a.txt", "summit")
    store.put([first])
    assert store.put([replace(first, embeddings=ENCODER.encode_queries(["water"]))]) == 2
    assert ask(store.view(), "water") == [("summit", 1.0)]


def test_rows_are_never_used_twice(store: Store) -> None:
    store.put([entry("a.txt", "summit")])
    store.delete([entry("a.txt").article.id])
    store.put([entry("b.txt", "summit")])
    assert rows(store.view(), "summit") == [2]


def test_a_reopened_store_answers_the_same(place: str) -> None:
    with create_store(place, ENCODER.key) as store:
        store.put([entry("a.txt", "summit minerals", "water"), entry("b.txt", "summit")], root="/corpus")
        store.put([entry("b.txt", "summit", "law")], root="/corpus")
        store.delete([entry("a.txt").article.id])
        digests = store.digests("/corpus")
        assert ask(store.view(), "summit") == [("summit", 1.0), ("law", 0.0)]
    with open_store(place, ENCODER.key) as store:
        assert ask(store.view(), "summit") == [("summit", 1.0), ("law", 0.0)]
        assert store.view().revision == 3
        assert store.digests("/corpus") == digests
        assert store.digests("/elsewhere") == {}
        key = entry("b.txt").article.id
        assert store.view().article(key) == entry("b.txt", "summit", "law").article
        assert tuple(store.view().article_passages(key)) == entry("b.txt", "summit", "law").passages


@pytest.mark.parametrize("k", [1, 10])
def test_filters_hold_before_k(store: Store, k: int) -> None:
    store.put(
        [
            entry("a", "summit a", publisher="Erem", published_at="2025-11-09T23:59:00+04:00"),
            entry("b", "summit b", publisher="Erem", published_at="2025-11-10", lang="ar"),
            entry("c", "summit c", published_at="2025-11-08 11:07"),
            entry("d", "summit d", publisher="Other"),
        ]
    )
    cases = {
        Filters(): "abcd",
        Filters(lang="ar"): "b",
        Filters(publisher="Erem"): "ab",
        Filters(publisher="erem"): "",
        Filters(publisher=""): "",
        Filters(source="c"): "c",
        Filters(source="nowhere"): "",
        Filters(date_from="2025-11-09"): "ab",
        Filters(date_to="2025-11-09"): "ac",
        Filters(date_from="2025-11-09", date_to="2025-11-09"): "a",
        Filters(publisher="Erem", lang="en", date_from="2025-01-01"): "a",
    }
    view = store.view()
    for filters, expected in cases.items():
        assert [text[-1] for text, _ in ask(view, "summit", k, filters)] == list(expected[:k]), filters
        page, total = view.articles(10, filters=filters)
        listed = [provenance.source for _, provenance, _ in page]
        assert (listed, total) == (list(expected), len(expected)), filters


HOSTILE = [
    'He said "no"',
    "back\\slash",
    "it's",
    "percent % or 1 == 1",
    "سطر\nثان",
    '" or row > 0 or lang == "',
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_filtered_by_is_a_text_and_nothing_else(store: Store, name: str) -> None:
    store.put([entry(name, "summit", publisher=name), entry("other", "summit", publisher="Other")])
    view = store.view()
    assert len(ask(view, "summit", filters=Filters(publisher=name))) == 1
    assert len(ask(view, "summit", filters=Filters(source=name))) == 1
    assert view.articles(10, filters=Filters(publisher=name))[1] == 1
    assert view.article(entry(name).article.id).provenance.publisher == name


def test_articles_are_paged_in_order_of_their_source(store: Store) -> None:
    store.put([entry("b", "summit", "law"), entry("a", "water"), entry("c", "trade")])
    store.put([entry("a", "water", "law")])
    view = store.view()
    page, total = view.articles(2)
    assert ([(p.source, count) for _, p, count in page], total) == ([("a", 2), ("b", 2)], 3)
    page, total = view.articles(2, offset=2)
    assert ([(p.source, count) for _, p, count in page], total) == ([("c", 1)], 3)
    assert view.articles(2, offset=3) == ([], 3)
    page, total = store.view().articles(1, offset=1)
    assert ([p.source for _, p, _ in page], total) == (["b"], 3)


def test_publishers_come_with_their_articles_most_first(store: Store) -> None:
    assert store.view().publishers() == {}
    store.put([entry("a", "summit", publisher="B"), entry("b", "summit", publisher="A"), entry("c", "law")])
    assert list(store.view().publishers().items()) == [("A", 1), ("B", 1)]
    store.put([entry("d", "summit", publisher="B")])
    store.delete([entry("b").article.id])
    before = store.view()
    assert list(before.publishers().items()) == [("B", 2)]
    store.put([entry("a", "summit", publisher="C"), entry("d", "law")])
    assert list(store.view().publishers().items()) == [("C", 1)]
    assert list(before.publishers().items()) == [("B", 2)]


def test_unknown_articles_are_absent_or_named(store: Store) -> None:
    view = store.view()
    assert view.provenance(["feed"]) == {}
    assert view.article_passages("feed") == []
    assert view.passage("feed") is None
    with pytest.raises(ArticleMissingError, match="feed"):
        view.article("feed")


def test_all_of_an_article_comes_back(store: Store) -> None:
    made = entry(
        "a.txt", "summit minerals", "water", publisher="Erem", published_at="2025-11-09", heading="Talks"
    )
    article = replace(made.article, headings=(Span(0, 6),))
    other = entry("b.txt", "law", lang="ar")
    store.put([replace(made, article=article), other])
    view = store.view()
    assert view.article(article.id) == article
    assert tuple(view.article_passages(article.id)) == made.passages
    assert view.provenance([other.article.id, article.id]) == {
        article.id: article.provenance,
        other.article.id: other.article.provenance,
    }
    assert view.passages([2, 1]) == [made.passages[1], made.passages[0]]
    assert view.langs([3, 1]) == ["ar", "en"]


@pytest.mark.slow
def test_a_text_of_any_length_comes_back_whole(store: Store) -> None:
    blob = "ع" * 70_000  # longer than a field of Milvus, as one word of a scraped page may be
    made = entry("long.txt", "summit", blob, "\n".join(["water"] * 30_000))
    store.put([made])
    view = store.view()
    assert view.article(made.article.id) == made.article
    assert tuple(view.article_passages(made.article.id)) == made.passages
    assert view.passage(made.passages[1].id) == made.passages[1]


def test_passages_that_say_the_same_are_known(store: Store) -> None:
    long = "The summit on minerals was held in the capital on Sunday, and ministers of six states were there."
    store.put(
        [
            entry("a", long),
            entry("b", f"{long} It rained."),
            entry("c", "CAIRO (Reuters) - " + long),
            entry("d", long.replace("six", "seven")),
        ]
    )
    a, b, c, d = store.view().contents([1, 2, 3, 4])
    assert [one.article_id for one in (a, b, c, d)] == [entry(name).article.id for name in "abcd"]
    assert a.number == c.number
    assert (a.near, b.near, d.near) == ({b.number}, {a.number}, frozenset())


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


def test_cosines_are_those_of_nearest(store: Store) -> None:
    store.put([entry("a.txt", "summit minerals", "water", "summit")])
    embedding = ENCODER.encode_queries(["summit"])[0]
    assert store.view().cosines(embedding, [3, 2, 1, 3]) == pytest.approx([1, 0, HALF, 1], abs=2e-6)
    assert store.view().cosines(embedding, []) == []
    with pytest.raises(StoreError, match="row 9"):
        store.view().cosines(embedding, [9])


def test_one_id_from_two_folders_is_refused(store: Store) -> None:
    store.put([entry("news.txt", "summit")], root="/one")
    with pytest.raises(StoreError, match=r"news\.txt is already stored from /one"):
        store.put([entry("other.txt", "water"), entry("news.txt", "law")], root="/two")
    assert list(store.digests()) == [entry("news.txt").article.id]  # all or nothing
    assert store.put([entry("news.txt", "law")]) == 2  # through the API: allowed


def test_a_folder_that_moved_takes_its_articles_along(store: Store) -> None:
    store.put([entry("a", "summit"), entry("b", "law")], root="/one")
    store.put([entry("c", "water")])
    store.move_root("/one", "/two")
    assert store.view().revision == 2
    assert store.roots() == {
        entry("a").article.id: "/two",
        entry("b").article.id: "/two",
        entry("c").article.id: "",
    }
    assert len(store.digests("/two")) == 2
    assert store.put([entry("a", "summit", "law")], root="/two") == 3
    assert store.roots()[entry("a").article.id] == "/two"


def test_the_last_of_two_of_one_id_stays(store: Store) -> None:
    store.put([entry("a", "summit"), entry("b", "law"), entry("a", "water")])
    assert sorted(text for text, _ in ask(store.view(), "summit")) == ["law", "water"]
    assert (store.view().article_count, store.view().passage_count) == (2, 2)


BAD: list[tuple[Embeddings, str]] = [
    (np.eye(2, 3, dtype=np.float32), "shape"),
    (np.eye(2, 8, dtype=np.float64), "float64"),  # type: ignore[arg-type]
    (np.full((2, 8), np.nan, dtype=np.float32), "not a unit vector"),
    (np.zeros((2, 8), dtype=np.float32), "not a unit vector"),
    (np.eye(2, 8, dtype=np.float32) * 2, "not a unit vector"),
]


def test_what_does_not_fit_together_is_refused(store: Store) -> None:
    good = entry("a.txt", "summit", "water")
    for embeddings, message in BAD:
        with pytest.raises(StoreError, match=message):
            store.put([replace(good, embeddings=embeddings)])
    moved = replace(good.passages[0], start=1)
    wrong: list[tuple[Entry, str]] = [
        (replace(good, passages=(moved, good.passages[1])), "not the text at its offsets"),
        (replace(good, passages=(good.passages[0],) * 2), "same id"),
        (replace(good, passages=good.passages[::-1]), "order of their paragraphs"),
    ]
    for broken, message in wrong:
        with pytest.raises(StoreError, match=message):
            store.put([entry("b.txt", "law"), broken])
    assert (store.view().revision, store.view().passage_count) == (0, 0)
    assert store.put([good]) == 1


def test_a_text_that_is_no_unicode_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="surrogate"):
        store.put([entry("a.txt", "summit \ud800")])
    assert store.put([entry("a.txt", "summit")]) == 1


def test_queries_that_are_no_direction_are_refused(store: Store) -> None:
    for query in (np.ones(3), np.zeros(8), np.full(8, np.nan), np.full(8, np.inf)):
        with pytest.raises(StoreError, match="query embedding"):
            store.view().nearest(query.astype(np.float32), 1)
        with pytest.raises(StoreError, match="query embedding"):
            store.view().cosines(query.astype(np.float32), [])


def test_a_missing_store_says_how_to_make_one(place: str) -> None:
    for read_only in (False, True):
        with pytest.raises(StoreMissingError, match="sanad sync"):
            open_store(place, ENCODER.key, read_only=read_only)


def test_another_encoder_is_refused_with_what_to_do(place: str) -> None:
    create_store(place, ENCODER.key).close()
    with pytest.raises(EncoderMismatchError, match="sanad model use other"):
        open_store(place, EncoderKey("other", "2", 8))
    with open_store(place) as store:
        assert store.encoder_key == ENCODER.key


def test_a_second_writer_is_told_who_writes(place: str) -> None:
    with create_store(place, ENCODER.key) as first:
        with pytest.raises(StoreLockedError, match="is being written by"):
            open_store(place, ENCODER.key)
        assert first.put([entry("a", "summit")]) == 1
    with open_store(place, ENCODER.key) as second:
        assert second.put([entry("b", "law")]) == 2


def test_a_reader_sees_what_a_writer_commits_later(place: str) -> None:
    with (
        create_store(place, ENCODER.key) as writer,
        open_store(place, ENCODER.key, read_only=True) as reader,
    ):
        assert ask(reader.view(), "summit") == []
        writer.put([entry("a.txt", "summit")])
        before = soon(reader, 1)
        assert ask(before, "summit") == [("summit", 1.0)]
        writer.put([entry("a.txt", "water"), entry("b.txt", "law")])
        after = soon(reader, 2)
        assert [text for text, _ in ask(after, "water")] == ["water", "law"]
        assert ask(before, "summit") == [("summit", 1.0)]
        with pytest.raises(StoreError, match="read-only"):
            reader.put([entry("c.txt", "trade")])


def test_two_stores_cannot_be_made_in_one_place(place: str) -> None:
    create_store(place, ENCODER.key).close()
    with pytest.raises(StoreError, match="already"):
        create_store(place, ENCODER.key)
    open_store(place, ENCODER.key).close()


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.digests()
    with pytest.raises(StoreError, match="closed"):
        store.put([entry("a", "summit")])


def test_languages_come_back(store: Store) -> None:
    langs: tuple[Lang, ...] = ("ar", "en", "und")
    store.put([entry(lang, "summit", lang=lang) for lang in langs])
    view = store.view()
    found = [view.article_passages(entry(lang).article.id)[0].lang for lang in langs]
    assert found == list(langs) == view.langs([1, 2, 3])


def test_a_sync_that_was_cut_short_goes_on_where_it_stopped(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.sync.FLUSH_PASSAGES", 2)
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(
            f"# Talks\n\nThe summit number {number} on minerals.\n", "utf-8"
        )
    with create_store(place, ENCODER.key) as store, pytest.raises(RuntimeError, match="killed"):
        sync(folder, store, Failing(after=4))
    with open_store(place, ENCODER.key) as store:
        assert store.view().article_count == 4
        rest = Failing(after=9)
        report = sync(folder, store, rest)
        assert (report.count("unchanged"), report.count("added"), len(rest.encoded)) == (4, 2, 2)
        assert store.view().article_count == 6
        assert sync(folder, store, rest).embedded == 0


class Failing(ConceptEncoder):
    """The concept encoder, until it has encoded so many passages."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        if len(self.encoded) + len(texts) > self._after:
            raise RuntimeError("killed")
        return super().encode_passages(texts)
