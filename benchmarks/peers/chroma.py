"""Chroma: in the process for questions as text, and its own server, which takes vectors."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.encoding import encode
from benchmarks.peers.given import Given, K, Request, Rows

LABEL = "Chroma"
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
STEP = 5000
"""Its largest batch is 5,461."""
TAKES_VECTORS = True


def _client(given: Given) -> Any:
    import chromadb

    return chromadb.PersistentClient(str(given.store), chromadb.Settings(anonymized_telemetry=False))


def build(given: Given) -> None:
    """A collection of cosines, otherwise as it comes."""
    rows, texts = given.vectors(), given.texts()
    made = _client(given).create_collection(
        "passages", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    for start in range(0, len(texts), STEP):
        part = texts[start : start + STEP]
        names = [str(number) for number in range(start, start + len(part))]
        made.add(ids=names, documents=part, embeddings=rows[start : start + STEP])


class Open:
    """Its collection."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._opened = _client(given).get_collection("passages", embedding_function=None)

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the nearest, their texts read too."""
        return [int(name) for name in self._opened.query(query_embeddings=query[None], n_results=K)["ids"][0]]

    def answer(self, question: str) -> Sequence[int]:
        """The question embedded, and the numbers of the nearest."""
        return self.nearest(encode(self._given.model, [question])[0])


def serve(given: Given, port: int) -> None:
    """`chroma run`."""
    command = Path(sys.executable).parent / "chroma"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.execv(
        command,
        [str(command), "run", "--path", str(given.store), "--host", "127.0.0.1", "--port", str(port)],
    )


def requests(given: Given, port: int) -> dict[str, list[Request]]:
    """What is asked over HTTP: embeddings, made beforehand."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{COLLECTIONS}/passages") as reply:
        path = f"{COLLECTIONS}/{json.load(reply)['id']}/query"
    bodies = [{"query_embeddings": [query.tolist()], "n_results": K} for query in given.queries()]
    return {"its server, vectors given": [Request(path, json.dumps(body)) for body in bodies]}
