"""How nouns lie in a database: articles, passages and embeddings to rows and back, each with its checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from index.errors import StoreDamagedError
from index.types import Article, Embeddings, Passage, Provenance, Span

Codes: TypeAlias = npt.NDArray[np.float16]
"""Embeddings as stored, shape `(n, dim)`: float16, two bytes a dimension."""

PROVENANCE = "source, sha256, title, lang, publisher, author, section, published_at, url, inferred"
PASSAGE = 'id, paragraph, start, "end", text, lang, heading'


_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def checksum(*fields: object) -> int:
    """CRC-32 of these fields as JSON: any one flipped byte changes it."""
    return zlib.crc32(_as_json(fields).encode("utf-8", "surrogatepass"))


def article_fields(article: Article) -> tuple[str | None, ...]:
    """The values of `PROVENANCE`, text and headings."""
    of = article.provenance
    return (
        *(
            of.source,
            of.sha256,
            of.title,
            of.lang,
            of.publisher,
            of.author,
            of.section,
            of.published_at,
            of.url,
        ),
        json.dumps(of.inferred),
        article.text,
        json.dumps([[span.start, span.end] for span in article.headings]),
    )


def provenance_of(fields: Sequence[Any]) -> Provenance:
    """Provenance from the values of `PROVENANCE`."""
    source, sha256, title, lang, publisher, author, section, published_at, url, inferred = fields
    names = tuple(json.loads(inferred))
    return Provenance(source, sha256, title, lang, publisher, author, section, published_at, url, names)


def article_of(article_id: str, fields: Sequence[Any]) -> Article:
    """An article from what `article_fields` gave."""
    *provenance, text, headings = fields
    spans = tuple(Span(start, end) for start, end in json.loads(headings))
    return Article(article_id, provenance_of(provenance), text, spans)


def passage_fields(passage: Passage) -> tuple[str | int | None, ...]:
    """The values of `PASSAGE`."""
    return (
        passage.id,
        passage.paragraph,
        passage.start,
        passage.end,
        passage.text,
        passage.lang,
        passage.heading,
    )


def passage_of(article_id: str, fields: Sequence[Any]) -> Passage:
    """A passage from the values of `PASSAGE`."""
    passage_id, *rest = fields
    return Passage(passage_id, article_id, *rest)


def checked(what: str, fields: Sequence[Any], crc: int) -> Sequence[Any]:
    """The fields, if they are those that were written. Raises: StoreDamagedError: they are not."""
    if checksum(*fields) != crc:
        raise StoreDamagedError(f"{what} is damaged: its checksum does not hold; run `sanad verify`")
    return fields


def to_codes(embeddings: Embeddings) -> Codes:
    """Embeddings as they are stored."""
    return np.ascontiguousarray(embeddings, dtype=np.float16)


def from_codes(codes: Codes) -> Embeddings:
    """The unit vectors that stored codes stand for: widened, then made unit again."""
    wide = codes.astype(np.float64)
    unit: Embeddings = (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)
    return unit


def code_row(row: int, code: npt.NDArray[np.float16]) -> tuple[int, bytes, int]:
    """Row, blob and checksum, as an embedding table takes them."""
    blob = code.tobytes()
    return row, blob, code_crc(row, blob)


def code_crc(row: int, blob: bytes) -> int:
    """CRC-32 of a code and of the row it belongs to."""
    return zlib.crc32(blob, row & 0xFFFFFFFF)


def codes_of(found: Sequence[tuple[int, bytes, int]], dim: int) -> Codes:
    """Codes `(len(found), dim)` of rows as `code_row` made them. Raises: StoreDamagedError: a checksum fails."""
    for row, blob, crc in found:
        if len(blob) != 2 * dim or zlib.crc32(blob, row & 0xFFFFFFFF) != crc:
            raise StoreDamagedError(f"the embedding of passage row {row} is damaged; run `sanad verify`")
    joined = b"".join([blob for _, blob, _ in found])
    return np.frombuffer(joined, dtype=np.float16).reshape(len(found), dim)


def passage_sum(
    rows: npt.NDArray[np.int64], articles: npt.NDArray[np.int64], langs: npt.NDArray[np.int8]
) -> int:
    """A sum, the same in any order, over what a view holds of passages; one wrong value anywhere changes it."""
    mixed = (
        rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        ^ articles.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        ^ langs.astype(np.uint64) * np.uint64(0x165667B19E3779F9)
    )
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xD6E8FEB86659FD93)
    return int((mixed ^ (mixed >> np.uint64(32))).sum(dtype=np.uint64)) & MASK


def article_sum(articles: Iterable[tuple[int, str | None, str | None]]) -> int:
    """The same for articles: over `(key, publisher, published_at)`."""
    return sum(checksum(*fields) * 0x9E3779B1 for fields in articles) & MASK


MASK = (1 << 62) - 1
"""Sums are kept modulo 2^62, which SQLite's signed integers hold."""
