"""Health, information and the OpenAPI document."""

from __future__ import annotations

from fastapi.testclient import TestClient

from service.examples import SEARCH_ANSWER
from service.schemas import SearchAnswer


def test_the_process_lives_and_the_index_is_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "revision": 1, "passages": 5}


def test_info_says_what_is_served(client: TestClient) -> None:
    body = client.get("/v1/info").json()
    assert set(body) == {"name", "version", "model", "index", "limits"}
    assert body["name"] == "sanad"
    assert body["model"] == {
        "id": "concepts",
        "revision": "1",
        "dim": 8,
        "max_tokens": 64,
        "languages": ["ar", "en"],
    }
    assert body["index"] == {"revision": 1, "passages": 5, "articles": 3}
    assert body["limits"] == {
        "query_characters": 512,
        "hits": 50,
        "offset": 1000,
        "batch": 64,
        "articles": 100,
        "body_bytes": 1_048_576,
    }


def test_openapi_is_3_1_with_stable_names(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = {
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    }
    assert operations == {
        *("search", "searchByPost", "searchBatch", "listArticles", "getArticle", "similarParagraphs"),
        *("putArticle", "deleteArticle", "putArticles", "listTasks", "getTask"),
        *("embed", "rerank", "live", "ready", "info", "metrics"),
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]
    refused = document["paths"]["/v1/search"]["get"]["responses"]["422"]["content"]
    assert refused["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_example_is_an_answer(client: TestClient) -> None:
    assert SearchAnswer.model_validate(SEARCH_ANSWER).model_dump() == SEARCH_ANSWER
    answer = client.get("/openapi.json").json()["paths"]["/v1/search"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["example"] == SEARCH_ANSWER


def test_every_response_has_the_safe_headers(client: TestClient) -> None:
    for path in ("/livez", "/v1/info", "/", "/nowhere", "/static/page.css"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert len(headers["X-Request-ID"]) == 32
