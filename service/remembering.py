"""An encoder that remembers the questions asked last: a page that is turned or shared is not encoded again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from index.types import Embeddings, Encoder, EncoderKey


class RememberingEncoder:
    """Another encoder, the embeddings of its last `most` questions kept; safe to call from several threads."""

    def __init__(
        self, encoder: Encoder, most: int, on_query: Callable[[bool], None] = lambda known: None
    ) -> None:
        self._encoder, self._most, self._on_query = encoder, most, on_query
        self._kept: OrderedDict[str, Embeddings] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def key(self) -> EncoderKey:
        """The encoder's."""
        return self._encoder.key

    @property
    def max_tokens(self) -> int:
        """The encoder's."""
        return self._encoder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The encoder's."""
        return self._encoder.count_tokens(texts)

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """The encoder's; nothing is kept."""
        return self._encoder.encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order, those of questions asked before from memory."""
        rows = np.zeros((len(texts), self.key.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._row(text)
        return rows

    def _row(self, text: str) -> Embeddings:
        with self._lock:
            kept = self._kept.get(text)
            if kept is not None:
                self._kept.move_to_end(text)
        self._on_query(kept is not None)
        if kept is not None:
            return kept
        row: Embeddings = self._encoder.encode_queries([text])[0]
        with self._lock:
            self._kept[text] = row
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return row
