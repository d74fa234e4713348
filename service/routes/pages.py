"""The pages: the search at `/`, an article at `/articles/{id}`, a portal at `/demo`. They work without a script."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from index.errors import QueryError
from index.pages import page_at
from service import words
from service.blocks import blocks
from service.catalogue import Offer
from service.fields import LONGEST_QUERY, SearchFields
from service.pages import interface, page
from service.present import article_whole, cited
from service.problems import ProblemError
from service.routes.search import answered
from service.schemas import SearchAnswer
from service.state import Service, service_of

# What the script says by itself; the rest of the words stand in the page.
SCRIPT_STATES = ("weak", "none", "busy", "down", "invalid", "denied")
SCRIPT_WORDS = ("brand", "loading", "more", "paragraph", "retry", "relevance", "copied")
FILTERS = ("publisher", "date_from", "date_to", "passage_lang", "group_by")


async def search_page(request: Request) -> Response:
    """The search box, and the answer when a question is in the URL."""
    service = service_of(request)
    asked = {name: value for name, value in request.query_params.items() if value.strip() and name != "ui"}
    offer = await run_in_threadpool(_offer, service)
    context = _search_context(request, service, asked, offer)
    if "q" not in asked:
        return page(request, "search.html", {**context, "state": "empty"})
    try:
        fields = SearchFields.model_validate(asked)
        answer = await answered(request, fields, service)
    except (ValidationError, QueryError):
        return page(request, "search.html", {**context, "state": "invalid"}, 422)
    except ProblemError as problem:
        busy = {**context, "state": "busy"}
        return page(request, "search.html", busy, problem.status_code, problem.headers)
    return page(request, "search.html", {**context, **_answer_context(request, fields, asked, answer)})


def article_page(request: Request) -> Response:
    """The article as stored, each paragraph with its number and its citation."""
    service = service_of(request)
    view = service.searcher.store.view()
    stored = view.article(request.path_params["article_id"])
    passages = view.article_passages(stored.id)
    pages = {passage.paragraph: page_at(stored.text, passage.start) for passage in passages}
    ui = interface(request)
    context = {
        "article": article_whole(stored, passages, request.scope.get("root_path", "")),
        "blocks": list(blocks(stored, passages)),
        "cited": lambda paragraph: cited(stored.provenance, paragraph, pages.get(paragraph)),
        "longest": LONGEST_QUERY,
        "script_words": _script_words(ui),
    }
    return page(request, "article.html", context)


def demo_page(request: Request) -> Response:
    """A portal with two boxes of `<sanad-search>`."""
    return page(request, "demo.html", {})


routes = [
    Route("/", search_page),
    Route("/articles/{article_id}", article_page),
    Route("/demo", demo_page),
]


def _offer(service: Service) -> Offer:
    return service.catalogue.of(service.searcher.store.view())


def _search_context(
    request: Request, service: Service, asked: dict[str, str], offer: Offer
) -> dict[str, Any]:
    ui = interface(request)
    return {
        "asked": asked,
        "q": asked.get("q", ""),
        "filtered": sum(name in asked for name in FILTERS),
        "longest": LONGEST_QUERY,
        "answer": None,
        "examples": service.settings.examples or offer.examples(ui),
        "publishers": offer.publishers,
        "next_url": None,
        "first_url": None,
        "script_words": _script_words(ui),
    }


def _script_words(ui: words.Interface) -> str:
    states = [name for state in SCRIPT_STATES for name in (state, f"{state}_more")]
    said = {name: words.WORDS[ui][name] for name in (*states, *SCRIPT_WORDS)}
    return json.dumps({**said, "hits": words.COUNTS[ui]["hits"]}, ensure_ascii=False)


def _answer_context(
    request: Request, fields: SearchFields, asked: dict[str, str], answer: SearchAnswer
) -> dict[str, Any]:
    state = "answered"
    if not answer.hits:
        state = "none"
    elif answer.answerable is False:
        state = "weak"
    more = len(answer.hits) == fields.limit
    return {
        "state": state,
        "answer": answer,
        "next_url": _link(request, asked, fields.offset + fields.limit) if more else None,
        "first_url": _link(request, asked, 0) if fields.offset else None,
    }


def _link(request: Request, asked: dict[str, str], offset: int) -> str:
    changed = {**asked, "offset": str(offset) if offset else ""}
    if ui := request.query_params.get("ui"):
        changed["ui"] = ui
    base = request.scope.get("root_path", "")
    return f"{base}/?{urlencode({name: value for name, value in changed.items() if value})}"
