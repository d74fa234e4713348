"""bm25s, in the process: words alone, no stems and no stop words, its index mapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.given import Given, K

LABEL = "bm25s, words alone"


def _tokens(texts: list[str]) -> Any:
    import bm25s

    return bm25s.tokenize(texts, stopwords=None, show_progress=False)


def build(given: Given) -> None:
    """Tokenise, index, save."""
    import bm25s

    index = bm25s.BM25()
    index.index(_tokens(given.texts()), show_progress=False)
    index.save(str(given.store))


class Open:
    """Its index, mapped."""

    def __init__(self, given: Given) -> None:
        import bm25s

        self._index = bm25s.BM25.load(str(given.store), mmap=True)

    def answer(self, question: str) -> Sequence[int]:
        """The numbers of the best."""
        found, _ = self._index.retrieve(_tokens([question]), k=K, show_progress=False)
        return [int(number) for number in found[0]]
