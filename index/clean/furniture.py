"""The lines of a page told apart by structure and position: head, body, blocks among it, tail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from index.clean.blocks import (
    DROPPED,
    subscribed,
    with_timeline,
    without_boxes,
    without_related,
    without_signups,
)
from index.clean.ending import closing, settled, without_tags, writer
from index.clean.head import DETAILS, author_beside, date_above, first_value, section_above, title_place
from index.clean.lines import Line
from index.clean.phrasebook import Phrases, key
from index.clean.wording import is_name

_NEAR_TITLE = 5
"""Dates and bylines are read up to this many lines below the title, even behind a first sentence."""
_CAPTION_WORDS = 15
_LABEL_WORDS = 8
_DECK_WORDS = 6
_BYLINE_WORDS, _CONTACT_WORDS = 12, 40
"""What is said of an author is no longer, without and with an address."""
_HEAD = 10
"""Details stand at most so many lines above the date they go with."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds of an article: the lines of its body in order, and provenance where it is certain."""

    body: tuple[Line, ...]
    title: str | None = None
    section: str | None = None
    author: str | None = None
    published_at: str | None = None
    publisher: str | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """The lines below a title: the body, the details at its head, and what follows the last paragraph."""

    body: tuple[Line, ...]
    below: tuple[Line, ...]
    after: tuple[Line, ...]


def page(
    lines: Sequence[Line], given_title: str | None, phrases: Phrases, given_author: str | None = None
) -> Page:
    """The article on a page. When nothing but a headline is left, the headline is the body too; empty for none."""
    authors = re.split(r"\s*[,،]\s*", given_author) if given_author else []
    lines = without_boxes(_with_authors(_with_names(lines), authors), phrases)
    author, signature = writer(lines, phrases, authors)
    end = min(closing(lines, phrases), signature)
    main = without_signups(without_related(settled(lines[:end], phrases), phrases))
    main = with_timeline(list(subscribed(main)))
    place = title_place(main, given_title, phrases)
    title = main[place] if place >= 0 else None
    head = main[: max(place, 0)]
    known = {key(text) for text in (title.text if title else None, author, given_author, *authors) if text}
    parts = _parted(main[place + 1 :], known, phrases)
    after = [*parts.after, *takewhile(lambda line: line.kind not in ("closing", "related"), lines[end:])]
    return Page(
        body=parts.body or ((replace(title, kind="body", level=0),) if title else ()),
        title=(title.value or title.text) if title else None,
        section=section_above(head) or first_value(parts.below, "section"),
        author=author
        or first_value([*head, *parts.below, *after], "byline")
        or author_beside(parts.below, phrases),
        published_at=date_above(head) or first_value([*parts.below, *after], "date"),
        publisher=first_value(reversed(lines), "copyright"),
    )


