"""A caller over HTTP that costs next to nothing: keep-alive, one request after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks.peers.given import Request
from benchmarks.peers.measures import Figures, goes_on, spread

HOST = "127.0.0.1"
LONGEST_S = 60
"""An answer that takes longer is none: a peer that hangs ends its own measurement, not the whole run."""


class RefusedError(Exception):
    """An answer that is not 200, or none."""


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> None:
    writer.write(sent)
    try:
        async with asyncio.timeout(LONGEST_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), "")
            body = await reader.readexactly(int(length.partition(":")[2] or 0))
    except TimeoutError:
        raise RefusedError(f"no answer in {LONGEST_S} s") from None
    if head.split(" ")[1] != "200":
        raise RefusedError(f"{head.partition(chr(13))[0]}: {body[:200].decode('utf-8', 'replace')}")
    if not length:
        raise RefusedError("an answer without a length")


def _bytes(request: Request, port: int) -> bytes:
    body = request.body.encode()
    method = "POST" if body else "GET"
    extra = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {request.path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{extra}\r\n".encode() + body


async def _load(port: int, requests: Sequence[Request], clients: int, seconds: float) -> Figures:
    sent = [_bytes(request, port) for request in requests]
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller(first: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        place = first
        while goes_on(end, len(took)):
            began = time.perf_counter()
            await _ask(reader, writer, sent[place % len(sent)])
            took.append(time.perf_counter() - began)
            place += clients
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(clients)))
    return {**spread(took), "rate": len(took) / (time.perf_counter() - began), "answers": len(took)}


def load(port: int, requests: Sequence[Request], clients: int, seconds: float) -> Figures:
    """Percentiles of an answer and answers a second, of so many callers. Raises: RefusedError, OSError."""
    return asyncio.run(_load(port, requests, clients, seconds))


def once(port: int, request: Request) -> None:
    """One question on a connection of its own. Raises: RefusedError, OSError."""

    async def run() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        await _ask(reader, writer, _bytes(request, port))
        writer.close()

    asyncio.run(run())
