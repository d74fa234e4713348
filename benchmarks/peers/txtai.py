"""txtai, with its API: its own way from text to answer, with the same model; content kept where the texts are given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from benchmarks.peers.given import Given, K, Request, Rows

LABEL = "txtai"
EMBEDS = True
"""It makes embeddings of texts its own way, where none are given."""


def build(given: Given) -> None:
    """Its index as it comes; given embeddings go in beside no content, which it would want to embed."""
    from txtai import Embeddings

    # A path in `path` that its app is later told of; a folder is recognised by sentence-transformers' own files.
    own: dict[str, Any] = {
        "path": str(given.model),
        "method": "sentence-transformers",
        "vectors": {"trust_remote_code": True},
    }
    if not given.is_embedded:
        made = Embeddings({**own, "content": True})
        made.index((number, text) for number, text in enumerate(given.texts()))
    else:
        made = Embeddings({"method": "external", "content": False})
        made.index(_rows(given.vectors()))
        made.config.pop("transform", None)
        made.config.update(own)
    made.save(str(given.store))


def _rows(rows: Rows) -> Iterator[tuple[int, Any, None]]:
    for number, row in enumerate(rows):
        yield number, row, None


class Open:
    """Its index, loaded."""

    def __init__(self, given: Given) -> None:
        from txtai import Embeddings

        self._opened = Embeddings()
        self._opened.load(str(given.store))

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the nearest, of its ANN index alone."""
        return [int(number) for number, _ in self._opened.ann.search(query[None], K)[0]]

    def answer(self, question: str) -> Sequence[int]:
        """The numbers of the best."""
        found = self._opened.search(question, K)
        return [int(one["id"] if isinstance(one, dict) else one[0]) for one in found]


def serve(given: Given, port: int) -> None:
    """Its API, as its documentation starts it."""
    import uvicorn

    settings = given.store.with_suffix(".yml")
    settings.write_text(f"path: {given.store}\nwritable: false\nembeddings:\n", "utf-8")
    os.environ["CONFIG"] = str(settings)
    uvicorn.run("txtai.api:app", host="127.0.0.1", port=port, log_level="warning")


def requests(given: Given, port: int) -> dict[str, list[Request]]:
    """What is asked over HTTP."""
    return {"": [Request(f"/search?query={quote(question)}&limit={K}") for question in given.questions()]}
