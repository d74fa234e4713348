"""Articles made from sentences, with embeddings of the concept encoder: what the store's tests put in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from index.identity import article_id, passage_id
from index.types import Article, Embeddings, Entry, Lang, Passage, Provenance
from tests.fakes import ConceptEncoder

ENCODER = ConceptEncoder()


def entry(
    source: str,
    *paragraphs: str,
    publisher: str | None = None,
    published_at: str | None = None,
    lang: Lang = "en",
    heading: str | None = None,
) -> Entry:
    """One article whose passages are these paragraphs."""
    key = article_id(source)
    text = "\n\n".join(paragraphs)
    provenance = Provenance(
        source=source,
        sha256="0" * 64,
        title=f"Title of {source}",
        lang=lang,
        publisher=publisher,
        published_at=published_at,
        inferred=("title",),
    )
    passages, start = [], 0
    for number, paragraph in enumerate(paragraphs, start=1):
        passages.append(
            Passage(
                id=passage_id(key, paragraph, paragraphs[: number - 1].count(paragraph)),
                article_id=key,
                paragraph=number,
                start=start,
                end=start + len(paragraph),
                text=paragraph,
                lang=lang,
                heading=heading,
            )
        )
        start += len(paragraph) + 2
    return Entry(Article(key, provenance, text), tuple(passages), ENCODER.encode_queries(paragraphs))


def unit_rows(count: int, dim: int, seed: int) -> Embeddings:
    """Random directions, shape `(count, dim)`."""
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    unit: Embeddings = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def clustered_rows(count: int, dim: int, seed: int) -> Embeddings:
    """Directions around forty topics, as texts have them, shape `(count, dim)`."""
    topics = unit_rows(40, dim, 12345)[np.random.default_rng(seed).integers(0, 40, count)]
    rows = topics + 0.7 * unit_rows(count, dim, seed)
    unit: Embeddings = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def random_entry(
    source: str, embeddings: Embeddings, lang: Lang = "en", publisher: str | None = None
) -> Entry:
    """One article with as many passages as there are embeddings `(n, dim)`."""
    made = entry(
        source, *[f"{source} paragraph {number}" for number in range(len(embeddings))], publisher=publisher
    )
    return replace(
        made,
        passages=tuple(replace(passage, lang=lang) for passage in made.passages),
        embeddings=embeddings,
    )
