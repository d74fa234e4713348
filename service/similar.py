"""Paragraphs of other articles that say something like a given one."""

from __future__ import annotations

from dataclasses import replace

from index.search import Searcher
from index.types import Answer, Query
from service.fields import MOST_HITS, SimilarFields
from service.problems import ProblemError


def similar(searcher: Searcher, article_id: str, fields: SimilarFields) -> Answer:
    """The paragraphs nearest to this one, best first, none of its own article.

    Raises: ArticleMissingError: there is no such article. ProblemError: it has no such paragraph (404).
    """
    view = searcher.store.view()
    view.article(article_id)
    for passage in view.article_passages(article_id):
        if passage.paragraph == fields.paragraph:
            break
    else:
        raise ProblemError(404, "paragraph_not_found")
    answer = searcher.search(Query(text=passage.text, limit=MOST_HITS, mode="semantic", lang=None))
    others = [hit for hit in answer.hits if hit.passage.article_id != article_id][: fields.limit]
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(others, start=1))
    # A paragraph asks nothing, so whether it is answered means nothing.
    return replace(answer, hits=ranked, answerable=None)
