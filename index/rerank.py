"""Reranking with a cross-encoder, for those who can afford it: any of sentence-transformers', within a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from index.errors import EncoderError

DEPTH = 30
"""So many of the first hits are reranked."""

SECONDS = 2.0
"""No batch is begun after so long."""

BATCH = 4


class CrossEncoder(Protocol):
    """What is needed of `sentence_transformers.CrossEncoder`."""

    def predict(self, pairs: list[tuple[str, str]]) -> Sequence[float]: ...


class Reranker:
    """Orders passages by a cross-encoder's scores, best first, as many as there is time for."""

    def __init__(
        self,
        model: CrossEncoder,
        depth: int = DEPTH,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.depth = depth
        self._model, self._seconds, self._clock = model, seconds, clock

    @classmethod
    def load(cls, name: str, depth: int = DEPTH, seconds: float = SECONDS) -> Reranker:
        """The cross-encoder of this name or folder.

        Raises: EncoderError: sentence-transformers is not installed, or the model cannot be loaded.
        """
        try:
            from sentence_transformers import CrossEncoder as Model
        except ImportError as error:
            raise EncoderError(
                "reranking needs sentence-transformers; install sanad-search[models]"
            ) from error
        try:
            return cls(Model(name), depth, seconds)
        except Exception as error:  # transformers and hub clients each have their own
            raise EncoderError(f"cannot load the cross-encoder {name}: {error}") from error

    def order(self, question: str, passages: Sequence[str]) -> list[int]:
        """The places of the passages that were scored in time, best first, ties by place: all, or the first few."""
        end = self._clock() + self._seconds
        scores: list[float] = []
        while len(scores) < len(passages) and self._clock() < end:
            batch = passages[len(scores) : len(scores) + BATCH]
            scores += [float(score) for score in self._model.predict([(question, text) for text in batch])]
        return sorted(range(len(scores)), key=lambda place: -scores[place])
