"""From the library's nouns to the wire's: answers, hits, articles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from index.pages import page_at
from index.types import Answer, EncoderKey, Filters, Passage, Provenance, Query
from index.types import Article as StoredArticle
from index.types import Hit as StoredHit
from service import schemas as wire
from service.bidi import dir_of
from service.citations import citation, web_url
from service.fields import ArticlesFields, SearchFields

REMEMBERED = 1000
"""Articles and citations that are kept as they go over the wire: the same ones come again and again."""


def query_of(fields: SearchFields) -> Query:
    """The library's query for a request."""
    return Query(
        text=fields.q,
        limit=fields.limit,
        offset=fields.offset,
        mode=fields.mode,
        lang=None if fields.lang == "auto" else fields.lang,
        filters=Filters(
            source=fields.source,
            publisher=fields.publisher,
            lang=fields.passage_lang,
            date_from=fields.date_from,
            date_to=fields.date_to,
        ),
        min_relevance=fields.min_relevance,
        group_by=fields.group_by,
        rerank=fields.rerank,
    )


def search_answer(
    answer: Answer, key: EncoderKey, *, request_id: str, took_ms: float, base: str
) -> wire.SearchAnswer:
    """The answer as it goes over the wire; `base` is the prefix that links start with."""
    return wire.SearchAnswer(
        request_id=request_id,
        query_lang=answer.query_lang,
        mode=answer.mode,
        took_ms=round(took_ms, 2),
        answerable=answer.answerable,
        model=wire.ModelRef(id=key.id, revision=key.revision),
        index=wire.IndexRef(revision=answer.revision, passages=answer.passages),
        hits=[hit(found, base) for found in answer.hits],
        reranked=answer.reranked,
        notice=answer.notice,
    )


def hit(found: StoredHit, base: str) -> wire.Hit:
    """One ranked paragraph with the chain back to its article."""
    passage = found.passage
    return wire.Hit(
        id=passage.id,
        rank=found.rank,
        score=found.score,
        relevance=found.relevance,
        lang=passage.lang,
        dir=dir_of(passage.lang),
        text=passage.text,
        highlights=[wire.Mark(start=span.start, end=span.end) for span in found.highlights],
        article=article(passage.article_id, found.provenance),
        locator=locator(passage, base, found.page),
        citation=cited(found.provenance, passage.paragraph, found.page),
        also_in=[article(article_id, provenance) for article_id, provenance in found.also_in],
    )


@lru_cache(maxsize=REMEMBERED)
def cited(provenance: Provenance, paragraph: int | None, page: int | None = None) -> wire.Citation:
    """The citation in both languages."""
    return wire.Citation(
        ar=citation(provenance, paragraph, "ar", page),
        en=citation(provenance, paragraph, "en", page),
    )


def locator(passage: Passage, base: str, page: int | None) -> wire.Locator:
    """Where the passage stands in its article."""
    return wire.Locator(
        heading=passage.heading,
        paragraph=passage.paragraph,
        start=passage.start,
        end=passage.end,
        href=f"{base}/articles/{quote(passage.article_id, safe='')}#p{passage.paragraph}",
        page=page,
    )


@lru_cache(maxsize=REMEMBERED)
def article(article_id: str, provenance: Provenance) -> wire.Article:
    """The article's provenance, without its text."""
    return wire.Article(**_provenance(article_id, provenance))


def article_listed(article_id: str, provenance: Provenance, passages: int) -> wire.ArticleListed:
    """An article as it stands in a list."""
    return wire.ArticleListed(**_provenance(article_id, provenance), lang=provenance.lang, passages=passages)


def article_whole(stored: StoredArticle, passages: Sequence[Passage], base: str) -> wire.ArticleWhole:
    """The article with its text and paragraphs."""
    return wire.ArticleWhole(
        **_provenance(stored.id, stored.provenance),
        lang=stored.provenance.lang,
        text=stored.text,
        passages=[
            wire.PassageOut(
                id=passage.id,
                text=passage.text,
                lang=passage.lang,
                dir=dir_of(passage.lang),
                locator=locator(passage, base, page_at(stored.text, passage.start)),
            )
            for passage in passages
        ],
    )


def articles_page(
    fields: ArticlesFields, listed: list[tuple[str, Provenance, int]], total: int
) -> wire.ArticlesPage:
    """A page of the list and where the next one starts."""
    end = fields.offset + len(listed)
    return wire.ArticlesPage(
        articles=[article_listed(*one) for one in listed],
        total=total,
        next_offset=end if listed and end < total else None,
    )


def _provenance(article_id: str, provenance: Provenance) -> dict[str, Any]:
    return {
        "id": article_id,
        "title": provenance.title,
        "publisher": provenance.publisher,
        "author": provenance.author,
        "section": provenance.section,
        "published_at": provenance.published_at[:10] if provenance.published_at else None,
        "source": provenance.source,
        "url": web_url(provenance.url),
        "sha256": provenance.sha256,
        "inferred": list(provenance.inferred),
    }
