"""`/metrics`: what Prometheus scrapes."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.openapi import problems
from service.state import Service, ServiceDep

router = APIRouter(tags=["service"])


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counts and times",
    response_class=Response,
    responses=problems(503) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: ServiceDep) -> Response:
    """Prometheus's text format, of all workers together."""
    _look(service)
    return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


def _look(service: Service) -> None:
    """Read what is not counted as it happens."""
    view, key, told = service.searcher.store.view(), service.searcher.encoder.key, service.metrics
    told.revision.set(view.revision)
    told.passages.set(view.passage_count)
    told.articles.set(view.article_count)
    told.model.labels(key.id, key.revision).set(1)
    told.tasks.set(len(service.writes.spool.waiting()))
