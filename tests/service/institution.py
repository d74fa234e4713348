"""A service as an institution runs it: keys, a store that the service itself writes, and a real socket when wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from index.search import Searcher
from index.store import create_store, open_store
from index.translation import Translations
from service.app import create_app
from service.keys import KeyFile
from service.protocol import Patience, PatientProtocol
from service.settings import Settings
from tests.fakes import ConceptEncoder
from tests.service.conftest import MARKUP, SUMMIT, WATER

QUICK = Patience(header_s=0.5, exchange_s=5, connections=200)


@dataclass(frozen=True, slots=True)
class Secrets:
    """One key a scope."""

    search: str
    metrics: str
    admin: str

    def __getitem__(self, name: str) -> dict[str, str]:
        """The headers that show it; none for `none`, and a key that nobody made for `wrong`."""
        secret = {"none": "", "wrong": "sanad_" + "x" * 43}.get(name) or getattr(self, name, "")
        return {"Authorization": f"Bearer {secret}"} if secret else {}


@dataclass(frozen=True, slots=True)
class Institution:
    """The application, its keys and what it was set to."""

    app: FastAPI
    keys: Secrets
    settings: Settings


@contextmanager
def institution(folder: Path, provider: Any = None, **settings: Any) -> Iterator[Institution]:
    """A service over three short articles in `folder`, with a key a scope; no limit on rates unless one is set."""
    told = Settings(store=str(folder), **{"rate": 0, **settings})
    encoder = ConceptEncoder()
    if not (folder / "sanad.db").exists():
        with create_store(folder, encoder.key) as store:
            store.put([SUMMIT, WATER, MARKUP])
    with open_store(folder, encoder.key, read_only=True) as store:
        searcher = Searcher(store, encoder, translations=_translations())
        yield Institution(create_app(told, searcher, provider=provider), _keys(told), told)


@contextmanager
def served(app: FastAPI, patience: Patience = QUICK, **config: Any) -> Iterator[str]:
    """The application on a loopback port, in a thread; its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            http=partial(PatientProtocol, patience=patience),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=16_384,
            **config,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def finished(client: TestClient, task: str, headers: dict[str, str]) -> dict[str, Any]:
    """The task once it is over."""
    for _ in range(1000):
        body: dict[str, Any] = client.get(f"/v1/tasks/{task}", headers=headers).json()
        if body["status"] in ("succeeded", "failed"):
            return body
        time.sleep(0.02)
    raise AssertionError(f"the task is not over: {body}")


@cache
def _translations() -> Translations:
    return Translations.load()


def _keys(settings: Settings) -> Secrets:
    file = KeyFile(settings.keys_path)
    made = {scope: file.create(scope, scope)[1] for scope in ("search", "metrics", "admin")}  # type: ignore[arg-type]
    return Secrets(**made)
