"""The lines of a page told apart by structure and position: head, body, related-news blocks, tail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile

from index.arabic import language
from index.clean.kinds import Kind, is_name
from index.clean.lines import Line
from index.clean.phrasebook import Phrases, key

_DROPPED: frozenset[Kind] = frozenset(
    ("navigation", "share", "related", "closing", "copyright", "caption", "notice", "teaser")
)
_DETAILS: frozenset[Kind] = frozenset(("date", "byline", "section", "mark"))
_LATE = 0.6
"""What closes an article stands after this share of its prose."""
_NEAR_TITLE = 5
"""Dates and bylines are read up to this many lines below the title, even behind a first sentence."""
_CAPTION_WORDS = 15
_LABEL_WORDS = 8
_TAG_WORDS = 15
_PARAGRAPHS = 3
"""A text of fewer paragraphs may as well be unpunctuated."""
_BLOCK = 10
"""A related-news block has at most so many lines."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page holds of an article: the lines of its body in order, and provenance where it is certain."""

    body: tuple[Line, ...]
    title: str | None = None
    section: str | None = None
    author: str | None = None
    published_at: str | None = None
    publisher: str | None = None


def page(lines: Sequence[Line], given_title: str | None, phrases: Phrases) -> Page:
    """The article on a page. When nothing but a headline is left, the headline is the body too; empty for none."""
    lines = _with_names(lines)
    writer, signature = _writer(lines, phrases)
    end = min(_closing(lines), signature)
    main = _without_enclosed(_without_related(lines[:end]))
    place = _title_place(main, given_title)
    title = main[place] if place >= 0 else None
    head, rest = main[: max(place, 0)], main[place + 1 :]
    body, below, after = _body(rest, title)
    after = [*after, *takewhile(lambda line: line.kind not in ("closing", "related"), lines[end:])]
    return Page(
        body=tuple(body) or ((replace(title, kind="body", level=0),) if title else ()),
        title=(title.value or title.text) if title else None,
        section=_section_above(head) or _first(below, "section"),
        author=writer or _first([*head, *below, *after], "byline"),
        published_at=_date_above(head) or _first([*below, *after], "date"),
        publisher=_first(reversed(lines), "copyright"),
    )


def _first(lines: Iterable[Line], kind: Kind) -> str | None:
    return next((line.value for line in lines if line.kind == kind and line.value), None)


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


def _shares(lines: Sequence[Line]) -> list[float]:
    """For each line, which share of the page's prose stands before it."""
    words = [line.words if line.is_prose else 0 for line in lines]
    total = sum(words) or 1
    return [before / total for before in accumulate(words, initial=0)][: len(words)]


def _closing(lines: Sequence[Line]) -> int:
    """Where the article has ended: the first late line that closes a page, or the end."""
    shares = _shares(lines)
    late = (i for i, line in enumerate(lines) if line.kind in ("closing", "copyright") and shares[i] >= _LATE)
    return next(late, len(lines))


def _writer(lines: Sequence[Line], phrases: Phrases) -> tuple[str | None, int]:
    """The author by the biography at the end, and where that begins: a name, under it a text that says who it is."""
    shares = _shares(lines)
    known = {key(line.value) for line in lines if line.kind == "byline" and line.value}
    for i, line in enumerate(lines):
        if i == 0 or shares[i] < _LATE or line.kind != "body" or line.words < 4:
            continue
        words = line.text.split()
        job = next((n for n, word in enumerate(words[:8]) if phrases.whole(word, "professions")), None)
        name = lines[i - 1].value or lines[i - 1].text
        if job is None:
            continue
        if lines[i - 1].kind in ("body", "byline") and is_name(name) and len(name.split()) <= 5:
            return _full_name(name, words[:job]), i - 1
        if any(name and key(line.text).startswith(name) for name in known):
            return None, i
    return None, len(lines)


def _full_name(name: str, opening: Sequence[str]) -> str:
    """The name, with the biography's own before it when that is in another script: مريم حسن (Mariam Hassan)."""
    own = " ".join(opening)
    if 1 < len(opening) <= 4 and is_name(own) and language(own) == "ar" != language(name):
        return f"{own} ({name})"
    return name


def _without_related(lines: Sequence[Line]) -> list[Line]:
    """The lines without related-news blocks: an opener and the lines under it that are no paragraphs.

    Blocks of one page are alike: where one is longer than the others, its rest is a subheading of the article.
    """
    blocks = [(i, _block_end(lines, i)) for i, line in enumerate(lines) if line.kind == "related"]
    inner = [end - start for start, end in blocks if end < len(lines) and end - start > 1]
    size = min(inner, default=_BLOCK) if len(inner) > 1 else _BLOCK
    dropped = {
        i for start, end in blocks for i in range(start, end if end == len(lines) else min(end, start + size))
    }
    return [line for i, line in enumerate(lines) if i not in dropped]


def _block_end(lines: Sequence[Line], start: int) -> int:
    end = start + 1
    while end < min(len(lines), start + _BLOCK):
        line = lines[end]
        if (
            line.kind in ("related", "closing", "copyright")
            or line.level
            or (line.is_prose and not line.is_bullet)
        ):
            break
        end += 1
    return end


