"""Who gets in: every operation with every kind of key, rates, forged headers, hosts, encodings."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount, Route

from service.auth import scope_needed
from tests.service.conftest import SUMMIT
from tests.service.institution import Institution, institution
from tests.service.test_problems import problem

SCOPES = {
    "GET /": "search",
    "GET /articles/{article_id}": "search",
    "GET /v1/search": "search",
    "POST /v1/search": "search",
    "POST /v1/search/batch": "search",
    "GET /v1/articles": "search",
    "GET /v1/articles/{article_id}": "search",
    "GET /v1/articles/{article_id}/similar": "search",
    "PUT /v1/articles/{article_id}": "admin",
    "DELETE /v1/articles/{article_id}": "admin",
    "POST /v1/articles:batch": "admin",
    "GET /v1/tasks": "admin",
    "GET /v1/tasks/{task_id}": "admin",
    "POST /v1/embeddings": "search",
    "POST /v1/rerank": "search",
    "GET /v1/info": "search",
    "GET /livez": None,
    "GET /readyz": None,
    "GET /openapi.json": None,
    "GET /metrics": "metrics",
}
"""Every operation and the scope it needs; a new one has to be entered here."""

OPENS = {"search": {"search", "admin"}, "metrics": {"metrics", "admin"}, "admin": {"admin"}}


@pytest.fixture(scope="module")
def client(house: Institution) -> Iterator[TestClient]:
    with TestClient(house.app) as client:
        yield client


def test_every_operation_is_known(house: Institution) -> None:
    found = set()
    for route in house.app.routes:
        if isinstance(route, APIRoute | Route):
            found |= {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}
        else:
            assert isinstance(route, Mount) or type(route).__name__ == "_IncludedRouter", route
    described = {
        f"{method.upper()} {path}" for path, item in house.app.openapi()["paths"].items() for method in item
    }
    extra = {name for name in found | described if name.startswith("GET /demo")}
    assert found | described == set(SCOPES) | extra


@pytest.mark.parametrize("key", ["none", "wrong", "search", "metrics", "admin"])
@pytest.mark.parametrize("operation", SCOPES)
def test_no_operation_succeeds_without_its_scope(
    client: TestClient, house: Institution, operation: str, key: str
) -> None:
    method, path = operation.split()
    path = path.replace("{article_id}", SUMMIT.article.id).replace("{task_id}", "0" * 24)
    needed = SCOPES[operation]
    assert scope_needed(method, path) == needed
    # A request that fails for another reason once it is let in, so that nothing is changed here.
    response = client.request(method, path, headers={**house.keys[key], "If-Match": '"other"'})
    if needed is None or key in OPENS[needed]:
        assert response.status_code not in (401, 403, 429)
    elif key == "none":
        assert problem(response, 401, "key_required")
        assert response.headers["WWW-Authenticate"].startswith(("Bearer", "Basic"))
    elif key == "wrong":
        assert response.status_code in (401, 429)
        assert response.json()["code"] in ("key_invalid", "too_many_failures")
    else:
        problem(response, 403, "scope_missing")


def test_a_key_may_be_shown_in_three_ways(client: TestClient, house: Institution) -> None:
    secret = house.keys.search
    basic = base64.b64encode(f"reader:{secret}".encode()).decode()
    for headers in (
        {"Authorization": f"bearer {secret}"},
        {"X-API-Key": secret},
        {"Authorization": f"Basic {basic}"},
    ):
        assert client.get("/v1/search?q=water", headers=headers).status_code == 200


@pytest.mark.parametrize("page", ["/?q=water", "/demo", "/articles/0123456789abcdef"])
def test_a_browser_is_asked_for_a_key_by_the_page(client: TestClient, page: str) -> None:
    response = client.get(page, headers={"Accept": "text/html"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Sanad", charset="UTF-8"'
    assert "text/html" in response.headers["Content-Type"]


def test_what_a_browser_sends_by_itself_never_writes(client: TestClient, house: Institution) -> None:
    basic = base64.b64encode(f":{house.keys.admin}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    assert client.get("/v1/search?q=water", headers=headers).status_code == 200
    problem(client.delete("/v1/articles/x", headers=headers), 403, "scope_missing")


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic !!!", "Basic gICA", "Negotiate x"])
def test_a_malformed_credential_is_a_wrong_one(house: Institution, value: str) -> None:
    with TestClient(house.app) as client:
        response = client.get("/v1/search?q=water", headers={"Authorization": value})
        assert response.status_code in (401, 429)


def test_wrong_keys_are_limited_and_counted_but_right_ones_pass(tmp_path: Path) -> None:
    with institution(tmp_path / "store") as house, TestClient(house.app) as client:
        codes = [client.get("/v1/info", headers=house.keys["wrong"]).json()["code"] for _ in range(15)]
        assert codes == ["key_invalid"] * 10 + ["too_many_failures"] * 5
        refused = client.get("/v1/info", headers=house.keys["wrong"])
        problem(refused, 429, "too_many_failures")
        assert int(refused.headers["Retry-After"]) >= 1
        assert client.get("/v1/info", headers=house.keys["search"]).status_code == 200
        metrics = client.get("/metrics", headers=house.keys["metrics"]).text
        assert "sanad_key_failures_total 16.0" in metrics


def test_each_key_has_a_bucket_and_is_told_what_is_left(tmp_path: Path) -> None:
    with institution(tmp_path / "store", rate=0.01, burst=3) as house, TestClient(house.app) as client:
        left = [client.get("/v1/info", headers=house.keys["search"]).headers for _ in range(3)]
        assert [headers["RateLimit-Remaining"] for headers in left] == ["2", "1", "0"]
        assert left[0]["RateLimit-Limit"] == "3"
        refused = client.get("/v1/info", headers=house.keys["search"])
        problem(refused, 429, "too_many_requests")
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.headers["RateLimit-Remaining"] == "0"
        assert client.get("/v1/info", headers=house.keys["admin"]).status_code == 200
        assert [client.get("/livez").status_code for _ in range(10)] == [200] * 10, "probes are never counted"


def test_a_batch_of_questions_costs_as_many_tokens(tmp_path: Path) -> None:
    with institution(tmp_path / "store", rate=0.01, burst=10) as house, TestClient(house.app) as client:
        batch = {"queries": [{"q": "water"}] * 10}
        assert client.post("/v1/search/batch", json=batch, headers=house.keys["search"]).status_code == 200
        problem(client.get("/v1/info", headers=house.keys["search"]), 429, "too_many_requests")


def forwarding(house: Institution, peer: str) -> TestClient:
    return TestClient(house.app, client=(peer, 50000))


def test_a_forged_address_does_not_change_the_bucket(tmp_path: Path) -> None:
    settings = {"rate": 0.01, "burst": 5, "public_search": True}
    with institution(tmp_path / "store", **settings) as house, forwarding(house, "203.0.113.9") as client:
        codes = [
            client.get("/v1/info", headers={"X-Forwarded-For": f"198.51.100.{place}"}).status_code
            for place in range(8)
        ]
    assert codes == [200] * 5 + [429] * 3


def test_a_configured_proxy_is_believed_but_not_what_its_client_wrote(tmp_path: Path) -> None:
    settings = {"rate": 0.01, "burst": 2, "public_search": True, "proxies": ["203.0.113.0/24"]}
    with institution(tmp_path / "store", **settings) as house, forwarding(house, "203.0.113.9") as client:

        def ask(forwarded: str) -> int:
            return client.get("/v1/info", headers={"X-Forwarded-For": forwarded}).status_code

        assert [ask(f"6.6.6.{place}, 198.51.100.1") for place in range(4)] == [200, 200, 429, 429]
        assert ask("198.51.100.2") == 200


def test_a_public_search_needs_no_key_but_writing_and_metrics_do(tmp_path: Path) -> None:
    with institution(tmp_path / "store", public_search=True) as house, TestClient(house.app) as client:
        assert client.get("/v1/search?q=water").status_code == 200
        assert client.get("/?q=water", headers={"Accept": "text/html"}).status_code == 200
        problem(client.delete("/v1/articles/x"), 401, "key_required")
        problem(client.get("/metrics"), 401, "key_required")
        problem(client.get("/v1/tasks"), 401, "key_required")


def test_without_any_key_searches_are_open_and_nothing_is_written(client: TestClient, tmp_path: Path) -> None:
    with institution(tmp_path / "store", keys=str(tmp_path / "elsewhere.json")) as house:
        Path(house.settings.keys_path).unlink()
        with TestClient(house.app) as open_client:
            assert open_client.get("/v1/search?q=water").status_code == 200
            assert open_client.get("/metrics").status_code == 200
            problem(open_client.put("/v1/articles/x", json={"text": "x"}), 401, "key_required")


def test_a_name_that_points_here_is_not_answered(tmp_path: Path) -> None:
    settings = {"hosts": ["localhost", "127.0.0.1"], "public_search": True}
    with institution(tmp_path / "store", **settings) as house, TestClient(house.app) as client:
        problem(client.get("/v1/info", headers={"Host": "evil.example"}), 421, "misdirected")
        assert client.get("/v1/info", headers={"Host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "GZIP"])
def test_an_encoded_body_is_not_unpacked(client: TestClient, house: Institution, encoding: str) -> None:
    headers = {**house.keys["search"], "Content-Encoding": encoding, "Content-Type": "application/json"}
    response = client.post("/v1/search", content=b"\x1f\x8b", headers=headers)
    problem(response, 415, "encoding_refused")
    assert response.headers["Accept-Encoding"] == "identity"


def test_other_sites_are_named_one_by_one(tmp_path: Path) -> None:
    portal = "https://portal.example.org"
    with institution(tmp_path / "store", cors_origins=[portal]) as house, TestClient(house.app) as client:
        allowed = client.get("/v1/info", headers={"Origin": portal, **house.keys["search"]}).headers
        assert allowed["Access-Control-Allow-Origin"] == portal
        assert "Access-Control-Allow-Credentials" not in allowed
        refused = client.get("/v1/info", headers={"Origin": portal})
        assert refused.status_code == 401
        assert refused.headers["Access-Control-Allow-Origin"] == portal, "its page can read why"
        other = client.get("/v1/info", headers={"Origin": "https://evil.example", **house.keys["search"]})
        assert "Access-Control-Allow-Origin" not in other.headers
        preflight = {"Origin": portal, "Access-Control-Request-Method": "PUT"}
        assert client.options("/v1/articles/x", headers=preflight).status_code == 400, "pages never write"


def test_no_other_site_is_answered_by_default(client: TestClient, house: Institution) -> None:
    response = client.get(
        "/v1/info", headers={"Origin": "https://portal.example.org", **house.keys["search"]}
    )
    assert not [name for name in response.headers if name.startswith("access-control-")]
