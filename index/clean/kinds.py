"""What a line of a page says by itself: rules that know menus, share bars, dates, bylines, credits, notices."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from index.clean.bylines import byline
from index.clean.credits import copyright_kind, is_caption
from index.clean.dates import dateline
from index.clean.phrasebook import Phrases
from index.clean.wording import ENDED, QUOTED, STOPPED
from index.types import Lang

Kind = Literal[
    "body", "navigation", "share", "related", "closing", "copyright", "caption", "date", "byline", "section",
    "notice", "teaser", "ticker", "mark", "follow", "form", "deck",
]  # fmt: skip

Found = tuple[Kind, str | None]
"""A kind, and what the line is there for: a name, a section, an ISO date."""
Rule = Callable[[str, Phrases, Lang], Found | None]
"""A function of a line, the phrases and the page's language; None for a line it does not know."""

_BREADCRUMB = re.compile(r"\s*[>›»/|\\←]\s*")
_URL = re.compile(r"^(?:https?://|www\.)\S+$|^\S+@\S+\.\w+$")
_MARKED = re.compile(r"^(?P<mark>[^:：]{2,30})[:：]\s*(?P<rest>.*)$", re.DOTALL)
_LONGEST = 1_000
_MOST_WORDS = 60
"""A longer line is of the body."""


def kind_of(text: str, phrases: Phrases, lang: Lang) -> Found:
    """The kind of a line by the first rule that knows it; `body` for a line that none knows."""
    found = (
        _by(RULES, text, phrases, lang)
        if len(text) <= _LONGEST and len(text.split()) <= _MOST_WORDS
        else None
    )
    return found or ("body", None)


def detail_kind(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """The kind of a part of a line that several details share; None for anything else."""
    return _by(DETAIL_RULES, text, phrases, lang)


def _by(rules: tuple[Rule, ...], text: str, phrases: Phrases, lang: Lang) -> Found | None:
    return next(filter(None, (rule(text, phrases, lang) for rule in rules)), None)


def _furniture(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """Whole lines: menus, share bars, block openers, addresses, hashtags."""
    stopped = bool(STOPPED.search(text))
    if QUOTED.search(text) and (stopped or text[-1] in '"”»'):
        return None
    for kind, names in _WHOLE:
        if phrases.whole(text, *names) and not (text.endswith(".") and kind in ("navigation", "form")):
            return kind, None
    if (not stopped and phrases.covered(text, "share", "counters")) or _URL.match(text):
        return "share", None
    if not stopped and phrases.covered(text, "navigation", "share", "counters", "tickers"):
        return "navigation", None
    if phrases.whole(text, "end_marks") and not text[0].isalnum():
        return "closing", None
    if all(word.startswith(("#", "@")) for word in text.split()):
        return "share", None
    return None


def _opening(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """Lines that a phrase and a colon open: `اقرأ أيضا: …`, `Tags: …`, `عاجل | …`, and notices."""
    words = len(text.split())
    head = re.match(r"^([^:：|]{2,40}?)\s*(?:[:：|]|\.\.+|[-–—](?=\s))\s*\S", text)
    if head and words <= 40:
        for kind, names in _HEADS:
            if phrases.whole(head[1], *names) and not (kind == "notice" and STOPPED.search(text)):
                return kind, None
    marked = _MARKED.match(text)
    if marked and phrases.whole(marked["mark"], "title_marks"):
        return "mark", marked["rest"].strip() or None
    if _is_notice(text, phrases):
        return "notice", None
    if words <= 8 and not ENDED.search(text) and phrases.opener(text, "forms") >= 3:
        return "form", None
    if words <= 14 and not ENDED.search(text) and phrases.opener(text, "follow") >= 2:
        return "follow", None
    return None


def _is_notice(text: str, phrases: Phrases) -> bool:
    """A line about the site; one about views says whose they are not: `The views expressed … do not reflect …`."""
    if phrases.opener(text, "notices") >= 2 or phrases.closer(text, "notice_ends") >= 2:
        return True
    return phrases.opener(text, "disclaimers") >= 2 and phrases.holds(text, "disclaimer_words")


def _copyright(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    is_copyright, publisher = copyright_kind(text, phrases)
    return ("copyright", publisher) if is_copyright else None


def _caption(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    return ("caption", None) if is_caption(text, phrases) else None


def _date(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    found = dateline(text, phrases, lang)
    return ("date", found.published_at) if found else None


def _byline(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """A byline; its value is None where it names no author, empty where the name stands on the next line."""
    name = byline(text, phrases)
    if name is None:
        return None
    return "byline", name or ("" if phrases.whole(text, "byline", "bare_byline") else None)


def _breadcrumb(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """`الرئيسية > العالم > …`, `Asia | Diplomacy | Security`; its value is the innermost section."""
    crumbs = [part for part in _BREADCRUMB.split(text) if part]
    is_path = len(crumbs) >= 2 and phrases.whole(crumbs[0], "navigation")
    is_row = len(crumbs) >= 3 and "|" in text and all(len(crumb.split()) <= 3 for crumb in crumbs)
    is_pair = len(crumbs) == 2 and "|" in text and phrases.whole(crumbs[0], "sections")
    if not (is_path or is_row or (is_pair and len(crumbs[1].split()) <= 3)):
        return None
    sections = [crumb for crumb in crumbs if phrases.whole(crumb, "sections")]
    return "section", sections[-1] if sections else None


def _section(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    if phrases.whole(text, "sections") and not STOPPED.search(text):
        return "section", text
    marked = _MARKED.match(text)
    if marked and phrases.whole(marked["mark"], "section_marks") and len(text.split()) <= 8:
        return "section", marked["rest"].strip() or None
    return None


_WHOLE: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("form", ("forms",)),
    ("follow", ("follow",)),
    ("share", ("share",)),
    ("related", ("related",)),
    ("closing", ("closing", "final", "biographies")),
    ("navigation", ("navigation",)),
)
_HEADS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("teaser", ("related", "closing", "final")),
    ("ticker", ("tickers",)),
    ("notice", ("contacts",)),
)
DETAIL_RULES: tuple[Rule, ...] = (_furniture, _date, _byline, _section)
RULES: tuple[Rule, ...] = (_furniture, _date, _copyright, _byline, _caption, _breadcrumb, _section, _opening)
