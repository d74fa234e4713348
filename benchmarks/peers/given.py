"""What every peer is given for a size, and what a peer is. Read in two environments: only NumPy is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
K = 10
"""So many answers are asked for."""
STEP = 5000
"""Passages handed over at one time, where that is the caller's choice."""


@dataclass(frozen=True, slots=True)
class Given:
    """A folder of texts and questions, the peer's own folder, and the model as a sentence-transformers folder."""

    folder: Path
    store: Path
    model: Path

    def texts(self) -> list[str]:
        """The passages; a passage's place here is its number everywhere."""
        return (self.folder / "texts.txt").read_text("utf-8").split("\n")

    def questions(self) -> list[str]:
        """The questions."""
        return (self.folder / "questions.txt").read_text("utf-8").split("\n")

    @property
    def is_embedded(self) -> bool:
        """Whether the embeddings are given; else each peer that embeds makes its own of the texts."""
        return not (self.folder / "articles").exists()

    def vectors(self) -> Rows:
        """Unit rows `(passages, dim)`, in a file that is mapped: given, or the texts' by sentence-transformers."""
        rows: Rows = np.load(self.folder / "vectors.npy", mmap_mode="r")
        return rows

    def queries(self) -> Rows:
        """The questions' embeddings `(questions, dim)`, by sentence-transformers in float32."""
        rows: Rows = np.load(self.folder / "queries.npy")
        return rows

    def wanted(self) -> list[list[int]]:
        """The numbers of the K truly nearest passages of each of the queries."""
        found: list[list[int]] = np.load(self.folder / "wanted.npy").tolist()
        return found


class Opened(Protocol):
    """A store that is open in this process."""

    def answer(self, question: str) -> Sequence[int]:
        """The numbers of the K best passages."""


class Nearest(Opened, Protocol):
    """The same, asked for vectors too."""

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the K nearest passages of an embedding `(dim,)`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question over HTTP; with a body it is posted as JSON."""

    path: str
    body: str = ""
