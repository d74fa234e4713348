"""The application: routes, error answers and what they share. Nothing happens at import."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from index.search import Searcher
from service.catalogue import Catalogue
from service.exchange import Exchange
from service.files import PublicFiles
from service.limits import BodyLimit, Gate
from service.openapi import DescribedAPI
from service.pages import load_templates
from service.replies import on_exception
from service.routes import articles, health, pages, search
from service.settings import Settings
from service.state import Service, open_searcher
from service.version import VERSION

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, searcher: Searcher | None = None) -> FastAPI:
    """The service. Its lifespan opens the store and the model, unless a searcher is handed in; that stays open."""
    app = DescribedAPI(
        title="Sanad",
        summary="Semantic search for Arabic and English.",
        description="Ranked paragraphs for a question in either language, each with the chain back to its article.",
        version=VERSION,
        lifespan=_lifespan(settings, searcher),
        # The usual documentation pages load scripts from another host; the document itself is enough.
        docs_url=None,
        redoc_url=None,
        routes=[*pages.routes, Mount("/static", PublicFiles(directory=STATIC), name="static")],
        middleware=_middleware(settings),
        # Whatever else is raised reaches Exchange, which answers it the same way.
        exception_handlers={HTTPException: on_exception, RequestValidationError: on_exception},
    )
    for router in (search.router, articles.router, health.router):
        app.include_router(router)
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    found = [Middleware(Exchange), Middleware(BodyLimit, most=settings.max_body)]
    if settings.cors_origins:
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
                expose_headers=["Retry-After", "X-Request-ID"],
            )
        )
    return found


def _lifespan(
    settings: Settings, searcher: Searcher | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        with ExitStack() as stack:
            service = Service(
                settings=settings,
                searcher=searcher or stack.enter_context(open_searcher(settings)),
                gate=Gate(settings.search_threads, settings.search_queue),
                templates=load_templates(),
                catalogue=Catalogue(),
            )
            yield {"service": service}

    return lifespan
