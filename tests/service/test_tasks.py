"""Batches of articles: accepted durably, carried out in steps, each refused article named."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from index.identity import article_id
from index.store import open_store
from service.tasks.payloads import LINES
from service.tasks.records import Task
from service.tasks.spool import Spool
from tests.fakes import ConceptEncoder
from tests.index.read.pdfs import ENGLISH, made
from tests.service.institution import Institution, finished, institution
from tests.service.test_problems import problem

FIELDS = {
    *("id", "status", "created_at", "started_at", "finished_at", "total", "done"),
    *("counts", "refused", "revision", "code"),
}
BATCH = "/v1/articles:batch"


@pytest.fixture(scope="module")
def client(house: Institution) -> Iterator[TestClient]:
    with TestClient(house.app, headers=house.keys["admin"]) as client:
        yield client


def test_a_batch_is_accepted_and_then_done(client: TestClient) -> None:
    articles = [{"source": f"json-{place}", "text": "water law", "title": "A title"} for place in range(3)]
    response = client.post(BATCH, json={"articles": articles})
    assert response.status_code == 202
    task = response.json()
    assert set(task) == FIELDS
    assert task["status"] == "enqueued"
    assert task["total"] == 3
    assert response.headers["Location"] == f"/v1/tasks/{task['id']}"
    over = finished(client, task["id"], {})
    assert over["status"] == "succeeded"
    assert over["done"] == 3
    assert over["counts"] == {"added": 3, "changed": 0, "unchanged": 0, "refused": 0}
    assert over["refused"] == []
    assert over["started_at"] <= over["finished_at"]
    assert client.get("/readyz").json()["revision"] >= over["revision"]
    assert client.get("/v1/articles/json-2").status_code == 200
    again = finished(client, client.post(BATCH, json={"articles": articles}).json()["id"], {})
    assert again["counts"] == {"added": 0, "changed": 0, "unchanged": 3, "refused": 0}
    assert again["revision"] == over["revision"]


def test_each_refused_line_is_named_and_the_others_are_stored(client: TestClient) -> None:
    lines = [
        json.dumps({"source": "line-1", "text": "summit"}),
        "{",
        json.dumps({"text": "no name"}),
        json.dumps({"source": "line-4", "text": " "}),
        "",
        json.dumps({"url": "https://example.org/5", "text": "minerals", "published_at": "soon"}),
        json.dumps([1]),
        json.dumps({"source": "line-7", "text": "a\x00b"}),
        '{"source": "line-8", "text": "a\\ud800"}',
        json.dumps({"source": "line-9", "text": "aircraft"}),
        "[" * 5000,
    ]
    response = client.post(
        BATCH, content="\n".join(lines).encode(), headers={"Content-Type": "application/x-ndjson"}
    )
    assert response.status_code == 202, response.text
    assert response.json()["total"] == 10
    over = finished(client, response.json()["id"], {})
    assert over["status"] == "failed"
    assert over["code"] is None
    assert over["counts"] == {"added": 2, "changed": 0, "unchanged": 0, "refused": 8}
    assert [(refused["place"], refused["source"], refused["reason"].split(":")[0]) for refused in over["refused"]] == [
        (1, "line 2", "is not valid JSON"),
        (2, "line 3", "source"),
        (3, "line-4", "text"),
        (4, "https://example.org/5", "published_at"),
        (5, "line 6", "is not a JSON object"),
        (6, "line 7", "text"),
        (7, "line 8", "text"),
        (9, "line 10", "is not valid JSON"),
    ]  # fmt: skip
    assert client.get("/v1/articles/line-9").status_code == 200


def test_files_of_the_formats_that_sync_reads_are_uploaded(client: TestClient) -> None:
    files = [
        (
            "file",
            ("a.txt", b"---\ntitle: From front matter\n---\nwater law and trade\n", "text/plain"),
        ),
        ("file", ("folder/b.md", b"# A heading\n\nminerals and aircraft\n", "text/markdown")),
        ("file", ("folder/b.meta.json", b'{"publisher": "Press"}', "application/json")),
        ("file", ("c.exe", b"MZ", "application/octet-stream")),
    ]
    response = client.post(BATCH, files=files)
    assert response.status_code == 202, response.text
    over = finished(client, response.json()["id"], {})
    assert over["counts"] == {"added": 2, "changed": 0, "unchanged": 0, "refused": 1}
    assert [refused["source"] for refused in over["refused"]] == ["c.exe"]
    assert client.get("/v1/articles/a.txt").json()["title"] == "From front matter"
    listed = client.get("/v1/articles", params={"source": "folder/b.md"}).json()["articles"]
    assert [article["publisher"] for article in listed] == ["Press"]


@pytest.mark.slow
def test_pages_pdf_and_records_are_uploaded_as_sync_reads_them(client: TestClient) -> None:
    text = "<p>The law on water and trade was passed on Monday, the ministry said after a visit to the north.</p>"
    page = (
        f'<html lang="en"><head><title>Water law</title></head><body><article>{text}</article></body></html>'
    )
    rows = "".join(
        json.dumps({"id": n, "body": f"<p>minerals {n} and aircraft</p>"}) + "\n" for n in range(3)
    )
    files = [
        ("file", ("a.html", page.encode(), "text/html")),
        ("file", ("b.jsonl", rows.encode(), "application/jsonl")),
        ("file", ("b.map.toml", b'[fields]\ntext = "body"\n', "application/toml")),
        ("file", ("c.csv", b"id,text\n1,summit\n2,\n", "text/csv")),
        ("file", ("d.pdf", made([ENGLISH, ENGLISH]), "application/pdf")),
        ("file", ("e.txt.gz", gzip.compress(b"x" * 9_000_000), "application/gzip")),
        ("file", ("f.pdf", b"no PDF", "application/pdf")),
    ]
    response = client.post(BATCH, files=files)
    assert response.status_code == 202, response.text
    assert response.json()["total"] == 9
    over = finished(client, response.json()["id"], {})
    assert (over["done"], over["total"]) == (9, 9)
    assert over["counts"] == {"added": 6, "changed": 0, "unchanged": 0, "refused": 3}
    assert [refused["source"] for refused in over["refused"]] == ["c.csv#2", "e.txt.gz", "f.pdf"]
    assert client.get("/v1/articles/a.html").json()["title"] == "Water law"
    pages = [passage["locator"]["page"] for passage in client.get("/v1/articles/d.pdf").json()["passages"]]
    assert pages == [1, 1, 2, 2]
    assert client.get(f"/v1/articles/{article_id('b.jsonl#2')}").json()["text"] == "minerals 2 and aircraft"


def test_files_of_too_many_records_are_refused_before_any_is_taken(client: TestClient) -> None:
    rows = b'{"text": "x"}\n' * 10_001
    body = problem(
        client.post(BATCH, files={"file": ("a.jsonl", rows, "text/plain")}), 422, "invalid_request"
    )
    assert body["errors"] == [{"field": "articles", "reason": "there are 10001, the limit is 10000"}]


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", ".hidden.txt", "a/../../b.txt", "x" * 300])
def test_a_file_name_never_leaves_its_folder(client: TestClient, name: str) -> None:
    body = problem(client.post(BATCH, files={"file": (name, b"water", "text/plain")}), 422, "invalid_request")
    assert body["errors"][0]["field"] == "file"


def test_a_file_name_is_there_once_and_is_no_folder_of_another(client: TestClient) -> None:
    for second in ("a.txt", "a.txt/b.txt"):
        files = [("file", ("a.txt", b"water", "text/plain")), ("file", (second, b"law", "text/plain"))]
        problem(client.post(BATCH, files=files), 422, "invalid_request")


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"articles": []}},
        {"json": {"articles": {}}},
        {"json": {"articles": [{"text": "x"}], "more": 1}},
        {"json": []},
        {"content": b"\n \n", "headers": {"Content-Type": "application/x-ndjson"}},
        {"content": b"{}\n" * 10_001, "headers": {"Content-Type": "application/x-ndjson"}},
    ],
)
def test_a_batch_that_holds_nothing_or_too_much_is_refused(client: TestClient, sent: dict[str, Any]) -> None:
    assert problem(client.post(BATCH, **sent), 422, "invalid_request")["errors"][0]["field"] == "articles"


def test_only_known_media_types_are_taken(client: TestClient) -> None:
    response = client.post(BATCH, content=b"x", headers={"Content-Type": "text/csv"})
    problem(response, 415, "unsupported_media_type")
    assert "application/x-ndjson" in response.headers["Accept-Post"]
    problem(
        client.post(BATCH, content=b"{", headers={"Content-Type": "application/json"}), 400, "invalid_json"
    )


def test_a_batch_may_be_longer_than_other_bodies_but_not_as_json(tmp_path: Path) -> None:
    with (
        institution(tmp_path / "store", max_body=2048, max_batch=8192) as house,
        TestClient(house.app, headers=house.keys["admin"]) as client,
    ):
        line = json.dumps({"source": "long", "text": "water " * 500}).encode()
        lines, as_json = {"Content-Type": "application/x-ndjson"}, {"Content-Type": "application/json"}
        assert client.post(BATCH, content=line, headers=lines).status_code == 202
        problem(client.post(BATCH, content=line * 3, headers=lines), 413, "body_too_large")
        problem(client.post(BATCH, content=line, headers=as_json), 413, "body_too_large")


def test_tasks_are_listed_newest_first(client: TestClient) -> None:
    made = [
        client.post(BATCH, json={"articles": [{"source": "listed", "text": "water"}]}).json()["id"]
        for _ in range(3)
    ]
    page = client.get("/v1/tasks", params={"limit": 2}).json()
    assert set(page) == {"tasks", "total", "next_offset"}
    assert [task["id"] for task in page["tasks"]] == made[:0:-1]
    assert page["next_offset"] == 2
    assert page["total"] >= 3
    problem(client.get("/v1/tasks/" + "0" * 24), 404, "task_not_found")
    problem(client.get("/v1/tasks/..%2f..%2fkeys.json"), 404, client.get("/v1/tasks/a%2fb").json()["code"])


def test_what_waits_is_bounded(tmp_path: Path) -> None:
    with (
        institution(tmp_path / "store", max_tasks=2) as house,
        open_store(tmp_path / "store"),
        TestClient(house.app, headers=house.keys["admin"]) as client,
    ):
        batch = {"articles": [{"source": "a", "text": "water"}]}
        assert [client.post(BATCH, json=batch).status_code for _ in range(2)] == [202, 202]
        refused = client.post(BATCH, json=batch)
        problem(refused, 503, "tasks_full")
        assert refused.headers["Retry-After"] == "5"


def test_tasks_survive_a_restart(tmp_path: Path) -> None:
    """One waits, one was killed when half of it was committed, one of the single writes was killed too."""
    folder = tmp_path / "store"
    with institution(folder) as house:
        spool = Spool(house.settings.tasks_path, 10)
        waiting = enqueued(spool, [f"waiting-{place}" for place in range(3)])
        killed = enqueued(spool, [f"killed-{place}" for place in range(4)])
        spool.claim(killed.id, "batch")
        spool.write(replace(killed, status="processing", done=2))
        single = Task.new("put")
        draft = spool.draft(single)
        (draft / "order.json").write_text(
            json.dumps({"article": {"text": "water"}, "source": "unacknowledged"})
        )
        spool.commit(single)
        spool.claim(single.id, "put")
        with TestClient(house.app, headers=house.keys["admin"]) as client:
            assert finished(client, waiting.id, {})["counts"]["added"] == 3
            over = finished(client, killed.id, {})
            assert over["status"] == "succeeded"
            assert over["done"] == 4
            assert over["counts"]["added"] == 2, "the first two were counted before"
            assert client.get("/v1/articles/killed-1").status_code == 404, "what was done is not done again"
            assert client.get("/v1/articles/unacknowledged").status_code == 404
    assert spool.claimed() == spool.waiting() == []
    assert [path.name for path in spool.payload(killed.id).iterdir()] == ["task.json"], (
        "articles are not kept twice"
    )


def test_a_batch_killed_between_its_last_steps_is_taken_up(tmp_path: Path) -> None:
    with institution(tmp_path / "store") as house:
        spool = Spool(house.settings.tasks_path, 10)
        task = enqueued(spool, ["half-way"])
        (house.settings.tasks_path / "waiting" / f"{task.id}.batch").unlink()
        with TestClient(house.app, headers=house.keys["admin"]) as client:
            assert finished(client, task.id, {})["status"] == "succeeded"


@pytest.mark.slow
def test_single_writes_go_before_the_next_step_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tasks.ingest.STEP_ARTICLES", 1)
    begun, go_on = threading.Event(), threading.Event()
    encode = ConceptEncoder.encode_passages

    def slow(self: ConceptEncoder, texts: list[str]) -> Any:
        begun.set()
        assert go_on.wait(10)
        return encode(self, texts)

    monkeypatch.setattr(ConceptEncoder, "encode_passages", slow)
    with (
        institution(tmp_path / "store") as house,
        TestClient(house.app, headers=house.keys["admin"]) as client,
    ):
        articles = [{"source": f"many-{place}", "text": f"water {place}"} for place in range(30)]
        task = client.post(BATCH, json={"articles": articles}).json()["id"]
        assert begun.wait(10)
        deleting = threading.Thread(target=client.delete, args=("/v1/articles/summit.txt",))
        deleting.start()
        while not [one for one in Spool(house.settings.tasks_path, 9).waiting() if one[1] == "delete"]:
            pass
        go_on.set()
        over = finished(client, task, {})
        deleting.join()
        assert client.get("/v1/articles/summit.txt").status_code == 404
        revisions = client.get("/readyz").json()["revision"]
    assert over["revision"] == revisions, "the last step of the batch came after the deletion"
    assert over["counts"]["added"] == 30


def enqueued(spool: Spool, sources: list[str]) -> Task:
    task = Task.new("batch", len(sources))
    lines = [json.dumps({"source": source, "text": "water law"}) for source in sources]
    (spool.draft(task) / LINES).write_text("\n".join(lines), encoding="utf-8")
    spool.commit(task)
    return task
