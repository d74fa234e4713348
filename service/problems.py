"""Errors on the wire: RFC 9457 `application/problem+json`, one shape for every status."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from index.errors import ArticleMissingError, QueryError, StoreError
from service.schemas import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20

# Codes are stable: scripts branch on them. What is not listed has the code of its status alone.
CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "key_required",
    403: "scope_missing",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    412: "precondition_failed",
    413: "body_too_large",
    415: "unsupported_media_type",
    421: "misdirected",
    422: "invalid_request",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}
DETAILS: Mapping[str, str] = {
    "bad_request": "The request could not be understood.",
    "invalid_json": "The body is not valid JSON.",
    "invalid_http": "What was sent is not HTTP/1.1.",
    "json_too_deep": "The body's lists and objects lie too deep within each other.",
    "key_required": "This needs a key; send it as a bearer token in the Authorization header.",
    "key_invalid": "The key is not known here, or has expired.",
    "scope_missing": "The key does not open this.",
    "not_found": "There is nothing at this address.",
    "article_not_found": "No article has this id.",
    "model_not_found": "Only the model that `/v1/info` tells answers here.",
    "task_not_found": "No task has this id, or it was forgotten.",
    "paragraph_not_found": "The article has no paragraph of this number.",
    "method_not_allowed": "This address does not take this method.",
    "too_slow": "The request did not come in time.",
    "precondition_failed": "The article is not in the state that the request names.",
    "body_too_large": "The body is longer than this service takes.",
    "unsupported_media_type": "Send the body as application/json.",
    "encoding_refused": "Send the body as it is, without a content encoding.",
    "misdirected": "This service does not answer to that host name.",
    "invalid_request": "Some fields are not as they must be; see `errors`.",
    "too_many_requests": "Too many requests; try again when Retry-After says.",
    "too_many_failures": "Too many wrong keys came from this address; try again when Retry-After says.",
    "headers_too_large": "The headers are longer than this service takes.",
    "internal_error": "The service failed; the log has the reason under this request id.",
    "unavailable": "The service cannot answer now.",
    "store_unavailable": "The index cannot be read now.",
    "interrupted": "The write was cut short; look whether it was done, and send it again if not.",
    "store_busy": "Another program is writing to the index; try again shortly.",
    "tasks_full": "Too many writes are waiting; try again shortly.",
    "too_many_connections": "Too many connections are open; try again shortly.",
    "timed_out": "The search waited too long for its turn; try again shortly.",
    "overloaded": "Too many searches are waiting; try again shortly.",
}
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ProblemError(HTTPException):
    """A request that is answered with a problem; `code` is one of DETAILS.

    It is an HTTPException because FastAPI lets only those pass while it reads a body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail=code, headers=headers)
        self.code = code
        self.errors = tuple(errors)

    def body(self, request_id: str) -> Problem:
        """The problem as it goes over the wire."""
        title = HTTPStatus(self.status_code).phrase
        return Problem(
            type=f"urn:sanad:problem:{self.code}",
            title=title,
            status=self.status_code,
            detail=DETAILS.get(self.code, title),
            code=self.code,
            errors=list(self.errors),
            request_id=request_id,
        )


def from_exception(error: Exception) -> ProblemError:
    """The problem that an exception becomes; anything unforeseen is an internal error without its text."""
    match error:
        case ProblemError():
            return error
        case RequestValidationError():
            return _invalid(error.errors())
        case HTTPException(status_code=status):
            code = CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))
            return ProblemError(status, code, headers=error.headers)
        case QueryError():
            return ProblemError(422, "invalid_request", (FieldError(field=error.field, reason=error.reason),))
        case ArticleMissingError():
            return ProblemError(404, "article_not_found")
        case StoreError():
            return ProblemError(503, "store_unavailable", headers={"Retry-After": "5"})
        case _:
            return ProblemError(500, "internal_error")


def field_errors(errors: Sequence[Any], skip: int = 0) -> tuple[FieldError, ...]:
    """Field and reason of each pydantic error, the first `skip` steps of its path left out."""
    return tuple(
        FieldError(field=_field_name(error["loc"][skip:]), reason=_reason(error))
        for error in errors[:MOST_ERRORS]
    )


def _invalid(errors: Sequence[Any]) -> ProblemError:
    if any(error["type"] == "json_invalid" for error in errors):
        return ProblemError(400, "invalid_json")
    # The first step of the path only says where the field stood: query, path, body.
    return ProblemError(422, "invalid_request", field_errors(errors, skip=1))


def _field_name(path: Sequence[str | int]) -> str:
    # An unknown field's name is the caller's text: only a plain one is named back.
    name = ".".join(str(step) for step in path)
    if not name:
        return "body"
    return name if PLAIN_NAME.fullmatch(name) else "unknown"


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such field"
    return str(error["msg"]).removeprefix("Value error, ")
