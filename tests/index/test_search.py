"""Search over a store with the concept encoder: every score here is computed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from index.errors import QueryError
from index.identity import article_id
from index.relevance import Calibration
from index.rerank import Reranker
from index.search import Searcher
from index.store.embedded import EmbeddedStore
from index.translation import Translations
from index.types import Answer, Filters, Mode, Query, Span
from tests.fakes import ConceptEncoder
from tests.index.store.corpus import ENCODER, entry


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as made:
        yield made


def searcher(store: EmbeddedStore, **parts: object) -> Searcher:
    defaults = {"translations": Translations({}), "calibration": Calibration()}
    return Searcher(store, ENCODER, **(defaults | parts))  # type: ignore[arg-type]


def texts(answer: Answer) -> list[str]:
    return [hit.passage.text for hit in answer.hits]


def test_semantic_mode_ranks_by_cosine(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit minerals", "summit", "water")])
    answer = searcher(store).search(Query("summit", mode="semantic"))
    assert texts(answer) == ["summit", "summit minerals", "water"]
    assert [hit.score for hit in answer.hits] == pytest.approx([1, 0.5**0.5, 0], abs=1e-3)
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]
    assert (answer.mode, answer.query_lang, answer.revision, answer.passages) == ("semantic", "en", 1, 3)
    assert answer.answerable is None


def test_lexical_mode_finds_only_passages_that_hold_a_word(store: EmbeddedStore) -> None:
    store.put([entry("a", "the Boeing factory", "summit", "water")])
    answer = searcher(store).search(Query("Boeing", mode="lexical"))
    assert texts(answer) == ["the Boeing factory"]
    # idf cancels for one term: tf / (tf + k1 (1 - b + b length / mean)), length 3 of mean 5 / 3.
    assert answer.hits[0].score == pytest.approx(1 / (1 + 1.2 * (1 - 0.4 + 0.4 * 3 / (5 / 3))))


def test_hybrid_is_the_convex_combination(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit in Astana", "summit", "Astana")])
    weighed = searcher(store, calibration=Calibration(lexical_weights={"en-en": 0.25}))
    (semantic, lexical, hybrid) = (
        {hit.passage.text: hit.score for hit in weighed.search(Query("summit Astana", mode=mode)).hits}
        for mode in ("semantic", "lexical", "hybrid")
    )
    assert hybrid == {
        text: pytest.approx(0.75 * semantic[text] + 0.25 * lexical.get(text, 0.0), abs=1e-6)
        for text in semantic
    }


def test_what_only_words_find_has_its_cosine_too(store: EmbeddedStore) -> None:
    near = [f"summit summit summit minerals {n}" for n in range(60)]
    store.put([entry("a", *near, "Boeing of water minerals")])
    answer = searcher(store).search(Query("minerals Boeing", limit=50))
    (boeing,) = [hit for hit in answer.hits if "Boeing" in hit.passage.text]
    lexical = searcher(store).search(Query("minerals Boeing", limit=1, mode="lexical")).hits[0]
    assert lexical.passage == boeing.passage
    assert boeing.score == pytest.approx(0.5 * 0.5**0.5 + 0.5 * lexical.score, abs=1e-3)


def test_scores_do_not_depend_on_what_else_is_on_the_page(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit minerals", "summit water", "summit law", "trade visit")])
    whole = searcher(store).search(Query("summit", limit=4))
    paged = [searcher(store).search(Query("summit", limit=1, offset=n)).hits[0] for n in range(4)]
    assert [(hit.rank, hit.score, hit.passage) for hit in paged] == [
        (hit.rank, hit.score, hit.passage) for hit in whole.hits
    ]


def test_a_phrase_in_quotes_must_stand_in_every_passage(store: EmbeddedStore) -> None:
    store.put([entry("a", "rare earth minerals", "earth is rare", "minerals")])
    asked = Query('the "rare earth" minerals')
    assert texts(searcher(store).search(asked)) == ["rare earth minerals"]
    assert texts(searcher(store).search(replace(asked, mode="lexical"))) == ["rare earth minerals"]


def test_a_phrase_that_stands_nowhere_is_only_words_to_hybrid_search(store: EmbeddedStore) -> None:
    store.put([entry("a", "المعادن في آسيا", lang="ar")])
    assert texts(searcher(store).search(Query('"rare minerals"'))) == ["المعادن في آسيا"]
    assert texts(searcher(store).search(Query('"rare minerals"', mode="lexical"))) == []


def test_arabic_quotes_are_quotes(store: EmbeddedStore) -> None:
    store.put([entry("a", "القمة العربية الأولى", "العربية في القمة", lang="ar")])
    assert texts(searcher(store).search(Query("«القمة العربية»", mode="lexical"))) == ["القمة العربية الأولى"]


def test_filters_hold_in_every_mode(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit", publisher="X"), entry("b", "summit today", publisher="Y")])
    for mode in ("semantic", "lexical", "hybrid"):
        answer = searcher(store).search(Query("summit", mode=mode, filters=Filters(publisher="Y")))
        assert texts(answer) == ["summit today"]


def test_the_same_passage_in_several_articles_is_one_hit(store: EmbeddedStore) -> None:
    wire = "the summit opened in Astana on Monday"
    store.put([entry("a", wire), entry("b", wire), entry("c", wire, "the summit closed"), entry("d", wire)])
    answer = searcher(store).search(Query("summit"))
    assert sorted(texts(answer)) == ["the summit closed", wire]
    hit = next(hit for hit in answer.hits if hit.passage.text == wire)
    assert hit.passage.article_id == article_id("a")
    assert [(id_, provenance.source) for id_, provenance in hit.also_in] == [
        (article_id(source), source) for source in ("b", "c", "d")
    ]


def test_one_other_word_is_another_story(store: EmbeddedStore) -> None:
    store.put(
        [
            entry("a", "Sarah Adams opened the summit in Astana on Monday with 12 ministers"),
            entry("b", "Sarah Adams opened the summit in Astana on Monday with 13 ministers"),
            entry("c", "Peter Adams opened the summit in Astana on Monday with 12 ministers"),
            entry("d", "SARAH ADAMS opened the summit, in Astana, on Monday with 12 ministers."),
        ]
    )
    answer = searcher(store).search(Query("summit"))
    told = {hit.provenance.source: [of.source for _, of in hit.also_in] for hit in answer.hits}
    assert told == {"a": ["d"], "b": [], "c": []}


LONG = (
    "The summit opened in Astana on Monday with ministers of five states. "
    "They spoke about water for hours, officials of the ministry said."
)
LONGER = LONG + " A law on trade is to follow in the spring."


def test_a_sentence_more_is_the_same_story(store: EmbeddedStore) -> None:
    store.put([entry("a", LONG), entry("b", LONGER), entry("c", "water")])
    answer = searcher(store).search(Query("summit", mode="semantic"))
    assert [(hit.provenance.source, [of.source for _, of in hit.also_in]) for hit in answer.hits] == [
        ("a", ["b"]),
        ("c", []),
    ]


def test_no_article_is_said_to_hold_a_marked_sentence_that_it_lacks(store: EmbeddedStore) -> None:
    store.put([entry("a", LONG), entry("b", LONGER), entry("c", "(Reuters) - " + LONGER)])
    (hit,) = searcher(store).search(Query("a law on trade", mode="lexical")).hits
    assert (
        hit.passage.text[slice(*astuple(hit.highlights[0]))] == "A law on trade is to follow in the spring."
    )
    assert (hit.provenance.source, [of.source for _, of in hit.also_in]) == ("b", ["c"])


def test_a_duplicate_within_an_article_names_no_other_article(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit", "summit")])
    (hit,) = searcher(store).search(Query("summit")).hits
    assert hit.also_in == ()


def test_group_by_article_shows_the_best_passage_of_each(store: EmbeddedStore) -> None:
    many = [f"summit {n}" for n in range(120)]
    store.put([entry("a", *many), entry("b", "summit minerals"), entry("c", "water")])
    answer = searcher(store).search(Query("summit", mode="semantic", limit=3, group_by="article"))
    assert [hit.provenance.source for hit in answer.hits] == ["a", "b", "c"]


def test_title_and_heading_help_a_passage_be_found(store: EmbeddedStore) -> None:
    store.put([entry("Boeing", "it grew", "they left"), entry("b", "it fell", heading="The Airbus deal")])
    assert sorted(texts(searcher(store).search(Query("Boeing", mode="lexical")))) == ["it grew", "they left"]
    assert texts(searcher(store).search(Query("Airbus", mode="lexical"))) == ["it fell"]


def test_another_title_is_found_at_once_and_the_old_one_no_more(store: EmbeddedStore) -> None:
    first = entry("a", "it grew")
    store.put([first])
    provenance = replace(first.article.provenance, title="Airbus")
    store.put([replace(first, article=replace(first.article, provenance=provenance))])
    assert texts(searcher(store).search(Query("Airbus", mode="lexical"))) == ["it grew"]
    assert texts(searcher(store).search(Query("Title", mode="lexical"))) == []


def test_removed_articles_never_answer(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit in Astana"), entry("b", "summit in Paris")])
    store.delete([article_id("a")])
    for mode in ("semantic", "lexical", "hybrid"):
        assert texts(searcher(store).search(Query("summit Astana", mode=mode))) == ["summit in Paris"]


def test_scores_are_the_same_after_reopening(store: EmbeddedStore, tmp_path: Path) -> None:
    for number in range(7):
        store.put([entry(f"{number}", f"summit number {number} and water", f"law {number}")])
    store.delete([article_id("3")])
    before = searcher(store).search(Query("summit 5 water law"))
    store.close()
    with EmbeddedStore.open(tmp_path / "store", ENCODER.key) as again:
        after = searcher(again).search(Query("summit 5 water law"))
    assert [(hit.passage.id, pytest.approx(hit.score)) for hit in after.hits] == [
        (hit.passage.id, hit.score) for hit in before.hits
    ]


def test_names_are_found_across_scripts(store: EmbeddedStore) -> None:
    store.put([entry("a", "التقى توكاييف نظيره", "وميرزيوييف حاضر", "قال ميرضيائيف", "ترامب", lang="ar")])
    find = searcher(store)
    assert texts(find.search(Query("Tokayev", mode="lexical"))) == ["التقى توكاييف نظيره"]
    assert sorted(texts(find.search(Query("Mirziyoyev", mode="lexical")))) == [
        "قال ميرضيائيف",
        "وميرزيوييف حاضر",
    ]


def test_english_words_find_their_arabic_translations(store: EmbeddedStore) -> None:
    store.put([entry("a", "انعقد الاجتماع في برلين", "تساقط المطر", lang="ar")])
    find = Searcher(store, ENCODER, calibration=Calibration())
    assert texts(find.search(Query("meeting", mode="lexical"))) == ["انعقد الاجتماع في برلين"]
    assert texts(find.search(Query("rain", mode="lexical"))) == ["تساقط المطر"]


def test_the_sentence_that_answers_is_marked(store: EmbeddedStore) -> None:
    text = "The visit began. The summit ended with a law on water."
    store.put([entry("a", text)])
    (hit,) = searcher(store).search(Query("what did the summit end with?")).hits
    assert hit.highlights[0] == Span(17, len(text))
    assert [text[span.start : span.end] for span in hit.highlights[1:]] == ["summit", "ended"]


@pytest.mark.parametrize("mode", ["semantic", "lexical", "hybrid"])
def test_min_relevance_is_refused_where_nothing_was_calibrated(store: EmbeddedStore, mode: Mode) -> None:
    store.put([entry("a", "summit")])
    fitted = Calibration(ENCODER.key, hits={f"other {mode}/en-en": (0,) * 7})
    with pytest.raises(QueryError, match=f"min_relevance: {mode} search with concepts has no calibration"):
        searcher(store, calibration=fitted).search(Query("summit", mode=mode, min_relevance=0.1))
    assert texts(searcher(store).search(Query("summit", mode=mode, min_relevance=0))) == ["summit"]


def test_min_relevance_and_answerable_come_from_the_calibration(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit", "water")])
    steep = [-5.0, 10.0, 0, 0, 0, 0]
    fitted = Calibration(
        hits={"semantic/en-en": [*steep, 0]}, answers={"semantic/en-en": [*steep, 0, 0]}, threshold=0.5
    )
    find = searcher(store, calibration=fitted)
    answer = find.search(Query("summit", mode="semantic"))
    assert [hit.relevance for hit in answer.hits] == pytest.approx([0.9933, 0.0067], abs=1e-3)
    assert answer.answerable is True
    assert texts(find.search(Query("summit", mode="semantic", min_relevance=0.5))) == ["summit"]
    unknown = find.search(Query("bread", mode="semantic"))
    assert unknown.answerable is False
    assert len(unknown.hits) == 2  # weak hits are shown, flagged
    assert find.search(Query("summit")).answerable is None  # nothing was fitted for this mode


class Longest:
    """A cross-encoder that likes long passages."""

    def predict(self, pairs: list[tuple[str, str]]) -> list[float]:
        return [float(len(text)) for _, text in pairs]


def test_reranking_reorders_what_it_has_time_for(store: EmbeddedStore) -> None:
    store.put(
        [entry("a", "summit", "summit law", "summit law water", "summit law water visit", "summit x y z")]
    )
    ticks = iter(range(100))
    find = searcher(store, reranker=Reranker(Longest(), seconds=2, clock=lambda: next(ticks)))
    answer = find.search(Query("summit", mode="semantic", rerank=True))
    assert answer.reranked == 4  # one batch; the fifth keeps its place
    plain = texts(find.search(Query("summit", mode="semantic")))
    assert texts(answer) == [*sorted(plain[:4], key=len, reverse=True), plain[4]]
    assert find.search(Query("summit")).reranked is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (Query(" \n"), "q"),
        (Query("summit", limit=10, offset=991), "offset"),
        (Query("summit", rerank=True), "rerank"),
    ],
)
def test_what_cannot_be_asked_is_refused(store: EmbeddedStore, query: Query, field: str) -> None:
    with pytest.raises(QueryError) as raised:
        searcher(store).search(query)
    assert raised.value.field == field


def test_an_empty_store_answers_nothing(store: EmbeddedStore) -> None:
    for mode in ("semantic", "lexical", "hybrid"):
        assert searcher(store).search(Query("summit", mode=mode)).hits == ()


def test_any_text_can_be_asked(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit")])
    find = searcher(store)
    for text in ('"', '""', '"" ""', "؟", "123", "\u200f", "a" * 512, '"unbalanced', "و", "the of and"):
        if text.strip():
            assert len(find.search(Query(text)).hits) <= 1


def test_searching_while_writing_sees_one_revision(store: EmbeddedStore) -> None:
    store.put([entry("0", "summit 0")])
    find = searcher(store)

    def ask(_: int) -> bool:
        answer = find.search(Query("summit", limit=50))
        return len(answer.hits) == answer.passages

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(60))
        for number in range(1, 12):
            store.put([entry(f"{number}", f"summit {number}")])
        assert all(asked)


def test_the_encoder_is_not_asked_in_lexical_mode(store: EmbeddedStore) -> None:
    store.put([entry("a", "summit")])

    class Deaf(ConceptEncoder):
        def encode_queries(self, texts):  # type: ignore[no-untyped-def]
            raise AssertionError("asked")

    assert Searcher(store, Deaf(), calibration=Calibration()).search(Query("summit", mode="lexical")).hits
