"""What the application holds while it runs, made by its lifespan and reached through the request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import jinja2
from fastapi import Depends, Request

from index.encoder import load_encoder
from index.rerank import Reranker
from index.search import Searcher
from index.store import open_store
from index.types import Encoder
from service.catalogue import Catalogue
from service.limits import Gate
from service.metrics import Metrics
from service.remembering import RememberingEncoder
from service.settings import Settings
from service.tasks.spool import Spool
from service.tasks.writer import Writer
from service.tasks.writes import Writes


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that endpoints work with."""

    settings: Settings
    searcher: Searcher
    gate: Gate
    templates: jinja2.Environment
    catalogue: Catalogue
    metrics: Metrics
    writes: Writes


def service_of(request: Request) -> Service:
    """The running application's parts."""
    service: Service = request.state.service
    return service


async def _provided(request: Request) -> Service:
    """The same for FastAPI, which would call a plain function in a thread of its own."""
    return service_of(request)


ServiceDep = Annotated[Service, Depends(_provided)]


@contextmanager
def open_searcher(
    settings: Settings, on_query: Callable[[bool], None] = lambda known: None
) -> Iterator[Searcher]:
    """A searcher over the store and model that the settings name, closed with the context.

    `on_query` is told of every question whether its embedding was remembered.
    Raises: EncoderError: the model cannot be loaded. StoreError: the store is missing, damaged or of another model.
    """
    encoder: Encoder = load_encoder(settings.model)
    if settings.query_cache:
        encoder = RememberingEncoder(encoder, settings.query_cache, on_query)
    with open_store(settings.store, encoder.key, read_only=True) as store:
        reranker = Reranker.load(settings.reranker) if settings.reranker else None
        yield Searcher(store, encoder, reranker=reranker)


def writes_of(settings: Settings, searcher: Searcher) -> Writes:
    """Writing to the store that the searcher reads; begins nothing yet."""
    encoder = searcher.encoder
    spool = Spool(settings.tasks_path, settings.max_tasks)
    writer = Writer(spool, encoder, lambda: open_store(settings.store, encoder.key))
    return Writes(spool, writer, searcher.store)
