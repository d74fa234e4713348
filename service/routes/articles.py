"""`/v1/articles`: the articles behind the hits."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from index.identity import article_id as identity
from index.types import Filters
from service import etags
from service.fields import ArticlesFields, SimilarFields, Text
from service.openapi import problems
from service.present import article_whole, articles_page
from service.requests import exact_query
from service.routes.search import since, told
from service.schemas import ArticlesPage, ArticleWhole, SearchAnswer
from service.similar import similar
from service.state import ServiceDep

router = APIRouter(prefix="/v1/articles", tags=["articles"])

ID = re.compile(r"[0-9a-f]{16}")
ArticleName = Annotated[
    Text, Path(min_length=1, max_length=512, description="An article's id, or a source that has no slash.")
]

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


def id_of(name: str) -> str:
    """The id of the article that an address names: by its id, or by its source."""
    return name if ID.fullmatch(name) else identity(name)


@router.get(
    "/{article_id}",
    operation_id="getArticle",
    summary="Read one article",
    responses=problems(404, 422, 503) | {304: {"description": "It is still what `If-None-Match` names."}},
    response_model=ArticleWhole,
)
def get_article(
    request: Request,
    response: Response,
    article_id: ArticleName,
    service: ServiceDep,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> ArticleWhole | Response:
    """The article as stored: `text[start:end]` of each paragraph's locator is its text."""
    view = service.searcher.store.view()
    stored = view.article(id_of(article_id))
    passages = view.article_passages(stored.id)
    tag = etags.etag(stored, passages)
    if if_none_match is not None and etags.is_named(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return article_whole(stored, passages, request.scope.get("root_path", ""))


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
