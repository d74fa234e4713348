"""`/v1/embeddings` as OpenAI's clients call it, `/v1/rerank` as Cohere's do."""

from __future__ import annotations

import base64
from functools import partial

import numpy as np
from fastapi import APIRouter, Depends, Request

from index.types import Embeddings, Encoder
from service.fields import EmbeddingsBody, RerankBody
from service.openapi import problems
from service.problems import ProblemError
from service.requests import json_only
from service.schemas import (
    Embedding,
    EmbeddingsAnswer,
    FieldError,
    RerankAnswer,
    RerankResult,
    Usage,
)
from service.state import ServiceDep

router = APIRouter(prefix="/v1", tags=["compatible"], dependencies=[Depends(json_only)])


@router.post(
    "/embeddings",
    operation_id="embed",
    summary="Embed texts",
    responses=problems(400, 404, 408, 413, 415, 422, 503),
)
async def embed(request: Request, body: EmbeddingsBody, service: ServiceDep) -> EmbeddingsAnswer:
    """Unit vectors, so a dot product is a cosine. A text longer than the model reads is cut, as OpenAI's are not."""
    encoder = service.searcher.encoder
    _check(encoder, body.model)
    if body.dimensions not in (None, encoder.key.dim):
        raise ProblemError(
            422, "invalid_request", [FieldError(field="dimensions", reason=f"must be {encoder.key.dim}")]
        )
    texts = [body.input] if isinstance(body.input, str) else list(body.input)
    request.state.charge(len(texts) // 8)
    rows, tokens = await service.gate.run(partial(_embedded, encoder, texts, body.input_type == "query"))
    return EmbeddingsAnswer(
        object="list",
        data=[
            Embedding(object="embedding", index=place, embedding=_formed(row, body.encoding_format))
            for place, row in enumerate(rows)
        ],
        model=encoder.key.id,
        usage=Usage(prompt_tokens=tokens, total_tokens=tokens),
    )


@router.post(
    "/rerank",
    operation_id="rerank",
    summary="Rank texts by a question",
    responses=problems(400, 404, 408, 413, 415, 422, 503),
)
async def rerank(request: Request, body: RerankBody, service: ServiceDep) -> RerankAnswer:
    """The texts by the cosine of their embeddings with the question's, the best first; a cosine below 0 counts as 0."""
    encoder = service.searcher.encoder
    _check(encoder, body.model)
    request.state.charge(len(body.documents) // 8)
    scores = await service.gate.run(partial(_scores, encoder, body))
    best = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[: body.top_n]
    results = [RerankResult(index=place, relevance_score=scores[place]) for place in best]
    return RerankAnswer(id=request.state.request_id, results=results)


def _check(encoder: Encoder, model: str) -> None:
    """Raises: ProblemError: another model is asked for (404, as OpenAI answers)."""
    if model != encoder.key.id:
        raise ProblemError(
            404, "model_not_found", [FieldError(field="model", reason=f"must be {encoder.key.id}")]
        )


def _embedded(encoder: Encoder, texts: list[str], are_queries: bool) -> tuple[Embeddings, int]:
    encode = encoder.encode_queries if are_queries else encoder.encode_passages
    return encode(texts), sum(encoder.count_tokens(texts))


def _scores(encoder: Encoder, body: RerankBody) -> list[float]:
    question = encoder.encode_queries([body.query])[0]
    cosines = encoder.encode_passages(body.documents) @ question
    return [round(float(cosine), 6) for cosine in np.clip(cosines, 0, 1)]


def _formed(row: Embeddings, form: str) -> list[float] | str:
    if form == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in row]
