"""The script most people would write: sentence-transformers in torch, a flat FAISS index, FastAPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from benchmarks.peers.encoding import embeddings, encode
from benchmarks.peers.given import Given, K, Request, Rows

LABEL = "script: sentence-transformers, FAISS flat, FastAPI"
EMBEDS = True
"""It makes embeddings of texts its own way, where none are given."""


def build(given: Given) -> None:
    """Embed, add, write."""
    import faiss

    rows = embeddings(given)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    given.store.mkdir()
    faiss.write_index(index, str(given.store / "index.faiss"))
    (given.store / "texts.txt").write_text("\n".join(given.texts()), "utf-8")


class Open:
    """The index and the texts, in memory."""

    def __init__(self, given: Given) -> None:
        import faiss

        self._given = given
        self._index: Any = faiss.read_index(str(given.store / "index.faiss"))
        self.texts = (given.store / "texts.txt").read_text("utf-8").split("\n")

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the nearest."""
        return self.found(query)[1]

    def found(self, query: Rows) -> tuple[list[float], list[int]]:
        """Their scores and numbers."""
        scores, numbers = self._index.search(query[None], K)
        return scores[0].tolist(), numbers[0].tolist()

    def answer(self, question: str) -> Sequence[int]:
        """The question embedded, and the numbers of the nearest."""
        return self.nearest(encode(self._given.model, [question])[0])


def serve(given: Given, port: int) -> None:
    """`GET /search?q=…` until told to stop."""
    import uvicorn
    from fastapi import FastAPI

    opened, app = Open(given), FastAPI()

    @app.get("/search")
    def search(q: str, k: int = K) -> list[dict[str, Any]]:
        scores, numbers = opened.found(encode(given.model, [q])[0])
        return [
            {"id": number, "score": score, "text": opened.texts[number]}
            for score, number in zip(scores, numbers, strict=True)
        ]

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def requests(given: Given, port: int) -> dict[str, list[Request]]:
    """What is asked over HTTP."""
    return {"": [Request(f"/search?q={quote(question)}") for question in given.questions()]}
