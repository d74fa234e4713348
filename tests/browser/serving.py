"""Servers for the browser to visit: Sanad over the seeds, Sanad that acts as told, and a portal of another origin."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from index.search import Searcher
from index.types import Answer, Query


class Staged(Searcher):
    """A searcher that acts as it is told: `weak`, `none`, `broken`, or as long as `held` is not set."""

    def __init__(self, sound: Searcher) -> None:
        super().__init__(sound.store, sound.encoder)
        self.act = ""
        self.heard: list[str] = []
        self.slow: dict[str, float] = {}
        self.held = threading.Event()
        self.held.set()

    def search(self, query: Query) -> Answer:
        self.heard.append(query.text)
        self.held.wait(10)
        time.sleep(self.slow.get(query.text, 0))
        if self.act == "broken":
            raise RuntimeError("staged")
        answer = super().search(query)
        if self.act == "weak":
            return replace(answer, answerable=False)
        if self.act == "none":
            return replace(answer, answerable=False, hits=())
        return answer


class Server(uvicorn.Server):
    """uvicorn in a thread of the test's own process."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"


@contextmanager
def serving(app: ASGIApp) -> Iterator[Server]:
    """The application, served on a free port of this machine until the context ends."""
    server = Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join(10)


def portal(
    body: Callable[[], str], policy: Callable[[], str], upstream: Callable[[], str], key: Callable[[], str]
) -> Starlette:
    """A right-to-left portal under a strict policy; its `/find/` is a proxy that adds a key the browser never sees."""

    async def home(request: Request) -> Response:
        page = f'<!doctype html><html lang="ar" dir="rtl"><meta charset="utf-8"><title>بوابة</title>{body()}</html>'
        return HTMLResponse(page, headers={"Content-Security-Policy": policy()})

    def proxy(request: Request) -> Response:
        url = f"{upstream()}/{request.path_params['path']}?{request.url.query}"
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {key()}"})
        try:
            with urllib.request.urlopen(asked) as answer:
                return Response(answer.read(), media_type=answer.headers["Content-Type"])
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.read(), error.code)

    return Starlette(routes=[Route("/", home), Route("/find/{path:path}", proxy)])
