"""`/v1/articles`: the list, and one article in full."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.service.conftest import SUMMIT, WATER

ARTICLE = {
    *("id", "title", "publisher", "author", "section", "published_at", "source", "url", "sha256", "inferred"),
}


def test_the_list_counts_passages_and_pages(client: TestClient) -> None:
    first = client.get("/v1/articles", params={"limit": 2}).json()
    assert set(first) == {"articles", "total", "next_offset"}
    assert first["total"] == 3
    assert first["next_offset"] == 2
    assert [article["source"] for article in first["articles"]] == ["markup.txt", "summit.txt"]
    assert set(first["articles"][0]) == {*ARTICLE, "lang", "passages"}
    assert first["articles"][1]["passages"] == 2
    second = client.get("/v1/articles", params={"limit": 2, "offset": 2}).json()
    assert [article["source"] for article in second["articles"]] == ["water.txt"]
    assert second["next_offset"] is None


def test_the_list_is_filtered(client: TestClient) -> None:
    assert client.get("/v1/articles", params={"publisher": "الناشر"}).json()["total"] == 1
    assert client.get("/v1/articles", params={"source": "water.txt"}).json()["total"] == 1
    assert client.get("/v1/articles", params={"source": "nowhere"}).json()["articles"] == []


def test_an_article_comes_whole_with_exact_offsets(client: TestClient) -> None:
    body = client.get(f"/v1/articles/{SUMMIT.article.id}").json()
    assert set(body) == {*ARTICLE, "lang", "text", "passages"}
    assert body["text"] == SUMMIT.article.text
    assert [set(passage) for passage in body["passages"]] == [{"id", "text", "lang", "dir", "locator"}] * 2
    for passage in body["passages"]:
        locator = passage["locator"]
        assert body["text"][locator["start"] : locator["end"]] == passage["text"]


def test_the_list_refuses_unknown_fields(client: TestClient) -> None:
    response = client.get("/v1/articles", params={"page": 2})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "page", "reason": "there is no such field"}]


def test_similar_paragraphs_are_of_other_articles(client: TestClient) -> None:
    path = f"/v1/articles/{WATER.article.id}/similar"
    body = client.get(path, params={"paragraph": 2, "limit": 1}).json()
    (hit,) = body["hits"]
    assert hit["article"]["source"] == "markup.txt"
    assert hit["rank"] == 1
    assert body["answerable"] is None
    assert client.get(path, params={"paragraph": 9}).json()["code"] == "paragraph_not_found"
    assert client.get("/v1/articles/nowhere/similar").json()["code"] == "article_not_found"
