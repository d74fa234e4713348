"""A scraped page to an Article: its body without the page around it, and what the page says of its provenance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.arabic import language
from index.clean.furniture import Page, page
from index.clean.lines import Line, body_lines, lines, paged_lines
from index.clean.phrasebook import Phrases, key
from index.identity import article_id
from index.pages import PAGE_END
from index.sentences import sentences
from index.types import Article, Given, Provenance, RawArticle, Span

_SPEAKER = re.compile(r"\W*\w{1,2}\s*[:：]")  # "Q: …", "س: …"
_OPENING_WORDS = 10
_CLAUSES = re.compile(r"[:：]\s*[\"“«]|[;؛]\s")  # كتب على منصته: "…"
_NUMBERED = re.compile(r"[\d٠-٩]{1,2}[.)\-] *[^\W\d_]")  # 1. Ports
_COLONS = (":", "：")
_HEADING_WORDS = 15
_ARABIC_HEADING_WORDS = 9
_ITEM_WORDS = 12
_HEADING_LENGTH = 120
_HEADINGS_IN_A_ROW = 2
"""More short lines in a row than this are a list, not headings."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A line of the body; a heading or not; on which page."""

    text: str
    is_heading: bool
    page: int


def clean(raw: RawArticle, phrases: Phrases) -> Article:
    """The article of a raw text: body paragraphs separated by a blank line, headings marked, provenance found.

    Given provenance is kept; what is found by rule is named in `provenance.inferred`, and what is uncertain stays
    None. A text marked `is_clean` loses nothing but its title line. A page without a body gives an empty text.
    """
    found = _clean_page(raw) if raw.is_clean else _cleaned(raw.text, raw.given, phrases)
    paragraphs = _paragraphs(found.body, phrases)
    text, headings = _assembled(paragraphs, raw.text.count(PAGE_END) if raw.is_paged else 0)
    if raw.around:
        found = _with_details(found, _cleaned(raw.around, raw.given, phrases))
    return Article(article_id(raw.source), _provenance(raw, found, paragraphs), text, headings)


def _cleaned(text: str, given: Given, phrases: Phrases) -> Page:
    """The article on a page, without what advertises the page at its end."""
    found = page(lines(text, phrases), given.title, phrases, given.author)
    return replace(found, body=_without_promotion(found.body, phrases))


def _with_details(found: Page, around: Page) -> Page:
    """What was found, and what stands around it on the page where it was silent; a section there may be of a menu."""
    return replace(
        found,
        title=found.title or around.title,
        publisher=found.publisher or around.publisher,
        author=found.author or around.author,
        published_at=found.published_at or around.published_at,
    )


def _clean_page(raw: RawArticle) -> Page:
    """All lines are body, but for a first one that is the title: a `#` heading or the given title."""
    body = paged_lines(raw.text) if raw.is_paged else body_lines(raw.text)
    if body and (body[0].level == 1 or (raw.given.title and key(body[0].text) == key(raw.given.title))):
        return Page(body[1:], title=body[0].text)
    return Page(body)


def _without_promotion(body: tuple[Line, ...], phrases: Phrases) -> tuple[Line, ...]:
    """The body without last sentences that advertise the page (`تابعونا على فيسبوك لمعرفة المزيد.`), and without
    last paragraphs that only call to read on. Such a call within a paragraph stays: it may be the author's.
    """
    while body:
        text = body[-1].text
        start = sentences(text)[-1].start
        if not _advertises(text[start:], phrases, alone=start == 0) or (start == 0 and len(body) == 1):
            return body
        rest = text[:start].rstrip()
        body = (*body[:-1], replace(body[-1], text=rest)) if rest else body[:-1]
    return body


def _advertises(sentence: str, phrases: Phrases, *, alone: bool) -> bool:
    if len(sentence.split()) > 25 or not (sentence[0].isalpha() and sentence[-1] in ".!"):
        return False
    n = phrases.opener(sentence, "promos") or (phrases.opener(sentence, "calls") if alone else 0)
    rest = key(sentence).split()[n:]
    return n > 0 and (len(rest) <= 1 or phrases.holds(" ".join(rest), "site_words"))


