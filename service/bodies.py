"""Bodies on their way in: not too long, not too slow, JSON not too deep. Nothing of more is kept than may come."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth import path_of
from service.problems import ProblemError

DEEPEST = 32
"""Objects and lists within each other; the wire itself needs four."""
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")
CLOSE = {"Connection": "close"}


class Bodies:
    """ASGI middleware around what reads bodies: at most `most` bytes within `seconds`, and what `large` says elsewhere.

    JSON is held until it is whole, so that its depth is known before anything parses it.
    """

    def __init__(
        self, app: ASGIApp, most: int, seconds: float, large: Mapping[str, tuple[int, float]]
    ) -> None:
        self._app, self._usual, self._large = app, (most, seconds), large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        is_json = declares_json(headers)
        path = path_of(scope)
        most, seconds = self._usual if is_json else self._large.get(path, self._usual)
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or len(declared) > 18 or int(declared) > most:
            # The rest of the body is never read, so the connection cannot be used again.
            raise ProblemError(413, "body_too_large", headers=CLOSE)
        bounded = _bounded(receive, most, seconds)
        if is_json:
            bounded = _replayed(await _whole(bounded), receive)
        await self._app(scope, bounded, send)


def declares_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is said to be JSON, whatever its character set."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json"


def depth(json: bytes) -> int:
    """How deep lists and objects lie within each other, at most one more than `DEEPEST`; 0 for a bare value."""
    return max(_depths(json), default=0)


def _depths(json: bytes) -> Iterator[int]:
    level = 0
    for bracket in BRACKETS.finditer(STRINGS.sub(b"", json)):
        level += 1 if bracket[0] in b"[{" else -1
        yield level
        if level > DEEPEST:
            return


def _bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """The same, until more has come than may or it took too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    received = 0
    is_over = False

    async def bounded() -> Message:
        nonlocal received, is_over
        if is_over:  # now it only tells when the caller leaves
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), deadline - loop.time())
        except TimeoutError:
            raise ProblemError(408, "too_slow", headers=CLOSE) from None
        received += len(message.get("body", b""))
        if received > most:
            raise ProblemError(413, "body_too_large", headers=CLOSE)
        is_over = not message.get("more_body", False)
        return message

    return bounded


async def _whole(receive: Receive) -> Message:
    """The body in one message. Raises: ProblemError: it is too deep (400)."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    if depth(body) > DEEPEST:
        raise ProblemError(400, "json_too_deep")
    return {"type": "http.request", "body": body, "more_body": False}


def _replayed(message: Message, receive: Receive) -> Receive:
    waiting = [message]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
