"""An exception → the response that answers it: a problem for programs, a page for people."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Mount

from service import auth
from service.pages import problem_page
from service.problems import MEDIA_TYPE, from_exception

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
log = logging.getLogger("sanad.service")


async def on_exception(request: Request, error: Exception) -> Response:
    """The same, in the form that Starlette's exception handlers have."""
    return problem_reply(request, error)


def problem_reply(request: Request, error: Exception) -> Response:
    """The response to an exception; what was not foreseen is logged with its trace and told without."""
    problem = from_exception(error)
    request_id = request.state.request_id
    if problem.status_code >= 500 and problem.code != "overloaded":
        log.error("request %s failed", request_id, exc_info=error)
    request.state.problem = problem.code
    body, headers = problem.body(request_id), dict(problem.headers or {})
    if problem.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    if _wants_page(request):
        return problem_page(request, body, headers)
    return JSONResponse(
        body.model_dump(), status_code=problem.status_code, headers=headers, media_type=MEDIA_TYPE
    )


def _methods(request: Request) -> list[str]:
    # Starlette tells of the first route alone, but GET and POST of one path are two routes here.
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ] or ["GET", "HEAD"]


def _wants_page(request: Request) -> bool:
    is_page = auth.is_page(auth.path_of(request.scope))
    return request.method == "GET" and is_page and "text/html" in request.headers.get("accept", "")
