"""`/v1/articles`: the articles behind the hits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from index.types import Filters
from service.fields import ArticlesFields
from service.openapi import problems
from service.present import article_whole, articles_page
from service.requests import exact_query
from service.schemas import ArticlesPage, ArticleWhole
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