def _with_names(lines: Sequence[Line]) -> list[Line]:
    """The lines, a byline that stands alone (`بقلم`) joined to the name under it."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last and last.kind == "byline" and last.value == "" and line.kind == "body" and is_name(line.text):
            joined[-1] = replace(last, text=f"{last.text} {line.text}", value=line.text)
        else:
            joined.append(line)
    return joined


def _with_authors(lines: Sequence[Line], authors: Sequence[str]) -> list[Line]:
    """The lines, short ones above or below all paragraphs that open with a stated author's name marked as bylines:
    `Jane Doe reported from York.`, `Jane Doe covers the port. Reach her at jane@paper.example.`
    """
    names = tuple(f"{key(author)} " for author in authors if len(author.split()) > 1)
    about = {i for i, line in enumerate(lines) if names and _is_about(line, names)}
    prose = [i for i, line in enumerate(lines) if line.is_prose and i not in about]
    return [
        replace(line, kind="byline", value=None)
        if i in about and prose and not prose[0] < i < prose[-1]
        else line
        for i, line in enumerate(lines)
    ]


def _is_about(line: Line, names: tuple[str, ...]) -> bool:
    most = _CONTACT_WORDS if "@" in line.text else _BYLINE_WORDS
    is_short = line.kind == "body" and not line.level and line.words <= most
    return is_short and ":" not in line.text[: max(map(len, names)) + 1] and key(line.text).startswith(names)


def _parted(rest: Sequence[Line], known: set[str], phrases: Phrases) -> _Parts:
    """The lines below the title parted in the body, the details at the head and those after the last paragraph."""
    first = next((i for i, line in enumerate(rest) if line.is_prose), len(rest))
    last = max((i for i, line in enumerate(rest) if line.is_text), default=len(rest))
    body: list[Line] = []
    below: list[Line] = []
    after: list[Line] = []
    for i, line in enumerate(rest):
        if i > last and line.kind != "body":
            after = list(rest[i:])
            break
        is_near = i < first or (i < _NEAR_TITLE and line.kind in ("date", "byline"))
        is_detail = is_near and (line.kind != "body" or _is_detail(rest, i, first, known, bool(below)))
        if line.kind in DROPPED or is_detail or _is_uncredited(rest, i, first, last):
            below.append(line)
        else:
            body.append(replace(line, kind="deck" if _is_deck(rest, i, first) else "body"))
    if below or after:
        body = without_tags(body, phrases, is_followed=bool(after))
    return _Parts(tuple(body), tuple(below), tuple(after))


def _is_detail(rest: Sequence[Line], i: int, first: int, known: set[str], is_below: bool) -> bool:
    """Whether a line between the title and the first paragraph is none of the body: title or author again; a label or
    name beside the date; a button or uncredited caption, which stand below other furniture (`is_below`).
    """
    line = rest[i]
    if key(line.text) in known:
        return True
    if (
        line.words > _CAPTION_WORDS
        or line.is_ended
        or line.level
        or line.is_bullet
        or _is_deck(rest, i, first)
    ):
        return False
    until = rest[i : min(first, i + _HEAD)]
    if line.words <= _LABEL_WORDS and any(other.kind in ("date", "byline") for other in until):
        return True
    if is_below and first < len(rest) and first - i <= 2:
        return True
    return i > 0 and line.words <= 5 and rest[i - 1].kind in DETAILS


def _is_deck(rest: Sequence[Line], i: int, first: int) -> bool:
    """Whether a line is the summary that stands directly under a title and above its date or byline, or one of
    several points below these.
    """
    if i >= first or not _is_point(rest[i]):
        return False
    if i == 0:
        return any(other.kind != "body" for other in rest[1:first])
    beside = [rest[i - 1], *rest[i + 1 : min(i + 2, first)]]
    is_below = any(other.kind in ("date", "byline") for other in rest[max(0, i - _HEAD) : i])
    return is_below and any(_is_point(other) for other in beside)


def _is_point(line: Line) -> bool:
    words = sum(any(map(str.isalnum, word)) for word in line.text.split())
    return line.kind == "body" and not line.level and words >= _DECK_WORDS


def _is_uncredited(rest: Sequence[Line], i: int, first: int, last: int) -> bool:
    """Whether a line between paragraphs is a caption by its form (no sentence, a bracket of words at the end) or the
    count or length of what stands above it.
    """
    line = rest[i]
    if first < i < last and rest[i - 1].kind in DROPPED and not any(map(str.isalpha, line.text)):
        return True
    if not first < i < last or line.kind != "body" or line.level or line.is_ended or line.runs_on:
        return False
    text, _, credit = line.text.rpartition("(")
    is_credit = credit.endswith(")") and 1 <= len(credit.split()) <= 3 and not any(map(str.isdigit, credit))
    is_between = rest[i - 1].is_prose and rest[i + 1].is_text
    return is_credit and is_between and 6 <= len(text.split()) <= _CAPTION_WORDS and not line.is_bullet
