"""`/v1/search`: the wire of design §4, field by field."""

from __future__ import annotations

import math

import pytest
from fastapi.testclient import TestClient

from index.rerank import Reranker
from index.search import Searcher
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import SUMMIT, WATER

ANSWER = {"request_id", "query_lang", "mode", "took_ms", "answerable", "model", "index", "hits"}
HIT = {
    *("id", "rank", "score", "relevance", "lang", "dir", "text", "highlights"),
    *("article", "locator", "citation", "also_in"),
}


def test_an_answer_names_every_field_of_the_wire(client: TestClient) -> None:
    response = client.get("/v1/search", params={"q": "minerals summit", "limit": 1})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == ANSWER
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["query_lang"] == "en"
    assert body["mode"] in ("semantic", "hybrid")
    assert body["took_ms"] > 0
    assert body["model"] == {"id": "concepts", "revision": "1"}
    assert body["index"] == {"revision": 1, "passages": 5}
    (hit,) = body["hits"]
    assert set(hit) == HIT


def test_a_hit_holds_the_chain_back_to_its_article(client: TestClient) -> None:
    hit = client.get("/v1/search", params={"q": "minerals summit", "limit": 1}).json()["hits"][0]
    passage = SUMMIT.passages[1]
    assert hit["id"] == passage.id
    assert hit["rank"] == 1
    assert hit["lang"] == "ar"
    assert hit["dir"] == "rtl"
    assert hit["text"] == "قمة حول المعادن في العاصمة"
    assert hit["also_in"] == []
    assert hit["article"] == {
        "id": passage.article_id,
        "title": "قمة المعادن",
        "publisher": "الناشر",
        "author": "مريم حسن",
        "section": "العالم",
        "published_at": "2025-11-09",
        "source": "summit.txt",
        "url": "https://example.org/summit",
        "sha256": "a" * 64,
        "inferred": ["title", "published_at"],
    }
    assert hit["locator"] == {
        "heading": "المعادن النادرة",
        "paragraph": 2,
        "start": passage.start,
        "end": passage.end,
        "href": f"/articles/{passage.article_id}#p2",
    }
    assert hit["citation"] == {
        "ar": "مريم حسن، «قمة المعادن»، الناشر، ٩ نوفمبر ٢٠٢٥، الفقرة ٢.",
        "en": "\u2068مريم حسن\u2069, “\u2068قمة المعادن\u2069”, \u2068الناشر\u2069, 9 November 2025, para. 2.",
    }


def test_what_is_unknown_is_null(client: TestClient) -> None:
    hit = client.get("/v1/search", params={"q": "water law", "limit": 1}).json()["hits"][0]
    assert hit["text"] == "water law"
    article = hit["article"]
    for name in ("publisher", "author", "section", "published_at"):
        assert article[name] is None
    assert article["url"] is None, "only http and https links go out"
    assert hit["locator"]["heading"] is None


def test_the_score_is_the_cosine(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "aircraft", "mode": "semantic", "limit": 2}).json()["hits"]
    assert hits[0]["score"] == pytest.approx(1.0)
    assert hits[1]["score"] == pytest.approx(1 / math.sqrt(2))
    assert [hit["rank"] for hit in hits] == [1, 2]


def test_post_takes_the_same_fields(client: TestClient) -> None:
    fields = {"q": "water law", "limit": 2, "offset": 1, "mode": "semantic", "lang": "en"}
    got = client.get("/v1/search", params=fields).json()
    posted = client.post("/v1/search", json=fields).json()
    assert [hit["id"] for hit in got["hits"]] == [hit["id"] for hit in posted["hits"]]
    assert [hit["rank"] for hit in posted["hits"]] == [2, 3]


def test_every_filter_is_heeded(client: TestClient) -> None:
    def sources(**filters: str) -> set[str]:
        answer = client.get("/v1/search", params={"q": "minerals summit", **filters}).json()
        return {hit["article"]["source"] for hit in answer["hits"]}

    assert sources(source="water.txt") == {"water.txt"}
    assert sources(publisher="الناشر") == {"summit.txt"}
    assert sources(passage_lang="ar") == {"summit.txt"}
    assert sources(date_from="2025-11-09", date_to="2025-11-09") == {"summit.txt"}
    assert sources(date_from="2025-11-10") == set()


def test_grouping_gives_one_paragraph_an_article(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"q": "minerals summit", "group_by": "article"}).json()
    sources = [hit["article"]["source"] for hit in answer["hits"]]
    assert len(sources) == len(set(sources)) == 3


def test_a_batch_answers_in_order(client: TestClient) -> None:
    response = client.post(
        "/v1/search/batch", json={"queries": [{"q": "water law"}, {"q": "قمة", "limit": 1}]}
    )
    body = response.json()
    assert set(body) == {"request_id", "took_ms", "answers"}
    english, arabic = body["answers"]
    assert english["hits"][0]["id"] == WATER.passages[0].id
    assert arabic["query_lang"] == "ar"
    assert len(arabic["hits"]) == 1


def test_a_request_id_may_be_given(client: TestClient) -> None:
    response = client.get("/v1/search", params={"q": "water"}, headers={"X-Request-ID": "portal-00042"})
    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "portal-00042"
    forged = client.get("/v1/search", params={"q": "water"}, headers={"X-Request-ID": "a b<script>"})
    assert len(forged.headers["X-Request-ID"]) == 32


class Longest:
    """A cross-encoder that likes long passages."""

    def predict(self, pairs: list[tuple[str, str]]) -> list[float]:
        return [float(len(text)) for _, text in pairs]


def test_reranking_is_done_when_asked_for_and_says_how_far_it_came(searcher: Searcher) -> None:
    reranking = Searcher(searcher.store, searcher.encoder, reranker=Reranker(Longest()))
    with TestClient(create_app(Settings(), reranking), base_url="http://localhost") as client:
        plain = client.get("/v1/search", params={"q": "minerals summit"}).json()
        asked = client.get("/v1/search", params={"q": "minerals summit", "rerank": "true"}).json()
    lengths = [len(hit["text"]) for hit in asked["hits"]]
    assert lengths == sorted(lengths, reverse=True)
    assert asked["reranked"] == len(asked["hits"])
    assert "reranked" not in plain


def test_reranking_without_a_reranker_is_refused_by_name(client: TestClient) -> None:
    response = client.get("/v1/search", params={"q": "summit", "rerank": "true"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "rerank"
