"""Whether the service lives, whether it can answer, and what it is."""

from __future__ import annotations

from fastapi import APIRouter

from service import fields, schemas
from service.openapi import problems
from service.state import ServiceDep
from service.version import NAME, VERSION

router = APIRouter(tags=["service"])


@router.get("/livez", operation_id="live", summary="Does the process answer?")
async def live() -> schemas.Live:
    """Touches neither the index nor the model, so it answers under any load."""
    return schemas.Live(status="ok")


@router.get("/readyz", operation_id="ready", summary="Can the index be searched?", responses=problems(503))
def ready(service: ServiceDep) -> schemas.Ready:
    """503 while it cannot."""
    view = service.searcher.store.view()
    return schemas.Ready(
        status="ready", revision=view.revision, passages=view.passage_count, notice=view.without_words
    )


@router.get("/v1/info", operation_id="info", summary="What is served here?", responses=problems(503))
def info(service: ServiceDep) -> schemas.Info:
    """The service's version, model, index and limits."""
    encoder, view = service.searcher.encoder, service.searcher.store.view()
    key = encoder.key
    return schemas.Info(
        name=NAME,
        version=VERSION,
        model=schemas.ModelInfo(
            id=key.id,
            revision=key.revision,
            dim=key.dim,
            max_tokens=encoder.max_tokens,
            languages=["ar", "en"],
        ),
        index=schemas.IndexInfo(
            revision=view.revision, passages=view.passage_count, articles=view.article_count
        ),
        limits=schemas.Limits(
            query_characters=fields.LONGEST_QUERY,
            hits=fields.MOST_HITS,
            offset=fields.DEEPEST_OFFSET,
            batch=fields.MOST_QUERIES,
            articles=fields.LARGEST_PAGE,
            body_bytes=service.settings.max_body,
        ),
    )
