"""The lines of a scraped page, each with its kind; wrapped paragraphs and Markdown made plain."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from index.arabic import language
from index.clean.kinds import Found, Kind, detail_kind, kind_of
from index.clean.phrasebook import Phrases
from index.clean.wording import ENDED, STOPPED, is_name, runs_on
from index.types import Lang

_BULLET = re.compile(r"^\s*(?:[-*•–—▪●◦‣■]|\(?[\d٠-٩]{1,2}[.)\-])\s*(?=\S)")
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–—]\s+")
_NAME_DATE = re.compile(r"(?P<name>[^\d:،,.]{5,40}[^\W\d_])(?P<date>[\d٠-٩].*)$")  # themes glue them
_CREDITED = re.compile(
    r"(?:(?<=[.!؟…])|(?<=[.!؟…][\"»”)]))\s*\b(?:المصدر|المصادر|Source)\s*[:：][^:.]{2,60}\.?$"
)


_NO_HEADINGS: tuple[Kind, ...] = ("related", "closing", "form")
"""What, of more words than one, heads a block of the page though it is marked as a heading."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page with its kind. `level` is the Markdown heading level, 0 for none.

    `value` is what the line is there for: the name on a byline, the section on a breadcrumb, the ISO date.
    """

    text: str
    kind: Kind
    level: int = 0
    value: str | None = None
    runs_on: bool = False
    """Whether it reads as running text even without a full stop."""
    page: int = 0
    """The page it stands on, from 1; 0 for a text without pages."""

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def is_ended(self) -> bool:
        """Whether it ends like a sentence or clause (`.`, `؟`, `:` …, quotes after it allowed)."""
        return bool(ENDED.search(self.text))

    @property
    def is_stopped(self) -> bool:
        """Whether it ends like a sentence."""
        return bool(STOPPED.search(self.text))

    @property
    def is_bullet(self) -> bool:
        return bool(_BULLET.match(self.text))

    @property
    def is_prose(self) -> bool:
        """Whether it is a paragraph of the article: body that is a sentence, or too long for anything else."""
        stopped = self.is_stopped and not self.text.endswith(("?", "؟", "..", "…"))
        if self.text.endswith("!") and self.words <= 15:  # a headline as often as a paragraph
            stopped = False
        return self.kind == "body" and not self.level and (self.words > 22 or (stopped and self.words >= 4))

    @property
    def is_text(self) -> bool:
        """Whether it is of the article's text: prose, or running text without a full stop."""
        return self.is_prose or (self.kind == "body" and not self.level and self.runs_on)


def lines(text: str, phrases: Phrases) -> tuple[Line, ...]:
    """The lines of a page in order with their kinds; blank and purely decorative ones are left out."""
    lang = language(text)
    written = (raw for raw in _unwrapped(text) if any(map(str.isalnum, raw)))
    return tuple(line for raw in written for line in _lines_of(raw, phrases, lang))


def body_lines(text: str) -> tuple[Line, ...]:
    """The lines of a text that is only a body, all of kind `body`."""
    return tuple(Line(_plain(raw), "body", _level(raw)) for raw in _unwrapped(text) if raw.strip())


def paged_lines(text: str) -> tuple[Line, ...]:
    """The same of a text whose pages each end with a form feed."""
    pages = enumerate(text.split("\f"), start=1)
    return tuple(replace(line, page=number) for number, page in pages for line in body_lines(page))


def _lines_of(raw: str, phrases: Phrases, lang: Lang) -> tuple[Line, ...]:
    """One line, or a line for each of the details that share it: `By Jane Doe | Nov 9, 2025 | 5 min read`."""
    level, text = _level(raw), _CREDITED.sub("", _without_glued(_plain(raw), phrases))
    if level:
        kind = kind_of(text, phrases, lang)[0] if level > 1 and " " in text else "body"
        return (Line(text, kind) if kind in _NO_HEADINGS else Line(text, "body", level),)
    for parts in _partings(text, phrases):
        kinds = [detail_kind(part, phrases, lang) for part in parts]
        if len(parts) > 1 and (all(kinds) or _is_name_and_dates(parts, kinds)):
            found = [kind or ("byline", part) for part, kind in zip(parts, kinds, strict=True)]
            return tuple(Line(part, kind, 0, value) for part, (kind, value) in zip(parts, found, strict=True))
    return _whole_line(text, phrases, lang)


