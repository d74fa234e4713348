"""Names that stay: the id of an article, the id of a passage, the digest of all that is stored of an article."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from index.types import Article, Passage


def article_id(source: str) -> str:
    """16 hex digits that depend on the source alone, so an edited article keeps its id."""
    return _hex("article", source)


def passage_id(article: str, text: str, occurrence: int) -> str:
    """16 hex digits for the `occurrence`-th passage (from 0) of this text in this article.

    A paragraph inserted above changes no id; only the same text twice in one article needs the occurrence.
    """
    return _hex("passage", article, text, str(occurrence))


def digest(article: Article, passages: Sequence[Passage]) -> str:
    """SHA-256 in hex of everything stored but the embeddings: equal digests, nothing to write."""
    stored = [asdict(article), [asdict(passage) for passage in passages]]
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()


def _hex(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
