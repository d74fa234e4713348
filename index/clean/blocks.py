"""The blocks that a page sets among the paragraphs: related news, subscription boxes, lists with marked ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index.clean.kinds import Kind
from index.clean.lines import Line
from index.clean.phrasebook import Phrases, key

DROPPED: frozenset[Kind] = frozenset(
    (
        "navigation",
        "share",
        "related",
        "closing",
        "copyright",
        "caption",
        "notice",
        "teaser",
        "follow",
        "form",
    )
)
_PROMOTING: frozenset[Kind] = frozenset(("follow", "form", "notice"))
_BLOCK = 10
"""A related-news block has at most so many lines."""
_BOX = 40
"""The marked end of a box stands at most so many lines below its start."""
_FORM = 4
"""Between the opener and the fields of a subscription box stand at most so many lines."""
_HEADLINE_WORDS = 5
_CAPTION_WORDS = 15
_NUMBER = re.compile(r"\W*\d{1,2}\W*$")


def without_boxes(lines: Sequence[Line], phrases: Phrases) -> list[Line]:
    """The lines without boxes whose start and end are marked; the article goes on exactly below the end."""
    dropped: set[int] = set()
    for i in range(len(lines)):
        if i not in dropped and (end := _box_end(lines, i, phrases)):
            above = i > 0 and lines[i - 1].kind == "related" and phrases.whole(lines[i].text, "list_starts")
            dropped.update(range(i - above, end + 1))
    return [line for i, line in enumerate(lines) if i not in dropped]


def _box_end(lines: Sequence[Line], start: int, phrases: Phrases) -> int | None:
    """Where the box ends that a line opens: `تخطى NAME …`, `list of 4 items`, or an opener with a marked end."""
    line = lines[start]
    if line.words > 12:
        return None
    below = range(start + 1, min(len(lines), start + _BOX))
    if phrases.whole(line.text, "list_starts"):
        return next((i for i in below if phrases.whole(lines[i].text, "list_ends")), None)
    words = key(line.text).split()
    skips, resumes = phrases.opener(line.text, "skips"), phrases.closer(line.text, "resumes")
    if skips and resumes:
        words = words[skips : len(words) - resumes]
    elif line.kind != "related":
        return None
    names = {" ".join(words)}
    return next((i for i in below if _ended_name(lines[i], phrases) in names), None)


def _ended_name(line: Line, phrases: Phrases) -> str | None:
    """The name on `NAME نهاية` and `End of NAME`."""
    if line.words > 12:
        return None
    words = key(line.text).split()
    before, after = phrases.opener(line.text, "ends"), phrases.closer(line.text, "ends")
    return " ".join(words[before : len(words) - after]) if before or after else None


def without_related(lines: Sequence[Line], phrases: Phrases) -> list[Line]:
    """The lines without related-news blocks: an opener with its headline, or more where there is evidence of more.

    Blocks of one page are alike: where one is longer than the others, its rest is a subheading of the article.
    """
    blocks = [(i, _run_end(lines, i)) for i, line in enumerate(lines) if line.kind == "related"]
    inner = [end - start for start, end in blocks if end < len(lines) and end - start > 1]
    size = min(inner) if len(inner) > 1 else None
    dropped = {i for start, end in blocks for i in range(start, _block_end(lines, start, end, size, phrases))}
    return [line for i, line in enumerate(lines) if i not in dropped]


def _run_end(lines: Sequence[Line], start: int) -> int:
    """Where the lines under an opener end that are no text of the article."""
    has_bullets = start + 1 < len(lines) and lines[start + 1].is_bullet
    for end in range(start + 1, min(len(lines), start + _BLOCK)):
        line = lines[end]
        if line.kind in ("related", "closing", "copyright") or line.level or line.text.endswith((":", "：")):
            return end
        if line.is_bullet != has_bullets or (line.is_text and not line.is_bullet):
            return end
    return min(len(lines), start + _BLOCK)


def _block_end(lines: Sequence[Line], start: int, end: int, size: int | None, phrases: Phrases) -> int:
    """Where the block ends within the run of lines under its opener.

    All of the run belongs to it at the end of a page, between bullets, or up to the last date or number of a list;
    else as much as other blocks of the page have, a headline, or a caption and a headline.
    """
    inner = lines[start + 1 : end]
    is_last = end == len(lines) or lines[end].kind in ("closing", "copyright")
    if is_last or not inner or inner[0].is_bullet:
        return end
    if size is not None:
        return min(end, start + size)
    marks = [i for i, line in enumerate(inner) if _is_mark(line, phrases)]
    if marks:
        return min(end, start + 1 + marks[-1] + (2 if marks[0] == 0 else 1))
    has_caption = len(inner) > 1 and inner[1].kind == "body" and inner[1].words >= _HEADLINE_WORDS
    return start + (3 if has_caption else 2)


def _is_mark(line: Line, phrases: Phrases) -> bool:
    is_item = phrases.whole(line.text, "list_items")
    return line.kind == "date" or is_item or bool(_NUMBER.match(line.text))


def without_signups(lines: Sequence[Line]) -> list[Line]:
    """The lines without boxes for subscribers: what stands between their opener and their fields, or is enclosed
    by the two as short lines without a full stop.
    """
    start = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    at = [i for i, line in enumerate(lines) if line.kind in DROPPED and i > start]
    dropped = {
        i for upper, lower in pairwise(at) if _encloses(lines, upper, lower) for i in range(upper + 1, lower)
    }
    return [line for i, line in enumerate(lines) if i not in dropped]


def _encloses(lines: Sequence[Line], upper: int, lower: int) -> bool:
    inner = lines[upper + 1 : lower]
    if lines[upper].kind not in _PROMOTING or not inner or any(line.level for line in inner):
        return False
    if lines[lower].kind == "form" and lines[upper].kind == "follow" and len(inner) <= _FORM:
        return sum(line.is_prose for line in inner) <= 1 and all(line.words <= 25 for line in inner)
    return len(inner) <= _FORM and all(
        line.kind == "body" and not line.is_ended and not line.is_text and line.words <= _CAPTION_WORDS
        for line in inner
    )


def with_timeline(lines: Sequence[Line]) -> list[Line]:
    """The lines, dates as subheadings where two or more stand over paragraphs of the body: a timeline's, not the
    date of publication; nor is that above the first paragraph when it is written like them.
    """
    over = [i for i, (line, under) in enumerate(pairwise(lines)) if line.kind == "date" and under.is_text]
    first = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    inner = [i for i in over if i > first]
    if len(inner) < 2:
        return list(lines)
    shape = lines[inner[0]].words
    entries = {i for i in over if i > first or (i == first - 1 and lines[i].words == shape)}
    return [
        replace(line, kind="body", level=2, value=None) if i in entries else line
        for i, line in enumerate(lines)
    ]


def subscribed(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines without names of companies and topics over a button to follow them."""
    for line, under in pairwise([*lines, None]):
        if line and not (
            line.kind == "body"
            and line.words <= 4
            and not line.is_ended
            and under
            and under.kind == "follow"
            and under.words == 1
        ):
            yield line
