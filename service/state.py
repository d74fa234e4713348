"""What the application holds while it runs, made by its lifespan and reached through the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import jinja2
from fastapi import Depends, Request

from index.encoder import load_encoder
from index.search import Searcher
from index.store import open_store
from service.catalogue import Catalogue
from service.limits import Gate
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that endpoints work with."""

    settings: Settings
    searcher: Searcher
    gate: Gate
    templates: jinja2.Environment
    catalogue: Catalogue


def service_of(request: Request) -> Service:
    """The running application's parts."""
    service: Service = request.state.service
    return service


ServiceDep = Annotated[Service, Depends(service_of)]


@contextmanager
def open_searcher(settings: Settings) -> Iterator[Searcher]:
    """A searcher over the store and model that the settings name, closed with the context.

    Raises: EncoderError: the model cannot be loaded. StoreError: the store is missing, damaged or of another model.
    """
    encoder = load_encoder(settings.model)
    with open_store(settings.store, encoder.key, read_only=True) as store:
        yield Searcher(store, encoder)
