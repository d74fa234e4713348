"""Writing one article: searchable when it says so, idempotent, conditional, exact about what is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from index.errors import StoreLockedError
from index.identity import article_id
from index.store import open_store
from tests.service.conftest import SUMMIT
from tests.service.institution import Institution, institution
from tests.service.test_problems import problem

TEXT = "law and trade\n\nminerals and aircraft\n\nwater"


@pytest.fixture(scope="module")
def client(house: Institution) -> Iterator[TestClient]:
    with TestClient(house.app, headers=house.keys["admin"]) as client:
        yield client


def test_a_put_article_is_searchable_when_the_call_returns(client: TestClient) -> None:
    before = client.get("/readyz").json()["revision"]
    response = client.put(
        "/v1/articles/cms-1",
        json={"text": "trade law", "title": "Trade", "publisher": "Press", "published_at": "2025-03-04"},
    )
    assert response.status_code == 201, response.text
    body = response.json()
    identity = article_id("cms-1")
    assert body == {
        "id": identity,
        "source": "cms-1",
        "change": "added",
        "passages": 1,
        "revision": before + 1,
        "etag": response.headers["ETag"],
    }
    assert response.headers["Location"] == f"/v1/articles/{identity}"
    answer = client.get("/v1/search", params={"q": "trade law", "limit": 1}).json()
    assert answer["index"]["revision"] == before + 1
    (hit,) = answer["hits"]
    assert hit["article"]["id"] == identity
    assert hit["article"]["title"] == "Trade"
    assert hit["article"]["published_at"] == "2025-03-04"
    assert "title" not in hit["article"]["inferred"]


def test_the_same_content_is_the_same_revision(client: TestClient) -> None:
    article = {"text": TEXT, "title": "Same"}
    first = client.put("/v1/articles/same", json=article)
    again = client.put("/v1/articles/same", json=article)
    assert first.status_code == 201
    assert again.status_code == 200
    assert again.json() == {**first.json(), "change": "unchanged"}
    edited = client.put("/v1/articles/same", json={**article, "title": "Other"}).json()
    assert edited["change"] == "changed"
    assert edited["revision"] == first.json()["revision"] + 1
    assert edited["etag"] != first.json()["etag"]


def test_an_article_is_named_by_its_id_or_its_source(client: TestClient) -> None:
    url = "https://example.org/news/1?a=b"
    identity = article_id(url)
    assert client.put(f"/v1/articles/{identity}", json={"text": "water law", "url": url}).status_code == 201
    stored = client.get(f"/v1/articles/{identity}").json()
    assert stored["source"] == stored["url"] == url
    # Its source is known now.
    assert client.put(f"/v1/articles/{identity}", json={"text": "water law", "url": url}).status_code == 200
    assert client.put("/v1/articles/named", json={"text": "water", "source": "named"}).status_code == 201
    assert client.get("/v1/articles/named").json() == client.get(f"/v1/articles/{article_id('named')}").json()


@pytest.mark.parametrize(
    ("name", "article", "field"),
    [
        ("0123456789abcdef", {"text": "water"}, "source"),
        ("0123456789abcdef", {"text": "water", "source": "other"}, "source"),
        ("cms-9", {"text": "water", "source": "cms-8"}, "source"),
        ("cms-9", {}, "text"),
        ("cms-9", {"text": " \n "}, "text"),
        ("cms-9", {"text": "a\x00b"}, "text"),
        ("cms-9", {"text": 7}, "text"),
        ("cms-9", {"text": "water", "title": "a\x00b"}, "title"),
        ("cms-9", {"text": "water", "published_at": "yesterday"}, "published_at"),
        ("cms-9", {"text": "water", "url": "javascript:alert(1)"}, "url"),
        ("cms-9", {"text": "water", "lang": "fr"}, "lang"),
        ("cms-9", {"text": "water", "colour": "blue"}, "colour"),
    ],
)
def test_what_is_wrong_with_an_article_is_named(
    client: TestClient, name: str, article: dict[str, Any], field: str
) -> None:
    body = problem(client.put(f"/v1/articles/{name}", json=article), 422, "invalid_request")
    assert [error["field"] for error in body["errors"]] == [field]
    assert client.get("/v1/articles/cms-9").status_code == 404


def test_a_lone_surrogate_is_no_text(client: TestClient) -> None:
    response = client.put(
        "/v1/articles/cms-9", content=rb'{"text": "a\ud800b"}', headers={"Content-Type": "application/json"}
    )
    assert problem(response, 422, "invalid_request")["errors"][0]["field"] == "text"


def test_conditions_keep_two_editors_apart(client: TestClient) -> None:
    new = {"If-None-Match": "*"}
    first = client.put("/v1/articles/edited", json={"text": "water"}, headers=new)
    assert first.status_code == 201
    problem(client.put("/v1/articles/edited", json={"text": "law"}, headers=new), 412, "precondition_failed")
    tag = client.get("/v1/articles/edited").headers["ETag"]
    assert tag == first.headers["ETag"]
    mine = client.put("/v1/articles/edited", json={"text": "law"}, headers={"If-Match": tag})
    assert mine.status_code == 200
    theirs = client.put("/v1/articles/edited", json={"text": "trade"}, headers={"If-Match": tag})
    problem(theirs, 412, "precondition_failed")
    problem(client.delete("/v1/articles/edited", headers={"If-Match": tag}), 412, "precondition_failed")
    assert client.get("/v1/articles/edited").json()["text"] == "law"
    assert client.delete("/v1/articles/edited", headers={"If-Match": mine.headers["ETag"]}).status_code == 200


def test_an_article_that_did_not_change_is_not_sent_again(client: TestClient) -> None:
    tag = client.get(f"/v1/articles/{SUMMIT.article.id}").headers["ETag"]
    again = client.get(f"/v1/articles/{SUMMIT.article.id}", headers={"If-None-Match": f'"x", {tag}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == tag


def test_a_deleted_article_never_answers(client: TestClient) -> None:
    client.put("/v1/articles/gone", json={"text": "visit visit visit"})
    gone = client.delete("/v1/articles/gone")
    assert gone.status_code == 200
    body = gone.json()
    assert set(body) == {"id", "revision"}
    answer = client.get("/v1/search", params={"q": "visit", "limit": 50}).json()
    assert answer["index"]["revision"] == body["revision"]
    assert body["id"] not in {hit["article"]["id"] for hit in answer["hits"]}
    problem(client.delete("/v1/articles/gone"), 404, "article_not_found")


def test_no_get_changes_anything(client: TestClient, house: Institution) -> None:
    before = client.get("/readyz").json()["revision"]
    for path in house.app.openapi()["paths"]:
        client.get(path.replace("{article_id}", SUMMIT.article.id).replace("{task_id}", "0" * 24))
    assert client.get("/readyz").json()["revision"] == before


def test_while_another_program_writes_the_service_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tasks.writes.WAIT_S", 0.3)
    with institution(tmp_path / "store") as house:
        with open_store(tmp_path / "store"), TestClient(house.app, headers=house.keys["admin"]) as client:
            response = client.put("/v1/articles/late", json={"text": "water"})
            problem(response, 503, "store_busy")
            assert response.headers["Retry-After"] == "5"
        with TestClient(house.app, headers=house.keys["admin"]) as client:
            assert client.get("/v1/articles/late").status_code == 404, "what was refused is not done later"
            assert client.put("/v1/articles/late", json={"text": "water"}).status_code == 201


def test_the_lock_is_given_back_when_there_is_nothing_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tasks.writer.IDLE_S", 0.0)
    with (
        institution(tmp_path / "store") as house,
        TestClient(house.app, headers=house.keys["admin"]) as client,
    ):
        assert client.put("/v1/articles/one", json={"text": "water"}).status_code == 201
        assert any(is_free(tmp_path / "store") for _ in range(200))
        assert client.put("/v1/articles/two", json={"text": "law"}).status_code == 201


def is_free(folder: Path) -> bool:
    """Whether another program can write to the store now, or soon."""
    try:
        open_store(folder).close()
    except StoreLockedError:
        time.sleep(0.02)
        return False
    return True
