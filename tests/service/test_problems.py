"""Errors: one shape for every status, the field at fault named, nothing echoed."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from index.errors import StoreDamagedError
from index.search import Searcher
from index.types import Answer, Query
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import HOSTILE

BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({}, "q"),
    ({"q": ""}, "q"),
    ({"q": "   "}, "q"),
    ({"q": "\u200f\u200b \u2003"}, "q"),
    ({"q": "a" * 513}, "q"),
    ({"q": "a\x00b"}, "q"),
    ({"q": "water", "limit": 0}, "limit"),
    ({"q": "water", "limit": 51}, "limit"),
    ({"q": "water", "limit": "ten"}, "limit"),
    ({"q": "water", "offset": -1}, "offset"),
    ({"q": "water", "offset": 1000}, "offset"),
    ({"q": "water", "mode": "magic"}, "mode"),
    ({"q": "water", "lang": "fr"}, "lang"),
    ({"q": "water", "passage_lang": "fr"}, "passage_lang"),
    ({"q": "water", "date_from": "2025-13-01"}, "date_from"),
    ({"q": "water", "date_from": "yesterday"}, "date_from"),
    ({"q": "water", "date_to": "2025-02-30"}, "date_to"),
    ({"q": "water", "date_from": "2025-11-10", "date_to": "2025-11-09"}, "date_to"),
    ({"q": "water", "min_relevance": 1.5}, "min_relevance"),
    ({"q": "water", "min_relevance": "NaN"}, "min_relevance"),
    ({"q": "water", "group_by": "publisher"}, "group_by"),
    ({"q": "water", "colour": "blue"}, "colour"),
    ({"q": "water", "source": " "}, "source"),
]


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The body of an error response, its shape checked."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:sanad:problem:{code}"
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert "<" not in response.text
    assert "Traceback" not in response.text
    return body


@pytest.mark.parametrize(("fields", "at_fault"), BAD_FIELDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_bad_field_is_named(client: TestClient, method: str, fields: dict[str, Any], at_fault: str) -> None:
    sent = {"params": fields} if method == "GET" else {"json": fields}
    response = client.request(method, "/v1/search", **sent)
    body = problem(response, 422, "invalid_request")
    assert [error["field"] for error in body["errors"]] == [at_fault]
    assert body["errors"][0]["reason"]


def test_512_characters_are_not_too_many(client: TestClient) -> None:
    assert client.get("/v1/search", params={"q": "م" * 512}).status_code == 200
    assert client.post("/v1/search", json={"q": "😀" * 512}).status_code == 200


@pytest.mark.parametrize("value", ["10", 10.5, True, None])
def test_json_types_are_taken_as_they_are(client: TestClient, value: Any) -> None:
    body = problem(client.post("/v1/search", json={"q": "water", "limit": value}), 422, "invalid_request")
    assert body["errors"][0]["field"] == "limit"


@pytest.mark.parametrize("value", ["1.0", " 1", "1_0", "١"])
def test_numbers_in_a_url_are_plain_digits(client: TestClient, value: str) -> None:
    response = client.get("/v1/search", params={"q": "water", "limit": value})
    problem(response, 422, "invalid_request")


@pytest.mark.parametrize("query", ["q=%ED%A0%80", "q=%FF", "q=water&q=law", "q=water&limit=1&limit=2"])
def test_a_query_string_is_exact(client: TestClient, query: str) -> None:
    body = problem(client.get(f"/v1/search?{query}"), 422, "invalid_request")
    assert body["errors"][0]["field"] in ("q", "limit")


def test_a_lone_surrogate_is_refused(client: TestClient) -> None:
    json = {"Content-Type": "application/json"}
    response = client.post("/v1/search", content=rb'{"q": "a\ud800b"}', headers=json)
    assert problem(response, 422, "invalid_request")["errors"][0]["field"] == "q"


@pytest.mark.parametrize(
    "content", [b"{", b"", b'{"q": "\xff"}', b"[" * 100_000, b'{"q": %s}' % (b"9" * 5000)]
)
def test_a_body_that_is_no_json_is_refused(client: TestClient, content: bytes) -> None:
    response = client.post("/v1/search", content=content, headers={"Content-Type": "application/json"})
    if response.status_code == 422:
        problem(response, 422, "invalid_request")
    else:
        known = ("invalid_json", "bad_request", "json_too_deep")
        assert problem(response, 400, response.json()["code"])["code"] in known


def test_a_batch_names_the_question_at_fault(client: TestClient) -> None:
    queries = [{"q": "water"}, {"q": "law", "limit": 99}]
    body = problem(client.post("/v1/search/batch", json={"queries": queries}), 422, "invalid_request")
    assert body["errors"][0]["field"] == "queries.1.limit"
    queries = [{"q": "water"}, {"q": "law", "offset": 1000}]
    body = problem(client.post("/v1/search/batch", json={"queries": queries}), 422, "invalid_request")
    assert body["errors"][0]["field"] == "queries.1.offset"


@pytest.mark.parametrize("length", [0, 65])
def test_a_batch_holds_1_to_64_questions(client: TestClient, length: int) -> None:
    body = problem(
        client.post("/v1/search/batch", json={"queries": [{"q": "water"}] * length}), 422, "invalid_request"
    )
    assert body["errors"][0]["field"] == "queries"


def test_an_unknown_article_is_404(client: TestClient) -> None:
    problem(client.get("/v1/articles/nowhere"), 404, "article_not_found")
    problem(client.get("/articles/nowhere"), 404, "article_not_found")


def test_an_unknown_address_is_404(client: TestClient) -> None:
    problem(client.get("/v2/search"), 404, "not_found")
    problem(client.get("/static/../settings.py"), 404, "not_found")
    problem(client.get("/docs"), 404, "not_found")


def test_a_wrong_method_is_405_and_says_which_are_right(client: TestClient) -> None:
    response = client.delete("/v1/search")
    problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_a_body_too_large_is_413_declared_or_not(client: TestClient) -> None:
    large = b'{"q": "' + b"a" * 1_100_000 + b'"}'
    json = {"Content-Type": "application/json"}
    problem(client.post("/v1/search", content=large, headers=json), 413, "body_too_large")
    chunks = (large[start : start + 65536] for start in range(0, len(large), 65536))
    problem(client.post("/v1/search", content=chunks, headers=json), 413, "body_too_large")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
def test_another_media_type_is_415(client: TestClient, media_type: str) -> None:
    response = client.post("/v1/search", content=b'{"q": "water"}', headers={"Content-Type": media_type})
    problem(response, 415, "unsupported_media_type")


def test_markup_is_never_echoed(client: TestClient) -> None:
    for params in (
        {HOSTILE: "1", "q": "water"},
        {"q": "water", "mode": HOSTILE},
        {"q": "water", "limit": HOSTILE},
    ):
        problem(client.get("/v1/search", params=params), 422, "invalid_request")
    problem(client.get(f"/v1/articles/{HOSTILE}"), 404, "not_found")


class BrokenSearcher(Searcher):
    """Fails at every question with the error it was given."""

    def __init__(self, sound: Searcher, error: Exception) -> None:
        super().__init__(sound.store, sound.encoder)
        self.error = error

    def search(self, query: Query) -> Answer:
        raise self.error


def test_what_was_not_foreseen_is_500_without_its_reason(searcher: Searcher, settings: Settings) -> None:
    broken = BrokenSearcher(searcher, RuntimeError("the password is hunter2"))
    with TestClient(create_app(settings, broken)) as client:
        response = client.get("/v1/search", params={"q": "water"})
        problem(response, 500, "internal_error")
        assert "hunter2" not in response.text
        assert client.get("/", params={"q": "water"}, headers={"Accept": "text/html"}).status_code == 500


def test_a_damaged_store_is_503(searcher: Searcher, settings: Settings) -> None:
    broken = BrokenSearcher(searcher, StoreDamagedError("page 3"))
    with TestClient(create_app(settings, broken)) as client:
        response = client.get("/v1/search", params={"q": "water"})
        problem(response, 503, "store_unavailable")
        assert response.headers["Retry-After"] == "5"
