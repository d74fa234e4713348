"""One process of several: made anew from the environment by uvicorn's supervisor."""

from __future__ import annotations

from fastapi import FastAPI

from service import logs, tracing
from service.app import create_app
from service.metrics import forget_dead_workers
from service.settings import Settings


def worker() -> FastAPI:
    """The application of a worker; its lifespan opens the store read-only and the model."""
    settings = Settings()
    logs.configure(settings.log_level, settings.log_format)
    forget_dead_workers()
    return create_app(settings, provider=tracing.exporting() if tracing.is_wanted() else None)
