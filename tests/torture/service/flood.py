"""A crowd that asks and asks: a program of its own, so that it does not share an interpreter with the test.

`python flood.py HOST PORT SECONDS CALLERS PAUSE KEY` prints one JSON object: answers by status, refusals without
`Retry-After`, failures, and the milliseconds of each answer that was no refusal.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

WORDS = (
    "minerals",
    "jets",
    "summit",
    "water",
    "trade",
    "law",
    "visit",
    "المعادن",
    "قمة",
    "طائرات",
    "الصين",
    "rail",
)


@dataclass
class Tally:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    without_retry: int = 0
    served_ms: list[float] = field(default_factory=list)


async def caller(host: str, port: int, until: float, pause: float, key: str, tally: Tally) -> None:
    """Ask on one connection until the time is over; connect again when it is closed."""
    chance = random.Random()
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            while time.monotonic() < until:
                began = time.monotonic()
                await ask(reader, writer, " ".join(chance.choices(WORDS, k=6)), key, tally, began)
                if pause:
                    await asyncio.sleep(pause * chance.random() * 2)
        except (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError) as error:
            # An idle connection may be closed just as the next question is sent: any client asks again then.
            whole = not getattr(error, "partial", b"")
            tally.statuses["reconnected" if whole else "broken"] += 1
        except OSError:
            tally.statuses["no connection"] += 1
            await asyncio.sleep(0.05)


async def ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    words: str,
    key: str,
    tally: Tally,
    began: float,
) -> None:
    """One question and its answer."""
    body = json.dumps({"q": words}).encode()
    writer.write(
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" % (key.encode(), len(body), body)
    )
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(None, 2)[1].decode()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    tally.statuses[status] += 1
    if status == "200":
        tally.served_ms.append(round((time.monotonic() - began) * 1000, 1))
    elif b"retry-after:" not in head:
        tally.without_retry += 1


async def main(host: str, port: str, seconds: str, callers: str, pause: str, key: str) -> None:
    """All of them at once."""
    tally, until = Tally(), time.monotonic() + float(seconds)
    await asyncio.gather(
        *(caller(host, int(port), until, float(pause), key, tally) for _ in range(int(callers)))
    )
    told = {"statuses": tally.statuses, "without_retry": tally.without_retry, "served_ms": tally.served_ms}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
