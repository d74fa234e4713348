"""How articles and passages lie in Milvus' rows, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from index.arabic import words
from index.duplicates import bands, telling
from index.errors import StoreError
from index.store.columns import day_number
from index.store.milvus import wording
from index.store.milvus.client import Row
from index.store.milvus.names import KEY, NAME, NO_VECTOR, TEXT
from index.store.records import Codes, article_fields, article_of, provenance_of
from index.types import Article, Entry, Passage, Provenance

BODY = 15_000
"""Characters of a part of an article."""

HEAD = ("key", "id", "version", "part", "added", "root", "digest", "passages", "publisher", "record")
"""What is read of an article's first part, its text aside."""
PASSAGE = (
    *("row", "id", "article", "added", "paragraph", "start", "stop", "text", "lang", "heading"),
    *("words", "size", "said", "bands"),
)
"""What is read of a passage, its embedding aside."""
FILTERED = ("source", "publisher", "day")
"""What a passage has of its article, to be filtered by."""


def optional(value: str | None) -> str:
    """A text that may be none: Milvus has no NULL before 2.5."""
    return "" if value is None else f"={value}"


def article_rows(entry: Entry, version: int, added: int, root: int, digest: str) -> list[Row]:
    """The rows of a version of an article, one a part. Raises: StoreError: a field is longer than Milvus keeps."""
    article, of = entry.article, entry.article.provenance
    *provenance, text, headings = article_fields(article)
    body = json.dumps([text, headings], ensure_ascii=False)
    pieces = [body[start : start + BODY] for start in range(0, len(body), BODY)]
    rows = [
        {
            "key": f"{of.source}\x01{version:016x}{part:08x}",
            "id": article.id,
            "version": version,
            "part": part,
            "added": added,
            "root": root,
            "digest": digest,
            "passages": len(entry.passages),
            "source": of.source,
            "publisher": optional(of.publisher),
            "lang": of.lang,
            "day": day_number(of.published_at),
            "record": "" if part else json.dumps(provenance, ensure_ascii=False),
            "body": piece,
            "vector": NO_VECTOR,
        }
        for part, piece in enumerate(pieces)
    ]
    _check(rows[0], f"article {article.id}", {"key": KEY, "id": NAME, "publisher": KEY, "record": TEXT})
    return rows


def passage_row(entry: Entry, place: int, code: Codes) -> Row:
    """The row of an entry's passage with its stored code `(dim,)`, but for its number and the commit that adds it.

    Raises: StoreError: a field is longer than Milvus keeps.
    """
    passage, of = entry.passages[place], entry.article.provenance
    found = words(passage.text)
    told = telling(passage.text, found)
    kept = wording.of(found, words(passage.heading or ""), _title_words(of.title))
    made = {
        "id": passage.id,
        "article": passage.article_id,
        "lang": passage.lang,
        "source": of.source,
        "publisher": optional(of.publisher),
        "day": day_number(of.published_at),
        "paragraph": passage.paragraph,
        "start": passage.start,
        "stop": passage.end,
        "size": kept.size,
        "said": int.from_bytes(told.digest[:8], "big", signed=True),
        "bands": np.array(bands(told), dtype="<i4").tobytes().hex(),
        # What is longer than a field is read from the article.
        "text": passage.text if len(passage.text.encode("utf-8", "surrogatepass")) <= TEXT else "",
        "heading": optional(passage.heading),
        "words": kept.text,
        "embedding": code.astype(np.float32),
    }
    _check(made, f"article {passage.article_id}", {"id": NAME, "article": NAME, "heading": TEXT})
    return made


_title_words = lru_cache(maxsize=256)(words)
"""A title is met once for every passage of its article."""


def provenance(row: Row) -> Provenance:
    """From an article's first part."""
    return provenance_of(json.loads(row["record"]))


def article(parts: Sequence[Row]) -> Article:
    """From all parts of a version, in order."""
    text, headings = json.loads("".join(part["body"] for part in parts))
    return article_of(parts[0]["id"], [*json.loads(parts[0]["record"]), text, headings])


def passage(row: Row) -> Passage:
    """From a passage's row whose text fits it."""
    return Passage(
        id=row["id"],
        article_id=row["article"],
        paragraph=row["paragraph"],
        start=row["start"],
        end=row["stop"],
        text=row["text"],
        lang=row["lang"],
        heading=row["heading"][1:] if row["heading"] else None,
    )


def codes(rows: Sequence[Row], dim: int) -> Codes:
    """The stored codes `(n, dim)` of rows with their embeddings."""
    if not rows:
        return np.zeros((0, dim), dtype=np.float16)
    return np.array([row["embedding"] for row in rows], dtype=np.float32).astype(np.float16)


def _check(row: dict[str, Any], whose: str, limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        size = len(row[name].encode("utf-8", "surrogatepass"))
        if size > limit:
            raise StoreError(f"{whose}: its {name} has {size:,} bytes, Milvus keeps {limit:,}")