def _without_enclosed(lines: Sequence[Line]) -> list[Line]:
    """The lines without the short ones that furniture encloses below the first paragraph: newsletter boxes."""
    start = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    kept = list(lines[: start + 1])
    run: list[Line] = []
    for line in lines[start + 1 :]:
        if line.kind == "body" and not line.is_ended and line.words <= _CAPTION_WORDS and not line.level:
            run.append(line)
            continue
        encloses = line.kind in _DROPPED and kept[-1].kind in _DROPPED and len(run) <= _BLOCK
        kept += [line] if encloses else [*run, line]
        run = []
    return kept + run


def _title_place(lines: Sequence[Line], given_title: str | None) -> int:
    """The index of the title, -1 for none: the given one, a marked one, else by place above the first paragraph.

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
    headlines = [i for i in range(first) if lines[i].kind == "body" and _is_headline(lines[i])]
    if not headlines:
        ticking = (
            i for i in range(first) if lines[i].kind == "ticker" or (i == 0 and lines[i].kind == "teaser")
        )
        return next(ticking, -1)
    detail = next((i for i in range(first) if lines[i].kind in ("date", "byline")), first)
    pool = [i for i in headlines if i < detail and lines[i].words >= 4] or headlines
    walls = [i for i in range(pool[-1]) if lines[i].kind in ("navigation", "section")]
    pool = [i for i in pool if i > max(walls, default=-1)]
    is_alone = pool == [0] and first == 1
    return next(
        (i for i in pool if lines[i].words >= 4), pool[0] if lines[pool[0]].words > 1 or is_alone else -1
    )


def _is_headline(line: Line) -> bool:
    if line.is_bullet or line.words > 30 or line.level > 1:
        return False
    return not line.is_ended or line.text.rstrip("\"'”’»").endswith(("?", "؟", "!", "…"))


def _body(rest: Sequence[Line], title: Line | None) -> tuple[list[Line], list[Line], list[Line]]:
    """The lines below the title parted in the body, the details at the head and those after the last paragraph."""
    prose = [i for i, line in enumerate(rest) if line.is_prose] or [len(rest)]
    first, last = prose[0], prose[-1]
    body: list[Line] = []
    below: list[Line] = []
    for i, line in enumerate(rest):
        is_head = i < first or (i < _NEAR_TITLE and line.kind in ("date", "byline"))
        if i > last and line.kind != "body":
            return _without_signature(body), below, list(rest[i:])
        is_detail = is_head and (line.kind != "body" or _is_detail(rest, i, first, title, bool(below)))
        if line.kind in _DROPPED or is_detail:
            below.append(line)
        else:
            body.append(replace(line, kind="body"))
    return (_without_tags(body) if below else body), below, []


def _is_detail(rest: Sequence[Line], i: int, first: int, title: Line | None, is_below: bool) -> bool:
    """Whether a line between the title and the first paragraph is none of the body: the title again; a label or
    name beside the date; a button or uncredited caption, which stand below other furniture (`is_below`).
    """
    line = rest[i]
    if title and key(line.text) == key(title.text):
        return True
    if line.words > _CAPTION_WORDS or line.is_ended or line.level or line.is_bullet:
        return False
    until = rest[i : min(first, i + _BLOCK)]
    if line.words <= _LABEL_WORDS and any(other.kind in ("date", "byline") for other in until):
        return True
    if is_below and first < len(rest) and first - i <= 2:
        return True
    return i > 0 and line.words <= 5 and rest[i - 1].kind in _DETAILS


def _without_signature(body: list[Line]) -> list[Line]:
    """The body that furniture follows, without the tags or the one short line (a name, an agency) between them."""
    kept = _without_tags(body)
    if len(kept) == len(body) and len(_tail(body)) == 1 and body[-1].words <= _LABEL_WORDS:
        return body[:-1]
    return kept


def _without_tags(body: list[Line]) -> list[Line]:
    """The body without tags or headlines under its last paragraph: short unpunctuated lines in a row."""
    tail = _tail(body)
    is_punctuated = sum(line.is_prose for line in body) >= _PARAGRAPHS
    return body[: -len(tail)] if len(tail) > 1 and is_punctuated else body


def _tail(body: list[Line]) -> list[Line]:
    """The short lines without punctuation under the last paragraph; none when they are a list or anything else."""
    end = len(body)
    while (
        end and body[end - 1].words <= _TAG_WORDS and not (body[end - 1].is_ended or body[end - 1].is_bullet)
    ):
        end -= 1
    is_plain = end > 0 and body[end - 1].is_prose and not any(line.level for line in body[end:])
    return body[end:] if is_plain else []


def _section_above(head: Sequence[Line]) -> str | None:
    """The section named nearest above the title; none when three or more in a row make a menu."""
    at = next((i for i in range(len(head) - 1, -1, -1) if head[i].kind == "section" and head[i].value), None)
    if at is None:
        return None
    row = list(takewhile(lambda line: line.kind == "section", reversed(head[: at + 1])))
    return head[at].value if len(row) < 3 else None


def _date_above(head: Sequence[Line]) -> str | None:
    """The date directly above the title; one farther above is the day of the visit."""
    return _first(takewhile(lambda line: line.kind in _DETAILS, reversed(head)), "date")
