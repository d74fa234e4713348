"""Pages for people: the templates, what every page gets, and the page of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from service import words
from service.bidi import dir_of, lang_of
from service.marks import pieces
from service.schemas import Problem

# Everything a page uses comes from here; scripts may not turn text into markup.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
PROBLEM_WORDS = {401: "denied", 403: "denied", 404: "not_found", 422: "invalid", 503: "busy", 429: "busy"}


def load_templates() -> jinja2.Environment:
    """The templates, every value in them escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("service"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(dir_of=dir_of, lang_of=lang_of, pieces=pieces)
    return environment


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The template as a response, in the interface's language."""
    service = request.state.service
    body = service.templates.get_template(template).render(**_frame(request), **context)
    return HTMLResponse(body, status, headers={**HEADERS, **(headers or {})})


def problem_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> HTMLResponse:
    """A page that says what is wrong, for a person who followed a link."""
    kind = PROBLEM_WORDS.get(problem.status, "failed")
    context = {"kind": kind, "request_id": problem.request_id if kind == "failed" else None}
    return page(request, "problem.html", context, problem.status, headers)


def interface(request: Request) -> words.Interface:
    """The language of the page."""
    return words.chosen(
        request.query_params.get("ui"),
        request.headers.get("accept-language", ""),
        request.state.service.settings.interface,
    )


def _frame(request: Request) -> dict[str, Any]:
    ui = interface(request)
    # Kept in links only when it was asked for, so that a shared link follows its reader's language.
    ui_chosen = ui if request.query_params.get("ui") == ui else None
    other = "en" if ui == "ar" else "ar"
    base = request.scope.get("root_path", "")
    return {
        "ui": ui,
        "other": other,
        "dir": dir_of(ui),
        "w": words.WORDS[ui],
        "number": lambda value: words.number(value, ui),
        "day": lambda iso: words.day(iso, ui),
        "count": lambda kind, n: words.count(kind, n, ui),
        "base": base,
        "ui_chosen": ui_chosen,
        "link": partial(_link, ui_chosen),
        "switch_url": f"{request.url.path}?{request.url.include_query_params(ui=other).query}",
    }


def _link(ui_chosen: str | None, href: str) -> str:
    path, hash_sign, fragment = href.partition("#")
    return f"{path}?ui={ui_chosen}{hash_sign}{fragment}" if ui_chosen else href
