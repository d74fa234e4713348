"""A corpus with its provenance as JSON lines: the same corpus gives the same bytes, from any store and at any time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from index.errors import StoreError
from index.types import Article, Embeddings, Entry, Passage, Provenance, Span, Store

HEADER = {"format": "sanad-export", "version": 1}
PAGE = 200
FLUSH_PASSAGES = 512
"""Passages embedded and committed in one step."""

Embed: TypeAlias = Callable[[Sequence[Passage]], Embeddings]
"""Gives the embeddings `(n, dim)` of passages."""


def exported(store: Store) -> Iterator[str]:
    """Lines, without their ends: a header, then one article a line, ordered by source, all of one revision.

    Passages are given by their offsets; their text is the article's there. Embeddings are left out: whoever imports has
    an encoder.
    """
    view, roots = store.view(), store.roots()
    yield _line(HEADER)
    total, offset = 1, 0
    while offset < total:
        page, total = view.articles(PAGE, offset)
        for article_id, _, _ in page:
            yield _line(
                _record(
                    view.article(article_id), view.article_passages(article_id), roots.get(article_id, "")
                )
            )
        offset += PAGE


def imported(
    store: Store, lines: Iterable[str], embed: Embed, progress: Callable[[int], None] | None = None
) -> int:
    """Put the articles of an export into a store; returns how many. `progress(articles)` is called after each step.

    What was committed before an error stays; importing again goes on from there, as equal articles are written once.
    Raises: StoreError: a line is no article, named by its number.
    """
    count, waiting = 0, list[tuple[str, Article, tuple[Passage, ...]]]()
    for parsed in _parsed(lines):
        if waiting and (
            parsed[0] != waiting[0][0] or sum(len(passages) for _, _, passages in waiting) >= FLUSH_PASSAGES
        ):
            count += _flush(store, waiting, embed)
            waiting = []
            if progress:
                progress(count)
        waiting.append(parsed)
    return count + _flush(store, waiting, embed)


def _flush(store: Store, waiting: Sequence[tuple[str, Article, tuple[Passage, ...]]], embed: Embed) -> int:
    if not waiting:
        return 0
    rows = embed([passage for _, _, passages in waiting for passage in passages])
    entries, start = [], 0
    for _, article, passages in waiting:
        entries.append(Entry(article, passages, rows[start : start + len(passages)]))
        start += len(passages)
    store.put(entries, root=waiting[0][0])
    return len(waiting)


def _record(article: Article, passages: Sequence[Passage], root: str) -> dict[str, Any]:
    return {
        "id": article.id,
        "root": root,
        "provenance": asdict(article.provenance),
        "text": article.text,
        "headings": [[span.start, span.end] for span in article.headings],
        "passages": [
            {
                "id": passage.id,
                "paragraph": passage.paragraph,
                "start": passage.start,
                "end": passage.end,
                "lang": passage.lang,
                "heading": passage.heading,
            }
            for passage in passages
        ],
    }


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True)


def _parsed(lines: Iterable[str]) -> Iterator[tuple[str, Article, tuple[Passage, ...]]]:
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if number == 1:
                if record != HEADER:
                    raise ValueError(f"an export starts with {_line(HEADER)}")
                continue
            yield _article(record)
        except KeyError as error:
            raise StoreError(f"line {number} of the export has no field {error}") from error
        except (ValueError, TypeError) as error:
            raise StoreError(f"line {number} of the export cannot be read: {error}") from error


def _article(record: dict[str, Any]) -> tuple[str, Article, tuple[Passage, ...]]:
    given = dict(record["provenance"])
    provenance = Provenance(**{**given, "inferred": tuple(given["inferred"])})
    text = record["text"]
    article = Article(
        record["id"], provenance, text, tuple(Span(start, end) for start, end in record["headings"])
    )
    passages = tuple(
        Passage(article_id=article.id, text=text[one["start"] : one["end"]], **one)
        for one in record["passages"]
    )
    return record["root"], article, passages
