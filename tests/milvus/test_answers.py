"""The same corpus gives the same answers on Milvus as in a folder: the seeds and their judged questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from index.encoder import load_encoder
from index.errors import QueryError
from index.evaluate import load_questions
from index.search import Searcher
from index.store import create_store, open_store
from index.store.exchange import exported
from index.sync import sync
from index.types import Answer, Filters, Mode, Query
from tests.milvus.conftest import LITE, REAL
from tests.milvus.reading import removed_after

ROOT = Path(__file__).parents[2]
QUESTIONS = [question.query for question in load_questions(ROOT / "tests" / "seeds_dev.jsonl")]
CLOSE = 5e-7
"""How far a cosine on Milvus, summed in single precision, may be from the embedded store's."""

AGREEING = 0.98
"""Of the first five hits by words, so many must be the same: how rare a frequent word is, is estimated on Milvus."""

MODES: tuple[Mode, ...] = ("hybrid", "lexical")

Pair = tuple[Searcher, Searcher]


@pytest.fixture(scope="module", params=[LITE, REAL])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The seeds in a folder, and the same synced to Milvus."""
    folder = tmp_path_factory.mktemp("seeds")
    encoder = load_encoder()
    with ExitStack() as stack:
        place = f"milvus-lite:{folder}/seeds.db"
        if request.param == "milvus":
            server = request.getfixturevalue("server")
            place = stack.enter_context(removed_after(f"milvus://127.0.0.1:{server.port}/seeds?timeout=60"))
        stores = []
        for location in (str(folder / "store"), place):
            with create_store(location, encoder.key) as store:
                report = sync(ROOT / "seeds", store, encoder)
                assert (report.count("added"), report.count("refused")) == (5, 0)
                assert sync(ROOT / "seeds", store, encoder).embedded == 0
            stores.append(stack.enter_context(open_store(location, encoder.key, read_only=True)))
        embedded, milvus = (Searcher(store, encoder) for store in stores)
        yield embedded, milvus


def told(answer: Answer) -> list[tuple[object, ...]]:
    """All that a reader is told of each hit, but for the numbers."""
    return [
        (hit.rank, hit.passage, hit.provenance, hit.highlights, [id_ for id_, _ in hit.also_in])
        for hit in answer.hits
    ]


def numbers(answer: Answer) -> list[float | None]:
    return [number for hit in answer.hits for number in (hit.score, hit.relevance)]


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(lang="ar"), Filters(source="003_c2fb815239659cbe.txt")], ids=str
)
def test_by_meaning_the_answers_are_the_same(pair: Pair, filters: Filters) -> None:
    embedded, milvus = pair
    for question in QUESTIONS:
        query = Query(question, mode="semantic", limit=20, filters=filters)
        wanted, found = embedded.search(query), milvus.search(query)
        assert told(found) == told(wanted), question
        assert numbers(found) == pytest.approx(numbers(wanted), abs=100 * CLOSE)
        assert [hit.score for hit in found.hits] == pytest.approx(
            [hit.score for hit in wanted.hits], abs=CLOSE
        )
        assert (found.answerable, found.mode, found.notice) == (wanted.answerable, "semantic", None)


def test_what_is_stored_is_the_same(pair: Pair) -> None:
    embedded, milvus = (list(exported(searcher.store)) for searcher in pair)
    assert milvus == embedded


def agreement(pair: Pair, mode: Mode, depth: int) -> float:
    """The share of the first hits of either that are first hits of both, over all questions."""
    shares = []
    for question in QUESTIONS:
        wanted, found = (searcher.search(Query(question, mode=mode, limit=depth)) for searcher in pair)
        ids = [{hit.passage.id for hit in answer.hits} for answer in (wanted, found)]
        shares.append(len(ids[0] & ids[1]) / len(ids[0] | ids[1]) if ids[0] | ids[1] else 1.0)
    return sum(shares) / len(shares)


with_words = pytest.mark.parametrize("pair", [LITE], indirect=True, scope="module")
without_words = pytest.mark.parametrize("pair", [REAL], indirect=True, scope="module")
"""milvus-lite has BM25, the server of the PyPI package, 2.3, has not."""


@without_words
def test_where_milvus_has_no_words_hybrid_is_by_meaning_and_says_so(pair: Pair) -> None:
    milvus = pair[1]
    answer = milvus.search(Query(QUESTIONS[0]))
    assert told(answer) == told(milvus.search(Query(QUESTIONS[0], mode="semantic")))
    assert (answer.mode, answer.notice) == ("semantic", milvus.store.view().without_words)
    assert answer.notice == (
        "searched by meaning only (mode=semantic): Milvus v2.3.5-lite cannot search by words, 2.5 and later can"
    )
    with pytest.raises(QueryError, match=r"mode: searched by meaning only .* 2\.5 and later can"):
        milvus.search(Query(QUESTIONS[0], mode="lexical"))


@with_words
def test_by_words_too_the_answers_agree(pair: Pair) -> None:
    shares = {mode: agreement(pair, mode, 5) for mode in MODES}
    assert all(share >= AGREEING for share in shares.values()), shares
    first = [
        [searcher.search(Query(question)).hits[0].passage.id for searcher in pair] for question in QUESTIONS
    ]
    assert sum(one == other for one, other in first) >= len(first) - 1, first


@with_words
def test_what_is_quoted_stands_in_every_hit(pair: Pair) -> None:
    embedded, milvus = pair
    for quoted in ('"المعادن الأرضية النادرة"', '"787 دريملاينر"', '"nowhere at all"'):
        query = Query(quoted, mode="lexical", limit=20)
        wanted, found = embedded.search(query), milvus.search(query)
        assert {hit.passage.id for hit in found.hits} == {hit.passage.id for hit in wanted.hits}, quoted


def test_names_are_found_by_their_sound(pair: Pair) -> None:
    embedded, milvus = pair
    for skeletons in (["TKF", "BTKF"], ["DRMB"], ["KSKSTN"]):
        assert milvus.store.view().spellings(skeletons) == embedded.store.view().spellings(skeletons)
