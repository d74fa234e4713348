"""Checks of a request that stand before its fields: an exact query string, a JSON body.

They are coroutines so that they run where they are asked for: a plain function would get a thread of its own.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import unquote_to_bytes

from fastapi import Request

from service.bodies import declares_json
from service.problems import ProblemError
from service.schemas import FieldError


async def json_only(request: Request) -> None:
    """Raises: ProblemError: the body is not declared as JSON (415)."""
    if not declares_json(dict(request.headers.raw)):
        raise ProblemError(415, "unsupported_media_type", headers={"Accept-Post": "application/json"})


async def exact_query(request: Request) -> None:
    """Raises: ProblemError: the query string is not UTF-8, or gives a field twice (422)."""
    # Starlette would replace bad bytes in silence and keep the last of two values.
    raw = request.scope["query_string"]
    for pair in raw.split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise ProblemError(422, "invalid_request", [_error(name, "must be UTF-8")]) from None
    names = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in names.items():
        if times > 1:
            raise ProblemError(422, "invalid_request", [_error(name.encode(), "must be given once")])


def _error(name: bytes, reason: str) -> FieldError:
    plain = name.decode("ascii", "replace")
    return FieldError(field=plain if plain.isidentifier() and plain.isascii() else "unknown", reason=reason)
