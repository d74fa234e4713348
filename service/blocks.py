"""An article's text → the blocks its page shows: headings, passages, and whatever stands between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.types import Article, Passage, Span


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the text. `paragraph` is the passage's number; None for a heading and for text of no passage."""

    text: str
    is_heading: bool = False
    paragraph: int | None = None

    @property
    def lines(self) -> list[str]:
        """Its paragraphs: crumbs that were joined into one passage stay apart on the page."""
        return [line.strip() for line in self.text.split("\n\n") if line.strip()]


def blocks(article: Article, passages: Sequence[Passage]) -> Iterator[Block]:
    """The whole text in order; nothing of it is left out."""
    spans: list[tuple[Span, Passage | None]] = [(span, None) for span in article.headings]
    spans += [(Span(passage.start, passage.end), passage) for passage in passages]
    reached = 0
    for span, passage in sorted(spans, key=lambda pair: (pair[0].start, pair[0].end)):
        yield from _between(article.text[reached : span.start])
        text = article.text[max(span.start, reached) : span.end]
        if passage is None:
            yield Block(text, is_heading=True)
        else:
            yield Block(text, paragraph=passage.paragraph)
        reached = max(reached, span.end)
    yield from _between(article.text[reached:])


def _between(text: str) -> Iterator[Block]:
    if text.strip():
        yield Block(text)
