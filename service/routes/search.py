"""`/v1/search`: one question by GET or POST, or several at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from index.errors import QueryError
from index.stages import gathered
from index.types import Answer
from index.types import Query as Asked
from service.fields import BatchBody, SearchBody, SearchFields
from service.openapi import problems
from service.present import query_of, search_answer
from service.requests import exact_query, json_only
from service.schemas import BatchAnswer, SearchAnswer
from service.state import Service, ServiceDep

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.get(
    "",
    operation_id="search",
    summary="Ask one question",
    dependencies=[Depends(exact_query)],
    responses=problems(422, 503),
)
async def search(
    request: Request, fields: Annotated[SearchFields, Query()], service: ServiceDep
) -> SearchAnswer:
    """Ranked paragraphs that answer the question, each with the chain back to its article."""
    return await answered(request, fields, service)


@router.post(
    "",
    operation_id="searchByPost",
    summary="Ask one question, as JSON",
    dependencies=[Depends(json_only)],
    responses=problems(400, 413, 415, 422, 503),
)
async def search_by_post(request: Request, body: SearchBody, service: ServiceDep) -> SearchAnswer:
    """The same as GET; a question in a body stays out of the logs of proxies."""
    return await answered(request, body, service)


@router.post(
    "/batch",
    operation_id="searchBatch",
    summary="Ask several questions",
    dependencies=[Depends(json_only)],
    responses=problems(400, 413, 415, 422, 503),
)
async def search_batch(request: Request, body: BatchBody, service: ServiceDep) -> BatchAnswer:
    """One answer a question, in their order; if one question is invalid none is answered."""
    began = time.perf_counter()
    request.state.charge(len(body.queries) - 1)
    request.state.asked = [fields.q for fields in body.queries]
    timed = await service.gate.run(partial(_answers, service, body))
    return BatchAnswer(
        request_id=request.state.request_id,
        took_ms=round(since(began), 2),
        answers=[told(request, service, answer, took_ms) for answer, took_ms in timed],
    )


async def answered(request: Request, fields: SearchFields, service: Service) -> SearchAnswer:
    """The answer to one question, worked out off the event loop."""
    began = time.perf_counter()
    request.state.asked = fields.q
    answer, request.state.stages = await service.gate.run(partial(ask, service, query_of(fields)))
    return told(request, service, answer, since(began))


def ask(service: Service, query: Asked) -> tuple[Answer, Mapping[str, float]]:
    """The answer, and the seconds that each stage of finding it took; these are counted too."""
    began = time.perf_counter()
    with gathered() as seconds:
        answer = service.searcher.search(query)
    stages = {**seconds, "total": time.perf_counter() - began}
    service.metrics.observe_stages(stages)
    return answer, stages


def _answers(service: Service, body: BatchBody) -> list[tuple[Answer, float]]:
    timed = []
    for place, fields in enumerate(body.queries):
        began = time.perf_counter()
        try:
            answer, _ = ask(service, query_of(fields))
        except QueryError as error:
            raise QueryError(f"queries.{place}.{error.field}", error.reason) from None
        timed.append((answer, since(began)))
    return timed


def told(request: Request, service: Service, answer: Answer, took_ms: float) -> SearchAnswer:
    """The answer as it goes over the wire."""
    return search_answer(
        answer,
        service.searcher.encoder.key,
        request_id=request.state.request_id,
        took_ms=took_ms,
        base=request.scope.get("root_path", ""),
    )


def since(began: float) -> float:
    """Milliseconds since `began`, a reading of `perf_counter`."""
    return (time.perf_counter() - began) * 1000
