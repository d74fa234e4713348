"""What stands above an article's first paragraph: the title, and the section, date and author beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from index.clean.bylines import name_beside
from index.clean.kinds import Kind
from index.clean.lines import Line
from index.clean.phrasebook import Phrases, key

DETAILS: frozenset[Kind] = frozenset(("date", "byline", "section", "mark"))
_TITLE_WORDS = 4
_HEADLINES = 60
"""A title that is repeated stands among so many headlines."""
_SCORE = re.compile(r"(?<!\d)\d{1,2}\s*[-–:]\s*\d{1,2}(?!\d)")


def first_value(lines: Iterable[Line], kind: Kind) -> str | None:
    """The first value of a line of this kind."""
    return next((line.value for line in lines if line.kind == kind and line.value), None)


def title_place(lines: Sequence[Line], given_title: str | None, phrases: Phrases) -> int:
    """The index of the title, -1 for none: the given one, a marked one, one that is repeated, else by place above
    the first paragraph.

    Tickers and menus stand above the section's name or the logo, the title below; kickers have few words.
    """
    given = key(given_title) if given_title else None
    marked = (
        i
        for i, line in enumerate(lines)
        if (line.kind == "body" and key(line.text) == given)
        or (line.kind == "mark" and line.value)
        or line.level == 1
    )
    if (place := next(marked, None)) is not None:
        return place
    first = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    headlines = [i for i in range(first) if lines[i].kind == "body" and _is_headline(lines[i], phrases)]
    if not headlines:
        ticking = (
            i for i in range(first) if lines[i].kind == "ticker" or (i == 0 and lines[i].kind == "teaser")
        )
        return next(ticking, -1)
    if (place := _repeated(lines, headlines)) is not None:
        return place
    return _title_by_place(lines, first, headlines)


def _is_headline(line: Line, phrases: Phrases) -> bool:
    """Whether a line could be a title: no list item, sentence, score or name of a paper."""
    if line.is_bullet or line.words > 30 or line.level > 1:
        return False
    if line.words <= 8 and (
        _SCORE.search(line.text) or (phrases.opener(line.text, "documents") and "#" in key(line.text))
    ):
        return False
    return not line.is_ended or line.text.rstrip("\"'”’»").endswith(("?", "؟", "!", "…", ".."))


def _repeated(lines: Sequence[Line], headlines: Sequence[int]) -> int | None:
    """The last headline that another line above holds: `TITLE | site`, then TITLE."""
    headlines = headlines[:_HEADLINES]
    keys = [f" {key(lines[i].text)} " for i in headlines]
    found = (
        headlines[n]
        for n in range(len(headlines) - 1, 0, -1)
        if lines[headlines[n]].words >= _TITLE_WORDS and any(keys[n] in other for other in keys[:n])
    )
    return next(found, None)


def _title_by_place(lines: Sequence[Line], first: int, headlines: list[int]) -> int:
    """The first headline below the last wall, above the date or byline when there is one; a label between headlines
    is a wall only where that date is near.
    """
    long = [i for i in headlines if lines[i].words >= _TITLE_WORDS]
    top = long[0] if long else first
    detail = next((i for i in range(top, first) if lines[i].kind in ("date", "byline")), first)
    pool = [i for i in long if i < detail] or headlines
    walls = [
        i
        for i in range(pool[-1])
        if lines[i].kind in ("navigation", "section")
        or (detail < first and detail <= i + 4 and i + 1 in pool and _is_label(lines, i))
    ]
    pool = [i for i in pool if i > max(walls, default=-1)]
    is_alone = pool == [0] and first == 1
    return next(
        (i for i in pool if lines[i].words >= _TITLE_WORDS),
        pool[0] if lines[pool[0]].words > 1 or is_alone else -1,
    )


def _is_label(lines: Sequence[Line], i: int) -> bool:
    """Whether a line of one or two words may part tickers from the title right below it."""
    is_short = lines[i].kind == "body" and lines[i].words <= 2 and not lines[i].is_ended
    return is_short and lines[i + 1].words > _TITLE_WORDS


def section_above(head: Sequence[Line]) -> str | None:
    """The section named nearest above the title; none when it may be the last entry of a menu.

    A breadcrumb is sure, and so is a name that a menu above has as well.
    """
    at = next((i for i in range(len(head) - 1, -1, -1) if head[i].kind == "section" and head[i].value), None)
    if at is None:
        return None
    line = head[at]
    is_repeated = any(key(other.text) == key(line.text) for other in head[:at])
    if line.value != line.text or is_repeated:
        return line.value
    row = takewhile(
        lambda other: other.words <= 2 and other.kind in ("section", "body", "navigation"),
        reversed(head[:at]),
    )
    return line.value if sum(other.kind != "navigation" for other in row) < 2 else None


def date_above(head: Sequence[Line]) -> str | None:
    """The date directly above the title; one farther above is the day of the visit."""
    return first_value(takewhile(lambda line: line.kind in DETAILS, reversed(head)), "date")


def author_beside(below: Sequence[Line], phrases: Phrases) -> str | None:
    """The author on a line without a mark, beside the date or last above the first paragraph."""
    dates = {i for i, line in enumerate(below) if line.kind == "date"}
    lines = (
        (line.text, bool(dates & {i - 2, i - 1, i + 1, i + 2}))
        for i, line in enumerate(below)
        if line.kind == "body"
    )
    last = below[-1].text if below else None
    names = (name_beside(text, phrases, is_dated=near) for text, near in lines if near or text == last)
    return next(filter(None, names), None)
