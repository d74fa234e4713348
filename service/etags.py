"""Entity tags: what an article is now, in the form of RFC 9110 §8.8.3, and the conditions that name it."""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import ArticleMissingError
from index.identity import digest
from index.types import Article, Passage, View


def etag(article: Article, passages: Sequence[Passage]) -> str:
    """A quoted tag of all that is stored of the article; equal tags, equal articles."""
    return f'"{digest(article, passages)[:32]}"'


def current(view: View, article_id: str) -> str | None:
    """The tag of the stored article, None when there is none."""
    try:
        article = view.article(article_id)
    except ArticleMissingError:
        return None
    return etag(article, view.article_passages(article_id))


def is_named(condition: str, tag: str | None) -> bool:
    """Whether an `If-Match` or `If-None-Match` names this state; `*` names anything that exists."""
    if tag is None:
        return False
    named = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return "*" in named or tag in named
