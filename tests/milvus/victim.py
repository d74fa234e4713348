"""The process that is killed: it writes to a store on Milvus and dies at a named point."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from index.store import create_store, open_store
from index.store.milvus import log, schema
from index.store.milvus.client import Client
from tests.index.store.corpus import ENCODER, entry


def main() -> None:
    """`victim PLACE POINT`: put an article that was there, one that is new, and delete one; or die before."""
    place, point = sys.argv[1:]
    if point == "made in part":
        _die(schema, "make", before=False)
        create_store(place, ENCODER.key)
    with open_store(place, ENCODER.key) as store:
        POINTS[point]()
        store.put([entry("a.txt", "law", "trade"), entry("new.txt", "visit")], root="/corpus")
    raise AssertionError(f"nothing killed it: {point}")


def _die(owner: Any, name: str, *, before: bool, when: Callable[..., bool] = lambda *_: True) -> None:
    real = getattr(owner, name)

    def deadly(*arguments: Any, **named: Any) -> Any:
        fatal = when(*arguments)
        if fatal and before:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments, **named)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, deadly)


def _insert(suffix: str, *, before: bool) -> None:
    _die(Client, "insert", before=before, when=lambda _, collection, *rest: collection.endswith(suffix))


def _between_parts() -> None:
    log.PART = 200  # so that the entry has many
    _insert("_log", before=False)


POINTS: dict[str, Callable[[], None]] = {
    "nothing written": lambda: _insert("_passages_1", before=True),
    "passages written": lambda: _insert("_passages_1", before=False),
    "articles written": lambda: _insert("_articles", before=False),
    "log written in part": _between_parts,
    "committed": lambda: _insert("_log", before=False),
    "made in part": lambda: None,
}

if __name__ == "__main__":
    main()
