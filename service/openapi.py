"""The service's description of itself: OpenAPI 3.1 with its errors as they really are."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from service import examples
from service.auth import scope_needed
from service.problems import CODES, DETAILS, MEDIA_TYPE
from service.schemas import Problem

REFERENCE = "#/components/schemas/{model}"
STATUSES = {
    400: "bad_request",
    404: "article_not_found",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    503: "overloaded",
}


class DescribedAPI(FastAPI):
    """FastAPI whose document tells of problems instead of FastAPI's own error shape."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if not self.openapi_schema:
            document = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
            )
            schemas = document["components"]["schemas"]
            schemas.update(
                models_json_schema([(Problem, "serialization")], ref_template=REFERENCE)[1]["$defs"]
            )
            _drop_automatic_422(document)
            _add_examples(document)
            _add_keys(document)
            self.openapi_schema = document
        return self.openapi_schema


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these statuses; 500 always may."""
    return {status: _response(status) for status in (*statuses, 500)}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _drop_automatic_422(document: dict[str, Any]) -> None:
    # FastAPI adds its own 422 to every operation with a parameter, also where nothing can be invalid.
    for operation in _operations(document):
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _add_examples(document: dict[str, Any]) -> None:
    # Not through FastAPI, which would drop what is null in them.
    for operation in _operations(document):
        for part, known in (
            (operation.get("requestBody", {}), examples.REQUESTS),
            *((operation["responses"].get(status, {}), examples.ANSWERS) for status in ("200", "201", "202")),
        ):
            content = part.get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            if name in known:
                content["example"] = known[name]


def _add_keys(document: dict[str, Any]) -> None:
    """Which key each operation needs, and that any of them may answer with a problem."""
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key made by `sanad keys create`."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    problem = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"]["default"] = {"description": "A problem.", "content": problem}
            if scope := scope_needed(method.upper(), path):
                operation["security"] = [{"bearer": [scope]}, {"header": [scope]}]
                for status in (401, 403, 429):
                    operation["responses"].setdefault(str(status), _response(status))


def _response(status: int) -> dict[str, Any]:
    code = STATUSES.get(status, CODES[status])
    errors = (
        [{"field": "limit", "reason": "Input should be less than or equal to 50"}] if status == 422 else []
    )
    example = {
        "type": f"urn:sanad:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": DETAILS[code],
        "code": code,
        "errors": errors,
        "request_id": "0d3c8a5f4d0b4b7e9d0a6a4f3f1c2b1a",
    }
    schema = {"$ref": REFERENCE.format(model="Problem")}
    return {"description": DETAILS[code], "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