def _whole_line(text: str, phrases: Phrases, lang: Lang) -> tuple[Line, ...]:
    kind, value = kind_of(text, phrases, lang)
    if kind == "body" and (glued := _NAME_DATE.match(text)) and is_name(glued["name"]):
        date = detail_kind(glued["date"], phrases, lang)
        if date and date[0] == "date" and date[1]:
            return Line(glued["name"], "byline", 0, glued["name"]), Line(glued["date"], "date", 0, date[1])
    return (Line(text, kind, 0, value, runs_on(text, phrases)),)


def _is_name_and_dates(parts: list[str], kinds: list[Found | None]) -> bool:
    """`محمد الخاتم | 05.12.2024`: a name first, dates behind it."""
    are_dates = all(kind and kind[0] == "date" for kind in kinds[1:])
    return not kinds[0] and are_dates and is_name(parts[0]) and 2 <= len(parts[0].split()) <= 4


def _partings(text: str, phrases: Phrases) -> Iterator[list[str]]:
    """The ways a short line may fall into details: at bars and dots, and before `by`; a breadcrumb stays whole."""
    if len(text) > 250 or len(text.split()) > 25:
        return
    parts = [part for part in _PARTS.split(text) if part]
    if len(parts) > 1 and kind_of(text, phrases, "und")[0] == "section":
        return
    if len(parts) > 1:
        yield parts
    words = text.split()
    for i in range(1, len(words)):
        if phrases.whole(words[i], "bare_byline") and not phrases.opener(text, "bare_byline"):
            yield [" ".join(words[:i]), " ".join(words[i:])]


def _without_glued(text: str, phrases: Phrases) -> str:
    """A line without what stands for icons of links: `the report, opens new tab`."""
    return text if phrases.whole(text, "glued") else _glued(phrases).sub("", text)


@lru_cache(maxsize=16)
def _glued(phrases: Phrases) -> re.Pattern[str]:
    pattern = phrases.pattern("glued")
    return re.compile(rf",\s*{pattern}\b|(?<=\S)\s+{pattern}$", re.IGNORECASE)


def _unwrapped(text: str) -> Iterator[str]:
    """Lines without surrounding whitespace; paragraphs that were wrapped at a fixed width are one line again."""
    blocks = re.split(r"\n\s*\n", re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text))
    rows = [[line.strip(" \t\xa0\ufeff\u200b\u200e\u200f") for line in block.split("\n")] for block in blocks]
    inner = [line for block in rows for line in block[:-1] if line]
    if len(inner) >= 3 and all(_is_wrapped(line) for line in inner):
        rows = [[" ".join(filter(None, block))] for block in rows]
    for block in rows:
        yield from filter(None, block)


def _is_wrapped(line: str) -> bool:
    return 50 <= len(line) <= 100 and not _BULLET.match(line) and not line.startswith("#")


def _level(raw: str) -> int:
    found = re.match(r"(#{1,6})\s+\S", raw)
    return len(found[1]) if found else 0


def _plain(raw: str) -> str:
    """A line without HTML entities, Markdown heading marks, images, links and emphasis."""
    text = re.sub(r"^#{1,6}\s+(.*?)\s*#*$", r"\1", html.unescape(raw).strip())
    text = re.sub(r"!\[[^\]]*\]\([^)\s]*\)", "", text)
    text = re.sub(r"\[([^\]]+)\]\((?:https?:|/|#)[^)]*\)", r"\1", text)
    return re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text).strip()
