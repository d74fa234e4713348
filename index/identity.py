"""Names that stay: the id of an article, the id of a passage, the digest of all that is stored of an article."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from index.types import Article, Passage


def article_id(source: str) -> str:
    """The first 16 hex digits of the source's SHA-256: an edited article keeps its id, and scripts can compute it."""
    return _sha256(source)[:16]


def passage_id(article: str, text: str, occurrence: int) -> str:
    """16 hex digits for the `occurrence`-th passage (from 0) of this text in the article of this id.

    A paragraph inserted above changes no id; only the same text twice in one article needs the occurrence.
    """
    return _sha256(f"{article}\0{text}\0{occurrence}")[:16]


def digest(article: Article, passages: Sequence[Passage]) -> str:
    """SHA-256 in hex of everything stored but the embeddings: equal digests, nothing to write."""
    stored = [asdict(article), [asdict(passage) for passage in passages]]
    return _sha256(json.dumps(stored, sort_keys=True))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
