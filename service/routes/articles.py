"""`/v1/articles`: the articles behind the hits."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from index.types import Filters
from service.fields import ArticlesFields, SimilarFields
from service.openapi import problems
from service.present import article_whole, articles_page
from service.requests import exact_query
from service.routes.search import since, told
from service.schemas import ArticlesPage, ArticleWhole, SearchAnswer
from service.similar import similar
from service.state import ServiceDep

router = APIRouter(prefix="/v1/articles", tags=["articles"])

# Plain functions: reading the store blocks, so Starlette runs these in its threads.


@router.get(
    "",
    operation_id="listArticles",
    summary="List articles",
    dependencies=[Depends(exact_query)],
    responses=problems(422, 503),
)
def list_articles(fields: Annotated[ArticlesFields, Query()], service: ServiceDep) -> ArticlesPage:
    """Articles ordered by source, each with the number of its paragraphs."""
    filters = Filters(source=fields.source, publisher=fields.publisher)
    listed, total = service.searcher.store.view().articles(fields.limit, fields.offset, filters)
    return articles_page(fields, listed, total)


@router.get(
    "/{article_id}",
    operation_id="getArticle",
    summary="Read one article",
    responses=problems(404, 503),
)
def get_article(request: Request, article_id: str, service: ServiceDep) -> ArticleWhole:
    """The article as stored: `text[start:end]` of each paragraph's locator is its text."""
    view = service.searcher.store.view()
    stored = view.article(article_id)
    return article_whole(stored, view.article_passages(article_id), request.scope.get("root_path", ""))


@router.get(
    "/{article_id}/similar",
    operation_id="similarParagraphs",
    summary="Find paragraphs like one of this article",
    dependencies=[Depends(exact_query)],
    responses=problems(404, 422, 503),
)
async def similar_paragraphs(
    request: Request, article_id: str, fields: Annotated[SimilarFields, Query()], service: ServiceDep
) -> SearchAnswer:
    """Paragraphs of other articles, nearest first."""
    began = time.perf_counter()
    answer = await service.gate.run(partial(similar, service.searcher, article_id, fields))
    return told(request, service, answer, since(began))
