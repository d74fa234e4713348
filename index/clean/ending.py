"""Where an article ends on its page: lines that close it, the author's biography, tags under the last paragraph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, takewhile

from index.arabic import language
from index.clean.lines import Line
from index.clean.phrasebook import Phrases, key
from index.clean.wording import YEAR, is_name

LATE = 0.6
"""What closes an article stands after this share of its prose."""
_LITTLE = 0.1
"""Such a share of the prose may stand below a line that ends an article: teasers, a notice."""
_SOME = 0.25
"""And so much when tags stand between it and a block of other news."""
_TAIL = 40
"""Of what stands below a line, so many lines tell what it is."""
_EARLIEST = 0.2
"""Readers' comments may be longer than the article, but not so much."""
_TAG_WORDS = 4
_PARAGRAPHS = 3
"""A text of fewer paragraphs may as well be unpunctuated."""
_BIOGRAPHY = 3
"""A biography has at most so many paragraphs."""


def shares(lines: Sequence[Line]) -> list[float]:
    """For each line, which share of the page's prose stands before it."""
    words = [line.words if line.is_prose else 0 for line in lines]
    total = sum(words) or 1
    return [before / total for before in accumulate(words, initial=0)][: len(words)]


def closing(lines: Sequence[Line], phrases: Phrases) -> int:
    """Where the article has ended: the first late line that closes a page with little prose below, or the end."""
    before = shares(lines)
    for i, line in enumerate(lines):
        if line.kind not in ("closing", "copyright"):
            continue
        is_talk = any(other.kind == "date" for other in lines[i + 1 : i + 5])
        if phrases.whole(line.text, "final", "end_marks") and before[i] >= (_EARLIEST if is_talk else LATE):
            return i
        below = 1 - before[i]
        if before[i] >= LATE and (below <= _LITTLE or _is_tail(lines, i, below, phrases, is_talk)):
            return i
    return len(lines)


def _is_tail(lines: Sequence[Line], i: int, below: float, phrases: Phrases, is_talk: bool) -> bool:
    """Whether what stands below a late line is no part of the article though it has some prose: readers' talk, a
    biography, tags with other furniture under them.
    """
    under = lines[i + 1 : i + 1 + _TAIL]
    row = list(takewhile(lambda line: line.kind in ("body", "section") and not line.is_text, under))
    if row and len(row) < len(under) and under[len(row)].kind in ("related", "closing") and below <= _SOME:
        return True
    if phrases.whole(lines[i].text, "ambiguous"):
        return is_talk
    stop = next((n for n, line in enumerate(under) if line.kind in ("closing", "copyright")), len(under))
    return (
        phrases.whole(lines[i].text, "biographies")
        and sum(line.is_prose for line in under[:stop]) <= _BIOGRAPHY
    )


def settled(lines: Sequence[Line], phrases: Phrases) -> list[Line]:
    """The lines above the end; among them what elsewhere closes a page heads a block, or is a subheading when it
    can be one and stands over a paragraph.
    """
    found: list[Line] = []
    first = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    for i, line in enumerate(lines):
        if line.kind == "closing" and i > first:
            is_over_text = i + 1 < len(lines) and lines[i + 1].is_text
            if is_over_text and phrases.whole(line.text, "ambiguous"):
                line = replace(line, kind="body")
            elif not phrases.whole(line.text, "ambiguous", "final", "end_marks"):
                line = replace(line, kind="related")
        found.append(line)
    return found


def writer(lines: Sequence[Line], phrases: Phrases, given: Sequence[str] = ()) -> tuple[str | None, int]:
    """The author by the biography at the end, and where that begins; only where a known or repeated name opens it.

    `given` are the names of authors that the page states.
    A subheading over a paragraph about someone is no name; nor does a text that goes on end with a biography.
    """
    before = shares(lines)
    known = _known_names(lines) | {key(_plain_name(name)): _plain_name(name) for name in given}
    end = closing(lines, phrases)
    for i, line in enumerate(lines):
        if i == 0 or line.kind != "body" or line.words < 3:
            continue
        if (place := _biography(lines, i, known, phrases)) is None:
            continue
        under = lines[i + 1 : end]
        if before[i] < LATE or sum(other.is_text for other in under) >= _BIOGRAPHY:
            return None, len(lines)  # one of several such: a text about people
        return place
    return None, len(lines)


