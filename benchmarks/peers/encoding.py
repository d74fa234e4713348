"""The model in torch, by sentence-transformers, as its documentation shows it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.peers.given import Given, Rows


@cache
def model(folder: Path) -> Any:
    """The model, loaded once."""
    from sentence_transformers import SentenceTransformer

    # The folder that `sanad model export` writes has a module of ours.
    return SentenceTransformer(str(folder), device="cpu", trust_remote_code=True)


def encode(folder: Path, texts: Sequence[str]) -> Rows:
    """Unit rows `(len(texts), dim)`, in batches of 32, which is its default."""
    rows: Rows = model(folder).encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return rows


def embeddings(given: Given) -> Rows:
    """The passages' embeddings: as given, or made here."""
    return given.vectors() if given.is_embedded else encode(given.model, given.texts())
