"""Articles and passages of a store that are not what was put."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from index.errors import StoreDamagedError
from index.identity import digest
from index.store.records import PASSAGE, PROVENANCE, article_of, checked, passage_of
from index.types import Article, Passage


def damaged_articles(
    connection: sqlite3.Connection, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[str, int]]:
    """What is wrong, in a sentence, and the key of the article it is wrong with."""
    keys = [
        key
        for (key,) in connection.execute(
            "SELECT article FROM version WHERE removed IS NULL UNION SELECT article FROM passage WHERE removed IS NULL"
        )
    ]
    for done, key in enumerate(keys, start=1):
        try:
            _check(connection, key)
        except (StoreDamagedError, ValueError, TypeError) as error:
            yield str(error), key
        if progress:
            progress(done, len(keys))
    yield from _doubled(connection)


def _check(connection: sqlite3.Connection, key: int) -> None:
    """Raises: StoreDamagedError, ValueError, TypeError: something of this article does not hold."""
    found = connection.execute(
        f"SELECT id, version.crc, root, digest, passages, {PROVENANCE}, text, headings FROM version"
        " JOIN article ON key = article WHERE article = ? AND removed IS NULL",
        (key,),
    ).fetchone()
    if found is None:
        raise StoreDamagedError(f"passages of article key {key} belong to no article")
    article_id, crc, *fields = found
    _, put_digest, count, *stored = fields
    checked(f"article {article_id}", (article_id, *fields), crc)
    article = article_of(article_id, stored)
    passages = _passages(connection, key, article)
    if len(passages) != count or digest(article, passages) != put_digest:
        raise StoreDamagedError(
            f"article {article_id} and its passages are not what was put: the digest does not hold"
        )


def _passages(connection: sqlite3.Connection, key: int, article: Article) -> list[Passage]:
    passages = []
    for row, crc, *fields in connection.execute(
        f"SELECT row, crc, {PASSAGE} FROM passage WHERE article = ? AND removed IS NULL ORDER BY paragraph, row",
        (key,),
    ):
        checked(f"passage row {row} of article {article.id}", (row, article.id, *fields), crc)
        passage = passage_of(article.id, fields)
        if article.text[passage.start : passage.end] != passage.text:
            raise StoreDamagedError(
                f"passage {passage.id} of article {article.id} is not the text at its offsets"
            )
        passages.append(passage)
    return passages


def _doubled(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    for passage_id, key in connection.execute(
        "SELECT id, min(article) FROM passage WHERE removed IS NULL GROUP BY id HAVING count(*) > 1"
    ):
        yield f"two live passages have the id {passage_id}", key
