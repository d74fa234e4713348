"""What the service tells of itself: metrics without end-less labels, a log without questions, spans."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from service.logs import JsonLines, TextLines
from service.remembering import RememberingEncoder
from tests.fakes import ConceptEncoder
from tests.service.conftest import SUMMIT
from tests.service.institution import Institution, institution

SECRET_QUESTION = "water lawsuit of a named person"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Institution]:
    with institution(tmp_path / "store") as house:
        yield house


@pytest.fixture
def client(house: Institution) -> Iterator[TestClient]:
    with TestClient(house.app, headers=house.keys["admin"]) as client:
        yield client


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_metrics_count_requests_problems_stages_and_the_index(client: TestClient, house: Institution) -> None:
    for path in (
        "/v1/search?q=water+law",
        "/v1/search?q=aircraft",
        "/v1/search",
        f"/v1/articles/{SUMMIT.article.id}",
    ):
        client.get(path)
    client.get("/nowhere/at/all")
    found = samples(client)

    def value(name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    assert value("sanad_requests_total", route="/v1/search", method="GET", status="200") == 2
    assert value("sanad_requests_total", route="/v1/search", method="GET", status="422") == 1
    assert value("sanad_requests_total", route="/v1/articles/{article_id}", method="GET", status="200") == 1
    assert value("sanad_requests_total", route="none", method="GET", status="404") == 1
    assert value("sanad_problems_total", code="invalid_request") == 1
    assert value("sanad_request_seconds_count", route="/v1/search") == 3
    for stage in ("search", "rank", "total"):
        assert value("sanad_search_seconds_count", stage=stage) == 2
        assert value("sanad_search_seconds_sum", stage=stage) > 0
    assert value("sanad_queue") == 0
    assert value("sanad_index_revision") == 1
    assert value("sanad_index_passages") == 5
    assert value("sanad_index_articles") == 3
    assert value("sanad_model", id="concepts", revision="1") == 1
    assert value("sanad_tasks_waiting") == 0
    assert value("sanad_key_failures_total") == 0


def test_no_label_holds_what_was_asked_or_a_path(client: TestClient) -> None:
    client.get("/v1/search", params={"q": SECRET_QUESTION})
    client.post("/v1/search", json={"q": SECRET_QUESTION})
    for place in range(50):
        client.get(f"/nowhere/{place}")
        client.get(f"/v1/articles/{place}")
        client.request(f"METHOD{place}", "/v1/search")
    text = client.get("/metrics").text
    assert "lawsuit" not in text
    assert "METHOD" not in text
    assert "/nowhere" not in text
    assert len(text.splitlines()) < 500


@pytest.mark.parametrize("log_queries", [False, True])
def test_the_log_holds_a_question_only_when_told_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, log_queries: bool
) -> None:
    with (
        institution(tmp_path / "store", log_queries=log_queries) as house,
        TestClient(house.app, headers=house.keys["search"]) as client,
        caplog.at_level("INFO"),
    ):
        client.get("/v1/search", params={"q": SECRET_QUESTION})
        client.post("/v1/search", json={"q": SECRET_QUESTION})
        client.post("/v1/search/batch", json={"queries": [{"q": SECRET_QUESTION}]})
        client.get("/", params={"q": SECRET_QUESTION})
        client.get("/v1/search", params={"q": SECRET_QUESTION, "limit": "x"})
        client.get("/livez")
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "sanad.service"]
    assert len(lines) == 5, "probes are not logged"
    assert sum("lawsuit" in line for line in lines) == (4 if log_queries else 0)


def test_a_log_line_is_json_with_timing_and_the_request_id(
    client: TestClient, house: Institution, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        answered = client.get("/v1/search", params={"q": "water"}, headers={"X-Request-ID": "portal-00042"})
        refused = client.get("/v1/search")
    good, bad = (
        json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "sanad.service"
    )
    assert good["request_id"] == answered.headers["X-Request-ID"] == "portal-00042"
    assert good["message"] == "GET /v1/search"
    assert good["status"] == 200
    assert good["took_ms"] >= good["total_ms"] > 0
    assert {"search_ms", "rank_ms"} <= set(good)
    assert good["key"]
    assert house.keys.admin not in json.dumps(good)
    assert good["time"].endswith("Z")
    assert bad["request_id"] == refused.headers["X-Request-ID"]
    assert (bad["status"], bad["code"]) == (422, "invalid_request")


def record(message: str, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("sanad", logging.INFO, "", 0, message, (), None)
    made.fields = fields
    return made


def test_a_line_break_in_the_log_cannot_forge_a_line() -> None:
    assert JsonLines().format(record("one\ntwo", path="a\nb")).count("\n") == 0


def test_text_lines_are_for_people() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLines())
    handler.handle(record("GET /", status=200, code=None))
    assert stream.getvalue().endswith("INFO    GET / status=200\n")


def test_questions_asked_before_are_not_encoded_again(client: TestClient) -> None:
    encoder = ConceptEncoder()
    told: list[bool] = []
    remembering = RememberingEncoder(encoder, 2, told.append)
    for text in ("water", "law", "water", "trade", "law"):
        assert np.array_equal(remembering.encode_queries([text]), encoder.encode_queries([text]))
    assert told == [False, False, True, False, False], "the one longest unasked is forgotten"
    assert remembering.key == encoder.key
    assert remembering.encode_queries([]).shape == (0, encoder.key.dim)
    assert encoder.encoded == []


def test_a_request_is_a_span_and_its_stages_are_within(tmp_path: Path) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with institution(tmp_path / "store", provider=provider) as house, TestClient(house.app) as client:
        client.get(
            "/v1/search",
            params={"q": SECRET_QUESTION},
            headers={**house.keys["search"], "traceparent": parent},
        )
        client.get("/v1/search", params={"q": SECRET_QUESTION})
    answered, refused = (span for span in exporter.get_finished_spans() if span.kind.name == "SERVER")
    assert answered.name == "GET /v1/search"
    assert format(answered.context.trace_id, "032x") == parent.split("-")[1]
    assert answered.attributes["http.response.status_code"] == 200
    stages = {
        span.name for span in exporter.get_finished_spans() if span.parent and span.parent == answered.context
    }
    assert {"search", "rank"} <= stages
    assert refused.attributes["http.response.status_code"] == 401
    assert "lawsuit" not in " ".join(span.to_json() for span in exporter.get_finished_spans())