def _known_names(lines: Sequence[Line]) -> dict[str, str]:
    """Names on bylines, and names alone above the first paragraph, by their keys."""
    first = next((i for i, line in enumerate(lines) if line.is_prose), len(lines))
    alone = [
        line.text
        for line in lines[max(0, first - _TAIL) : first]
        if line.kind == "body" and 2 <= len(_plain_name(line.text).split()) <= 4 and is_name(line.text)
    ]
    bylines = [line.value for line in lines if line.kind == "byline" and line.value]
    return {key(_plain_name(name)): _plain_name(name) for name in (*alone, *bylines[:_TAIL])}


def _plain_name(name: str) -> str:
    return re.sub(r"^(?:(?:[دأ]|أ\.د|م|Dr|Prof)\.\s*)+", "", name)


def _biography(
    lines: Sequence[Line], i: int, known: dict[str, str], phrases: Phrases
) -> tuple[str | None, int] | None:
    """The author and the start of the biography whose text is this line, None when it is none."""
    words = lines[i].text.lstrip("*• ").split()
    job = next((n for n, word in enumerate(words[:8]) if phrases.whole(word, "professions")), None)
    if job is None or any(phrases.whole(word, "reporting") for word in words[:job]):
        return None
    above = lines[i - 1]
    name = above.value or above.text
    text, named = key(lines[i].text), key(_plain_name(name))
    is_person = above.kind in ("body", "byline") and is_name(name) and 2 <= len(name.split()) <= 5
    if is_person and (job == 0 and named in known):
        return name, i - 1
    if is_person and _opens_with_name(text, named, known):
        return name, i - 1
    if is_person and (own := _own_name(words[:job])) and language(own) == "ar" != language(name):
        return f"{own} ({name})", i - 1
    if phrases.whole(above.text, "biographies") and (own := _own_name(words[:job])):
        return known.get(key(own), own), i - 1
    if any(text.startswith(f"{other} ") for other in known):
        return None, i
    if job == 0 and lines[i].text.startswith("*") and len(known) == 1:
        return next(iter(known.values())), i
    return None


def _opens_with_name(text: str, name: str, known: dict[str, str]) -> bool:
    """`Jane Doe is a writer` under Jane Doe, or `Jane is` under one who is known as the author."""
    return text.startswith(f"{name} ") or (name in known and text.split()[0] == name.split()[0])


def _own_name(opening: Sequence[str]) -> str | None:
    """The name a biography opens with: two to four words before the profession."""
    name = " ".join(opening)
    return name if 2 <= len(opening) <= 4 and is_name(name) else None


def without_tags(body: list[Line], phrases: Phrases, *, is_followed: bool) -> list[Line]:
    """The body without tags under its last paragraph: lines of few words and no punctuation, several in a row, or
    one (a name, an agency) when furniture follows. What a text announces is of it, and so are numbers and names
    with a comma.
    """
    end = len(body)
    while end and _is_tag(body[end - 1]):
        end -= 1
    tags = len(body) - end
    is_punctuated = sum(line.is_prose for line in body) >= _PARAGRAPHS
    if not end or not tags or not (is_followed if tags == 1 else is_punctuated):
        return body
    last = body[end - 1].text.rstrip(".")
    if last.endswith((":", "،", ",")) or phrases.closer(last, "speech"):
        return body
    return body[:end]


def _is_tag(line: Line) -> bool:
    if line.words > _TAG_WORDS or line.is_ended or line.is_bullet or line.level or line.runs_on:
        return False
    return not re.search(r"[,،\d]", YEAR.sub("", line.text))
