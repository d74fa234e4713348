"""The application: routes, error answers and what they share. Nothing happens at import."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from index.search import Searcher
from service.bodies import Bodies
from service.catalogue import Catalogue
from service.exchange import Exchange
from service.files import PublicFiles
from service.guard import Guard, door
from service.limits import Gate, Places
from service.metrics import Metrics
from service.openapi import DescribedAPI
from service.pages import load_templates
from service.replies import on_exception
from service.routes import admin, articles, compat, health, pages, scraping, search, tasks
from service.routes.admin import BATCH
from service.settings import Settings
from service.state import Service, open_searcher, writes_of
from service.tracing import Tracing
from service.version import VERSION

STATIC = Path(__file__).parent / "static"


def create_app(
    settings: Settings,
    searcher: Searcher | None = None,
    metrics: Metrics | None = None,
    provider: Any = None,
) -> FastAPI:
    """The service. Its lifespan opens the store and the model, unless a searcher is handed in; that stays open."""
    metrics = metrics or Metrics.create()
    app = DescribedAPI(
        title="Sanad",
        summary="Semantic search for Arabic and English.",
        description="Ranked paragraphs for a question in either language, each with the chain back to its article.",
        version=VERSION,
        lifespan=_lifespan(settings, searcher, metrics),
        # The usual documentation pages load scripts from another host; the document itself is enough.
        docs_url=None,
        redoc_url=None,
        routes=[*pages.routes, Mount("/static", PublicFiles(directory=STATIC), name="static")],
        middleware=_middleware(settings, metrics, provider),
        # Whatever else is raised reaches Exchange, which answers it the same way.
        exception_handlers={HTTPException: on_exception, RequestValidationError: on_exception},
    )
    for module in (search, articles, admin, tasks, compat, health, scraping):
        app.include_router(module.router)
    return app


def _middleware(settings: Settings, metrics: Metrics, provider: Any) -> list[Middleware]:
    large = {BATCH: (settings.max_batch, settings.batch_seconds)}
    found = [
        Middleware(Exchange, metrics=metrics, log_queries=settings.log_queries),
        *([Middleware(Tracing, provider=provider)] if provider else []),
        Middleware(Guard, door=door(settings, metrics)),
        Middleware(Bodies, most=settings.max_body, seconds=settings.body_seconds, large=large),
        Middleware(Places),
    ]
    if settings.cors_origins:
        # Outermost, so that another site's page can read a refusal too.
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=[
                "Retry-After",
                "X-Request-ID",
                "RateLimit-Limit",
                "RateLimit-Remaining",
                "RateLimit-Reset",
            ],
        )
        return [cors, *found]
    return found


def _lifespan(
    settings: Settings, searcher: Searcher | None, metrics: Metrics
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        with ExitStack() as stack:
            opened = searcher or stack.enter_context(open_searcher(settings, metrics.on_query))
            writes = writes_of(settings, opened)
            service = Service(
                settings=settings,
                searcher=opened,
                gate=Gate(settings.search_threads, settings.search_queue, settings.search_seconds, metrics),
                templates=load_templates(),
                catalogue=Catalogue(),
                metrics=metrics,
                writes=writes,
            )
            writes.start()
            try:
                yield {"service": service}
            finally:
                await to_thread.run_sync(writes.stop)

    return lifespan