def _paragraphs(body: Sequence[Line], phrases: Phrases) -> list[_Paragraph]:
    """The lines with the headings among them: marked as such, or short lines between paragraphs."""
    headings: set[int] = set()
    start = 0
    while start < len(body):
        end = start
        while end < len(body) and _is_short(body[end], phrases):
            end += 1
        opens_list = start > 0 and body[start - 1].text.endswith(_COLONS)
        if (
            end < len(body)
            and 0 < end - start <= _HEADINGS_IN_A_ROW
            and not opens_list
            and _is_text(body[end])
        ):
            headings.update(i for i in range(start, end) if not _announces(body, i))
        start = max(end, start + 1)
    return [
        _Paragraph(line.text, bool(line.level) or i in headings, line.page) for i, line in enumerate(body)
    ]


def _announces(body: Sequence[Line], i: int) -> bool:
    """Whether a line with a colon opens a list, which it is a part of."""
    under = body[i + 1]
    return body[i].text.endswith(_COLONS) and (under.is_bullet or under.words <= _ITEM_WORDS)


def _is_text(line: Line) -> bool:
    """Whether a heading can stand over this line."""
    return line.is_text or line.is_bullet or line.words > _HEADING_WORDS


def _is_short(line: Line, phrases: Phrases) -> bool:
    """Whether a line looks like a heading: short, no sentence, no list item, no speech."""
    text = line.text
    if not any(map(str.isalpha, text)):
        return False
    if (
        line.level
        or line.kind == "deck"
        or (line.is_bullet and not _NUMBERED.match(line.text))
        or line.runs_on
        or _SPEAKER.match(text)
    ):
        return False
    most = _ARABIC_HEADING_WORDS if language(text) == "ar" else _HEADING_WORDS
    if line.words > most or len(text) > _HEADING_LENGTH or _CLAUSES.search(text):
        return False
    if text[0] in "\"'“«‘(" and text[-1] in "\"'”»’)":
        return False
    if text.endswith(_COLONS):
        return line.words <= 8 and not phrases.closer(text, "speech")
    return not line.is_ended or text.endswith(("?", "؟"))


def _assembled(paragraphs: Sequence[_Paragraph], pages: int) -> tuple[str, tuple[Span, ...]]:
    """The text with a blank line between paragraphs, each of so many pages ended by a form feed, and its headings."""
    parts: list[str] = []
    headings: list[Span] = []
    length, page = 0, 1
    for paragraph in paragraphs:
        ends = PAGE_END * max(0, paragraph.page - page)
        gap = ("\n" if parts else "") + (ends or ("\n" if parts else ""))
        start = length + len(gap)
        if paragraph.is_heading:
            headings.append(Span(start, start + len(paragraph.text)))
        parts += [gap, paragraph.text]
        length, page = start + len(paragraph.text), max(page, paragraph.page)
    if parts and pages:
        parts.append("\n" + PAGE_END * (pages + 1 - page))
    return "".join(parts), tuple(headings)


def _provenance(raw: RawArticle, found: Page, paragraphs: Sequence[_Paragraph]) -> Provenance:
    """What is given, else what was found; the names of the latter in `inferred`."""
    body = [paragraph.text for paragraph in paragraphs if not paragraph.is_heading] or [""]
    inferred: dict[str, str | None] = {
        "title": found.title or _opening_words(body[0]) or raw.source,
        "lang": language("\n".join(body)),
        "publisher": found.publisher,
        "author": found.author,
        "section": found.section,
        "published_at": found.published_at,
    }
    given = raw.given
    return Provenance(
        source=raw.source,
        sha256=raw.sha256,
        title=given.title or inferred["title"] or raw.source,
        lang=given.lang or language("\n".join(body)),
        publisher=given.publisher or found.publisher,
        author=given.author or found.author,
        section=given.section or found.section,
        published_at=given.published_at or found.published_at,
        url=given.url,
        inferred=tuple(
            name
            for name, value in inferred.items()
            if (name in raw.inferred if getattr(given, name) else bool(value))
        ),
    )


def _opening_words(text: str) -> str:
    """A stand-in for a title: the first sentence, or its first ten words and `…`."""
    spans = sentences(text)
    words = text[spans[0].start : spans[0].end].split() if spans else []
    if len(words) <= _OPENING_WORDS:
        return " ".join(words).rstrip(".")
    return " ".join(words[:_OPENING_WORDS]).rstrip("،,;؛:.-–— ") + "…"
