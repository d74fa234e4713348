"""The service on a Milvus server: its answers, its writes, and the server killed and started again beneath it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from index.errors import StoreError
from index.search import Searcher
from index.store import create_store, open_store
from index.translation import Translations
from service.app import create_app
from service.keys import KeyFile
from service.settings import Settings
from tests.fakes import ConceptEncoder
from tests.index.store.corpus import entry
from tests.milvus.server import Server
from tests.service.conftest import MARKUP, SUMMIT, WATER

pytestmark = pytest.mark.milvus

PROBLEM = "application/problem+json"
LONGEST_S = 400.0
ENCODER = ConceptEncoder()


@pytest.fixture
def client(real_place: str, tmp_path: Path) -> Iterator[TestClient]:
    """The service over three short articles, and its admin key as a header."""
    with create_store(real_place, ENCODER.key) as store:
        store.put([SUMMIT, WATER, MARKUP])
    settings = Settings(
        store=real_place.replace("=60", "=5"),
        rate=0,
        keys=str(tmp_path / "keys.json"),
        tasks=str(tmp_path / "tasks"),
    )
    secret = KeyFile(settings.keys_path).create("admin", "test")[1]
    with open_store(settings.store, ENCODER.key, read_only=True) as store:
        searcher = Searcher(store, ENCODER, translations=Translations({}))
        with TestClient(create_app(settings, searcher), headers={"X-API-Key": secret}) as made:
            yield made


def search(client: TestClient) -> Any:
    return client.get("/v1/search", params={"q": "aircraft", "limit": 2})


def until(status: int, client: TestClient, path: str, **params: str) -> float:
    """Seconds until this answers with that status; every other answer is a 503 that says what it is."""
    began = time.monotonic()
    while True:
        answer = client.get(path, params=params)
        if answer.status_code == status:
            return time.monotonic() - began
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 503:
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["code"] == "store_unavailable"
        assert time.monotonic() - began < LONGEST_S
        time.sleep(0.2)


def test_the_notice_reaches_whoever_asks(client: TestClient) -> None:
    answer = search(client).json()
    assert [hit["text"].rpartition(">")[2].strip() for hit in answer["hits"]] == [
        "aircraft",
        "aircraft and trade",
    ]
    assert answer["mode"] == "semantic"
    assert answer["notice"].startswith("searched by meaning only (mode=semantic): Milvus v2.3")
    assert client.get("/readyz").json() == {
        "status": "ready", "revision": 1, "passages": 5, "notice": answer["notice"],
    }  # fmt: skip
    asked = client.get("/v1/search", params={"q": "aircraft", "mode": "semantic"}).json()
    assert "notice" not in asked
    refused = client.get("/v1/search", params={"q": "aircraft", "mode": "lexical"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "mode")


def test_articles_are_written_and_removed_through_the_service(client: TestClient) -> None:
    body = {"source": "cms-1", "title": "A visit", "text": "visit"}
    written = client.put("/v1/articles/cms-1", json=body)
    assert (written.status_code, written.json()["revision"]) == (201, 2)
    assert client.put("/v1/articles/cms-1", json=body).json()["change"] == "unchanged"
    found = client.get("/v1/search", params={"q": "visit", "limit": 2}).json()
    assert [hit["text"] for hit in found["hits"]] == ["زيارة تاريخية إلى واشنطن", "visit"]
    assert found["index"]["revision"] == 2
    batch = {"articles": [{"source": f"cms-{number}", "text": "law"} for number in range(2, 5)]}
    task = client.post("/v1/articles:batch", json=batch).json()
    while (task := client.get(f"/v1/tasks/{task['id']}").json())["status"] in ("enqueued", "processing"):
        time.sleep(0.05)
    assert (task["status"], task["counts"]["added"]) == ("succeeded", 3)
    removed = client.delete("/v1/articles/cms-1")
    assert removed.status_code == 200
    assert client.get("/v1/articles/cms-1").status_code == 404
    assert client.get("/v1/articles").json()["total"] == 6


def test_a_server_killed_in_mid_search_is_a_503_until_it_is_back(client: TestClient, server: Server) -> None:
    assert search(client).status_code == 200
    statuses: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            statuses.append(search(client).status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    server.kill()
    try:
        until(503, client, "/v1/search", q="aircraft")
        until(503, client, "/readyz")
        assert client.get("/livez").status_code == 200
        written = client.put("/v1/articles/cms-1", json={"source": "cms-1", "text": "visit"})
        assert (written.status_code, written.headers["content-type"]) == (503, PROBLEM)
        listed = client.get("/v1/articles")
        assert (listed.status_code, listed.json()["code"]) == (503, "store_unavailable")
    finally:
        server.start()
    until(200, client, "/readyz")
    until(200, client, "/v1/search", q="aircraft")
    stop.set()
    thread.join()
    assert set(statuses) <= {200, 503}
    assert client.get("/v1/articles").json()["total"] == 3
    assert client.put("/v1/articles/cms-1", json={"source": "cms-1", "text": "visit"}).status_code == 201


def test_a_server_killed_in_mid_write_has_all_that_was_acknowledged(server: Server, real_place: str) -> None:
    acknowledged: list[int] = []
    failed: list[str] = []
    started = threading.Event()

    def write() -> None:
        with create_store(real_place.replace("=60", "=5"), ENCODER.key) as store:
            number = 0
            while len(acknowledged) < 30 or not failed:
                try:
                    store.put([entry(f"{number:04d}.txt", "summit", f"water {number}")])
                    acknowledged.append(number)
                    number += 1
                except StoreError as error:
                    failed.append(str(error))
                    time.sleep(0.5)
                if len(acknowledged) == 10:
                    started.set()
            store.put([entry("last.txt", "law")])

    thread = threading.Thread(target=write)
    thread.start()
    assert started.wait(LONGEST_S)
    server.kill()
    while not failed and thread.is_alive():
        time.sleep(0.05)
    server.start()
    thread.join(LONGEST_S)
    assert not thread.is_alive()
    assert all("\n" not in told and "Traceback" not in told for told in failed)
    with open_store(real_place, ENCODER.key, read_only=True) as reader:
        view = reader.view()
        listed, total = view.articles(1000)
        assert [one.source for _, one, _ in listed] == [f"{n:04d}.txt" for n in acknowledged] + ["last.txt"]
        assert (total, view.passage_count) == (len(acknowledged) + 1, 2 * len(acknowledged) + 1)
        found = view.nearest(ENCODER.encode_queries(["summit"])[0], 1000)
        assert len(found) == view.passage_count
        assert len({passage.id for passage in view.passages([one.row for one in found])}) == len(found)
