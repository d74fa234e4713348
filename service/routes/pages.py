"""The pages: the search at `/`, an article at `/articles/{id}`. They work without a script."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from index.errors import QueryError
from service import words
from service.blocks import blocks
from service.fields import LONGEST_QUERY, SearchFields
from service.pages import interface, page
from service.present import article_whole
from service.problems import ProblemError
from service.routes.search import answered
from service.schemas import SearchAnswer
from service.state import Service, service_of

EXAMPLES = 4
LONGEST_EXAMPLE = 100
# What the script says by itself; the rest of the words stand in the page.
SCRIPT_WORDS = ("weak", "none", "busy", "down", "invalid")


async def search_page(request: Request) -> Response:
    """The search box, and the answer when a question is in the URL."""
    service = service_of(request)
    asked = {name: value for name, value in request.query_params.items() if value.strip() and name != "ui"}
    context = _search_context(request, asked)
    if "q" not in asked:
        examples = await run_in_threadpool(_examples, service, interface(request))
        return page(request, "search.html", {**context, "state": "empty", "examples": examples})
    try:
        fields = SearchFields.model_validate(asked)
        answer = await answered(request, fields, service)
    except (ValidationError, QueryError):
        return page(request, "search.html", {**context, "state": "invalid"}, 422)
    except ProblemError as problem:
        return page(
            request, "search.html", {**context, "state": "busy"}, problem.status_code, problem.headers
        )
    return page(request, "search.html", {**context, **_answer_context(request, fields, asked, answer)})


def article_page(request: Request) -> Response:
    """The article as stored, each paragraph with its number."""
    service = service_of(request)
    view = service.searcher.store.view()
    stored = view.article(request.path_params["article_id"])
    passages = view.article_passages(stored.id)
    context = {
        "article": article_whole(stored, passages, request.scope.get("root_path", "")),
        "blocks": list(blocks(stored, passages)),
    }
    return page(request, "article.html", context)


routes = [Route("/", search_page), Route("/articles/{article_id}", article_page)]


def _search_context(request: Request, asked: dict[str, str]) -> dict[str, Any]:
    ui = interface(request)
    script_words = {key: words.WORDS[ui][key] for word in SCRIPT_WORDS for key in (word, f"{word}_more")}
    extra = {
        key: words.WORDS[ui][key] for key in ("brand", "loading", "more", "paragraph", "retry", "relevance")
    }
    return {
        "asked": asked,
        "q": asked.get("q", ""),
        "longest": LONGEST_QUERY,
        "answer": None,
        "examples": [],
        "next_url": None,
        "first_url": None,
        "script_words": json.dumps(
            {**script_words, **extra, "hits": words.COUNTS[ui]["hits"]}, ensure_ascii=False
        ),
    }


def _answer_context(
    request: Request, fields: SearchFields, asked: dict[str, str], answer: SearchAnswer
) -> dict[str, Any]:
    state = "answered"
    if not answer.hits:
        state = "none"
    elif answer.answerable is False:
        state = "weak"
    link = partial(_link, request, asked)
    more = len(answer.hits) == fields.limit
    return {
        "state": state,
        "answer": answer,
        "next_url": link(offset=fields.offset + fields.limit) if more else None,
        "first_url": link(offset=0) if fields.offset else None,
    }


def _link(request: Request, asked: dict[str, str], offset: int) -> str:
    changed = {**asked, "offset": str(offset) if offset else ""}
    if ui := request.query_params.get("ui"):
        changed["ui"] = ui
    base = request.scope.get("root_path", "")
    return f"{base}/?{urlencode({name: value for name, value in changed.items() if value})}"


def _examples(service: Service, ui: words.Interface) -> list[str]:
    """Questions that this corpus can answer: the ones set, or else the titles of its articles."""
    if service.settings.examples:
        return list(service.settings.examples[:EXAMPLES])
    listed, _ = service.searcher.store.view().articles(EXAMPLES * 5)
    titles = [
        provenance.title
        for _, provenance, _ in listed
        if len(provenance.title) <= LONGEST_EXAMPLE and "title" not in provenance.inferred
    ] or [provenance.title for _, provenance, _ in listed if len(provenance.title) <= LONGEST_EXAMPLE]
    # Titles that ask come first, then the interface's own language.
    titles.sort(key=lambda title: not title.rstrip().endswith(("?", "؟")))
    return titles[:EXAMPLES]
