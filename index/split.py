"""Article to passages: paragraphs with exact offsets, crumbs joined, giants split at sentence ends."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.arabic import language
from index.identity import passage_id
from index.pages import PAGE_END
from index.sentences import sentences
from index.types import Article, Passage, Span

CRUMB = 60
"""A paragraph of fewer code points is joined to a neighbour."""
JOINED = 600
"""Joining crumbs makes no passage longer than this."""

_LINE = re.compile(r"[^\n]*\S[^\n]*")
_CLAUSE_END = re.compile(r"[؛;،,:–—][\"'”’»)\]]*(?=\s)")
_SPACE = re.compile(r"\s+")
_ASKS = (":", "?", "؟")
_CHARS_PER_TOKEN = 20
"""More code points a token than this no text has; what is longer is cut without counting."""

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class _Section:
    """The paragraphs under one heading, as spans of the article's text."""

    heading: str | None
    paragraphs: tuple[Span, ...]


def split(article: Article, count_tokens: CountTokens, max_tokens: int, room: int = 0) -> tuple[Passage, ...]:
    """The passages in order, `article.text[p.start:p.end] == p.text`, every word of the text in exactly one of them.

    Headings are no passages; each passage names the one it stands under. None for a blank text. A passage together
    with its heading counts at most `max_tokens - room` tokens; `room` is for whatever else the caller prepends.

    Raises: ValueError when `room` leaves nothing of `max_tokens`.
    """
    if room < 0 or max_tokens - room < 1:
        raise ValueError(f"a passage needs room for at least 1 token: max_tokens={max_tokens}, room={room}")
    seen: Counter[str] = Counter()
    passages: list[Passage] = []
    for section in _sections(article):
        budget = _budget(section.heading, count_tokens, max_tokens - room)
        for span in _fitting(article.text, section.paragraphs, count_tokens, budget):
            text = article.text[span.start : span.end]
            passages.append(
                Passage(
                    id=passage_id(article.id, text, seen[text]),
                    article_id=article.id,
                    paragraph=len(passages) + 1,
                    start=span.start,
                    end=span.end,
                    text=text,
                    lang=language(text),
                    heading=section.heading,
                )
            )
            seen[text] += 1
    return tuple(passages)


def _budget(heading: str | None, count_tokens: CountTokens, room: int) -> int:
    """Tokens for a passage beside its heading; a heading takes at most half of the room."""
    return room - min(count_tokens([heading])[0], room // 2) if heading else room


def _sections(article: Article) -> Iterator[_Section]:
    """The text cut at its headings; a last heading with nothing under it is a paragraph, so that no text is lost."""
    headings = {span.start: span for span in article.headings}
    heading: Span | None = None
    under: list[Span] = []
    for match in _LINE.finditer(article.text):
        line = _trimmed(article.text, *match.span())
        if line.start not in headings:
            under.append(line)
            continue
        if under:
            yield _Section(_text(article, heading), tuple(under))
        heading, under = headings[line.start], []
    if under:
        yield _Section(_text(article, heading), tuple(under))
    elif heading:
        yield _Section(None, (heading,))


def _text(article: Article, span: Span | None) -> str | None:
    return article.text[span.start : span.end] if span else None


def _fitting(text: str, paragraphs: Sequence[Span], count_tokens: CountTokens, budget: int) -> list[Span]:
    """These paragraphs as spans that fit the budget: too long ones cut, too short ones joined."""

    def fits(span: Span) -> bool:
        length = span.end - span.start
        if length > _CHARS_PER_TOKEN * budget:
            return False
        return length <= 1 or count_tokens([text[span.start : span.end]])[0] <= budget

    pieces = [piece for span in paragraphs for piece in _cut(text, span, fits)]
    return _joined(text, pieces, fits)


def _cut(text: str, span: Span, fits: Callable[[Span], bool]) -> Iterator[Span]:
    """The span halved at the best place near its middle until every piece fits."""
    pending = [span]
    while pending:
        span = pending.pop()
        if fits(span):
            yield span
            continue
        at = span.start + _cut_place(text[span.start : span.end])
        halves = (_trimmed(text, span.start, at), _trimmed(text, at, span.end))
        pending.extend(half for half in reversed(halves) if half.start < half.end)


def _cut_place(text: str) -> int:
    """Where to cut a text of two or more code points: after a sentence, else a clause, a word, a letter."""
    for places in (
        (span.end for span in sentences(text)),
        (match.end() for match in _CLAUSE_END.finditer(text)),
        (match.start() for match in _SPACE.finditer(text)),
    ):
        inner = [place for place in places if 0 < place < len(text)]
        if inner:
            return min(inner, key=lambda place: abs(2 * place - len(text)))
    middle = len(text) // 2
    near = range(middle, max(0, middle - 20), -1)
    return next((i for i in near if not unicodedata.combining(text[i])), middle)


def _joined(text: str, pieces: Sequence[Span], fits: Callable[[Span], bool]) -> list[Span]:
    """Crumbs joined to the piece before, questions and openers (`قال:`) to the piece after; never over a page's end."""
    joined: list[Span] = []
    for piece in pieces:
        if joined and _belongs(text, joined[-1], piece):
            both = Span(joined[-1].start, piece.end)
            if both.end - both.start <= JOINED and fits(both):
                joined[-1] = both
                continue
        joined.append(piece)
    return joined


def _belongs(text: str, before: Span, piece: Span) -> bool:
    """Whether two neighbours are one passage."""
    if PAGE_END in text[before.end : piece.start]:
        return False
    last_line = text[before.start : before.end].rsplit("\n", 1)[-1]
    if len(last_line) < CRUMB and last_line.endswith(_ASKS):
        return True
    is_crumb = piece.end - piece.start < CRUMB
    opens = text[piece.start : piece.end].endswith(_ASKS)
    return (is_crumb and not opens) or before.end - before.start < CRUMB


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()))
