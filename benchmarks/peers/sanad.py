"""Sanad: `sanad sync` where it embeds, its store's `put` where embeddings are given; `sanad serve` as it comes.

Its cache of questions and its rate limit are off: every question is encoded, and none is refused.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from benchmarks.peers.given import Given, K, Request, Rows

LABEL = "Sanad"
EMBEDS = True
"""It makes embeddings of texts its own way, where none are given."""
MODES = {"by meaning": "semantic", "by meaning and words": "hybrid", "by words": "lexical"}
GOES_ON = True
"""A build that was broken off is gone on with: what was put stays."""
PER_ARTICLE, PER_PUT = 20, 2000


def build(given: Given) -> None:
    """Make the store."""
    if given.is_embedded:
        _put(given)
        return
    command = [sys.executable, "-m", "index", "sync", str(given.folder / "articles")]
    jobs = ["--jobs", os.environ["OMP_NUM_THREADS"]]
    subprocess.run([*command, "--store", str(given.store), *jobs], check=True, stdout=subprocess.DEVNULL)


def _put(given: Given) -> None:
    from index.encoder import load_encoder
    from index.store.embedded import EmbeddedStore

    key = load_encoder().key
    opened = EmbeddedStore.open if given.store.exists() else EmbeddedStore.create
    with opened(given.store, key) as store:
        for entries in _entries(given, store.view().passage_count):
            store.put(entries)


def _entries(given: Given, done: int) -> Iterator[list[object]]:
    """What is not yet put, in steps."""
    from index.identity import article_id, passage_id
    from index.types import Article, Entry, Passage, Provenance

    texts, rows = given.texts(), given.vectors()
    for first in range(done, len(texts), PER_PUT):
        step: list[object] = []
        for begin in range(first, min(first + PER_PUT, len(texts)), PER_ARTICLE):
            part, name, start, passages = texts[begin : begin + PER_ARTICLE], f"made/{begin}.txt", 0, []
            key = article_id(name)
            for place, text in enumerate(part, start=1):
                passages.append(
                    Passage(passage_id(key, text, 0), key, place, start, start + len(text), text, "ar")
                )
                start += len(text) + 2
            article = Article(key, Provenance(name, "0" * 64, name, "ar"), "\n\n".join(part))
            step.append(Entry(article, tuple(passages), rows[begin : begin + len(part)]))
        yield step


class Open:
    """The store, opened for reading, in this process."""

    def __init__(self, given: Given) -> None:
        from index.encoder import load_encoder
        from index.search import Searcher
        from index.store import open_store

        self._given, self._encoder = given, load_encoder()
        store = open_store(str(given.store), self._encoder.key, read_only=True)
        self._searcher, self._view = Searcher(store, self._encoder), store.view()

    def nearest(self, query: Rows) -> Sequence[int]:
        """Rows of the nearest; a row is a passage's number and one."""
        return [candidate.row - 1 for candidate in self._view.nearest(query, K)]

    def answer(self, question: str) -> Sequence[int]:
        """How many answers there are, by meaning: their ids are not numbers."""
        from index.types import Query

        return range(len(self._searcher.search(Query(question, mode="semantic")).hits))

    def truth(self) -> tuple[Rows, list[list[int]]]:
        """Queries and what is truly nearest them: with embeddings of its own, of these."""
        if self._given.is_embedded:
            return self._given.queries(), self._given.wanted()
        from index.store.recall import exact

        queries = self._encoder.encode_queries(self._given.questions())
        return queries, [[row - 1 for row in rows] for rows in exact(self._view, queries, K)]  # type: ignore[arg-type]


def serve(given: Given, port: int) -> None:
    """`sanad serve`."""
    os.environ.update(SANAD_RATE="0", SANAD_QUERY_CACHE="0", SANAD_LOG_LEVEL="error")
    command = [sys.executable, "-m", "index", "serve", "--store", str(given.store), "--port", str(port)]
    os.execv(sys.executable, command)


def requests(given: Given, port: int) -> dict[str, list[Request]]:
    """What is asked over HTTP."""
    return {
        name: [Request(f"/v1/search?q={quote(q)}&limit={K}&mode={mode}") for q in given.questions()]
        for name, mode in MODES.items()
    }
