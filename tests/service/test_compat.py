"""Existing clients work: OpenAI's own package, pointed here, and requests in Cohere's form."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import numpy as np
import openai
import pytest

from tests.fakes import ConceptEncoder
from tests.service.institution import Institution, served

TEXTS = ["water law", "قمة حول المعادن", "aircraft"]


@pytest.fixture(scope="module")
def base(house: Institution) -> Iterator[str]:
    with served(house.app) as base:
        yield base


@pytest.fixture
def client(base: str, house: Institution) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{base}/v1", api_key=house.keys.search, max_retries=0) as client:
        yield client


def test_openais_client_embeds_exactly(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="concepts", input=TEXTS)  # asks for base64
    assert answer.model == "concepts"
    assert [one.index for one in answer.data] == [0, 1, 2]
    rows = np.array([one.embedding for one in answer.data], dtype=np.float32)
    assert np.array_equal(rows, ConceptEncoder().encode_passages(TEXTS))
    assert answer.usage.prompt_tokens == sum(ConceptEncoder().count_tokens(TEXTS))


def test_numbers_and_base64_are_the_same_vector(client: openai.OpenAI) -> None:
    plain = (
        client.embeddings.create(model="concepts", input="water law", encoding_format="float")
        .data[0]
        .embedding
    )
    coded = (
        client.embeddings.create(model="concepts", input="water law", encoding_format="base64")
        .data[0]
        .embedding
    )
    assert plain == np.frombuffer(base64.b64decode(str(coded)), dtype="<f4").tolist()


def test_openais_client_knows_our_refusals(client: openai.OpenAI, base: str) -> None:
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="water")
    with pytest.raises(openai.UnprocessableEntityError):
        client.embeddings.create(model="concepts", input="")
    with pytest.raises(openai.UnprocessableEntityError):
        client.embeddings.create(model="concepts", input="water", dimensions=3)
    stranger = openai.OpenAI(base_url=f"{base}/v1", api_key="sk-wrong", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError):
        stranger.embeddings.create(model="concepts", input="water")


def test_texts_are_ranked_in_coheres_form(base: str, house: Institution) -> None:
    body = {
        "model": "concepts",
        "query": "the water law",
        "documents": ["aircraft", "water", "water law"],
        "top_n": 2,
    }
    answer = httpx.post(f"{base}/v1/rerank", json=body, headers=house.keys["search"]).json()
    assert set(answer) == {"id", "results"}
    assert answer["results"] == [
        {"index": 2, "relevance_score": 1.0},
        {"index": 1, "relevance_score": pytest.approx(0.707107)},
    ]
