"""What a line of a page says by itself: rules that know menus, share bars, dates, bylines, credits, notices."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from index.arabic import language
from index.clean.dates import dateline
from index.clean.phrasebook import Phrases, key
from index.types import Lang

Kind = Literal[
    "body", "navigation", "share", "related", "closing", "copyright", "caption", "date", "byline", "section",
    "notice", "teaser", "ticker", "mark",
]  # fmt: skip

Found = tuple[Kind, str | None]
"""A kind, and what the line is there for: a name, a section, an ISO date."""
Rule = Callable[[str, Phrases, Lang], Found | None]
"""A function of a line, the phrases and the page's language; None for a line it does not know."""

ENDED = re.compile(r"[.!?؟۔…:؛;,،][\"'”’»)\]*_]*$")
STOPPED = re.compile(r"[.!?؟۔…][\"'”’»)\]*_]*$")
_QUOTED = re.compile(r"^[\s\-–—]*[\"'“«‘]|[\"”»]")
_BREADCRUMB = re.compile(r"\s*[>›»/|\\←]\s*")
_BRACKET = re.compile(r"[(\[]\s*([^()\[\]]{2,80})\s*[)\]]\.?$")
_SLASHED = re.compile(r"(?:^|(?<=[\s.،,]))([A-Z]{2,}|[^\W\d_]{3,}(?: [^\W\d_]+)?)\s?/\s?[^./]{2,50}$")
_DASHED = re.compile(r"\s[-–—|]\s*([^-–—|]{2,40})\.?$")
_URL = re.compile(r"^(?:https?://|www\.)\S+$|^\S+@\S+\.\w+$")
_MARKED = re.compile(r"^(?P<mark>[^:：]{2,30})[:：]\s*(?P<rest>.*)$", re.DOTALL)
_LONGEST = 1_000
_MOST_WORDS = 60
"""A longer line is of the body."""
_NAME_PARTICLES = frozenset(
    ("and", "de", "del", "la", "al", "el", "bin", "ibn", "ben", "van", "von", "der", "di", "da", "du")
)


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
    if _QUOTED.search(text) and stopped:
        return None
    for kind, names in _WHOLE:
        if phrases.whole(text, *names) and (not stopped or kind != "navigation"):
            return kind, None
    if phrases.covered(text, "share", "counters") or _URL.match(text):
        return "share", None
    if not stopped and phrases.covered(text, "navigation", "share", "counters", "tickers"):
        return "navigation", None
    if all(word.startswith(("#", "@")) for word in text.split()):
        return "share", None
    return None


def _opening(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """Lines that a phrase and a colon open: `اقرأ أيضا: …`, `Tags: …`, `عاجل | …`, and notices."""
    words = len(text.split())
    head = re.match(r"^([^:：|]{2,40}?)\s*(?:[:：|]|\.\.+|[-–—](?=\s))\s*\S", text)
    if head and words <= 40:
        for kind, names in _HEADS:
            if phrases.whole(head[1], *names):
                return kind, None
    marked = _MARKED.match(text)
    if marked and phrases.whole(marked["mark"], "title_marks"):
        return "mark", marked["rest"].strip() or None
    if words <= 60 and phrases.opener(text, "notices") >= 2:
        return "notice", None
    if words <= 14 and not ENDED.search(text) and phrases.opener(text, "follow") >= 2:
        return "share", None
    return None


def _copyright(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    words = len(text.split())
    if words > 60 or not (
        "©" in text or "(c)" in text.lower() or _has_copyright_phrase(text, phrases, words)
    ):
        return None
    return "copyright", _publisher(text, phrases)


def _has_copyright_phrase(text: str, phrases: Phrases, words: int) -> bool:
    """A whole clause (`all rights reserved`) at either end, or `Copyright 2025 …`."""
    if max(phrases.opener(text, "copyright"), phrases.closer(text, "copyright")) >= 3:
        return True
    clause = re.split(r"[.|]\s*", text)
    if any(phrases.opener(part, "copyright") >= 3 for part in clause if len(part.split()) <= 12):
        return True
    return words <= 15 and bool(phrases.opener(text, "copyright")) and "#" in key(text).split()[:4]


def _publisher(text: str, phrases: Phrases) -> str | None:
    """The name on a copyright line: what is left without the formula, the year and `شركة`."""
    text = re.sub(r"\(c\)|©|[\d٠-٩]{4}(?:\s*[-–—]\s*[\d٠-٩]{4})?", " | ", text, flags=re.IGNORECASE)
    for piece in re.split(r"\s*[|،,]\s*|\.(?:\s+|$)", text):
        words = piece.split()
        while words and (n := phrases.opener(" ".join(words), "copyright", "copyright_words")):
            words = words[n:]
        while words and (n := phrases.closer(" ".join(words), "copyright", "copyright_words")):
            words = words[:-n]
        name = " ".join(words).strip(" -–—:.")
        if 1 <= len(words) <= 10 and len(name) > 1 and any(map(str.isalpha, name)):
            return name
    return None


def _caption(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """Captions and signatures, known by their credit: `… المصدر: (أ ف ب)`, `… (رويترز)`, `REUTERS/Jane Doe`."""
    words = len(text.split())
    if phrases.whole(text.strip("()[]"), "credits"):
        return "caption", None
    if words > 45 or (STOPPED.search(text) and not text.endswith((")", ").", "]"))):
        return None
    if _credit_after_mark(text, phrases):
        return "caption", None
    bracket, dashed, slashed = _BRACKET.search(text), _DASHED.search(text), _SLASHED.search(text)
    for found in (bracket, dashed):
        if found and _is_credit(found[1], phrases):
            before = text[: found.start()].strip()
            return None if words > 12 and STOPPED.search(before) else ("caption", None)
    if slashed and phrases.whole(slashed[1], "credits"):
        return "caption", None
    return None


def _credit_after_mark(text: str, phrases: Phrases) -> bool:
    """`Photo: Jane Doe`, `صدر الصورة، Getty`, `a captionالمصدر: رويترز`, not `قال المصدر: "لا"`."""
    for mark in re.finditer(r"\s*[:：،,]\s*", text):
        before, credit = text[: mark.start()], text[mark.end() :]
        n = phrases.closer(before, "credit_marks")
        if (
            n == len(key(before).split())
            and n > (0 if ":" in mark[0] else 1)
            and not STOPPED.search(credit.strip(")"))
        ):
            return len(credit.split()) <= 25
        if not credit or ":" not in mark[0] or _QUOTED.search(credit) or len(credit.split()) > 6:
            continue
        glued = re.search(
            r"(?P<before>.*\S)\s*(?P<mark>المصدر|مصدر الصورة|تصوير|[Ss]ource|[Pp]hoto(?: by)?|[Cc]redit)$",
            before,
        )
        if glued and phrases.closer(glued["before"], "speech") == 0 and glued["before"][-1:] not in "وب":
            return True
        if n and (_is_credit(credit, phrases) or STOPPED.search(" ".join(before.split()[:-n]))):
            return True
    return False


def _is_credit(text: str, phrases: Phrases) -> bool:
    """Whether the words in a bracket or behind a dash are a credit or name one: `Photo: AFP`, `رويترز - أرشيفية`."""
    if phrases.opener(text, "credit_marks") and ":" in text:
        return True
    return any(phrases.whole(part, "credits") for part in re.split(r"\s*[/,،|:–—-]\s*", text))


def _date(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    found = dateline(text, phrases, lang)
    return ("date", found.published_at) if found else None


def _byline(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """`By Jane Doe`, `كتب: محمد علي`, `بقلم محمد علي`; the name is None on a line that names no author."""
    if len(text.split()) > 12:
        return None
    for names, bare in ((("bare_byline",), True), (("byline",), False), (("roles",), False)):
        n = phrases.opener(text, *names)
        rest = (
            re.match(rf"^(?:[^\w]*\w[\w.’']*){{{n}}}(?P<mark>\s*[:：/،,–—-])?\s*(?P<name>.*)$", text)
            if n
            else None
        )
        if rest is None or not (bare or rest["mark"]):
            continue
        name = re.split(r"\s*[|•·,،/;]\s*|\s+[-–—]\s+", rest["name"].strip(" :-–—*"))[0]
        if not name or is_name(name):
            return "byline", None if names == ("roles",) else name or ""
    return None


def is_name(text: str) -> bool:
    """Whether a text could be one or two persons' names."""
    words = text.split()
    if not 1 <= len(words) <= 7 or ENDED.search(text) or any(c.isdigit() for c in text):
        return False
    return language(text) != "en" or all(w[0].isupper() or w.lower() in _NAME_PARTICLES for w in words)


def _breadcrumb(text: str, phrases: Phrases, lang: Lang) -> Found | None:
    """`الرئيسية > العالم > …`, `Asia | Diplomacy | Security`; its value is the innermost section."""
    crumbs = [part for part in _BREADCRUMB.split(text) if part]
    is_path = len(crumbs) >= 2 and phrases.whole(crumbs[0], "navigation")
    is_row = len(crumbs) >= 3 and "|" in text and all(len(crumb.split()) <= 3 for crumb in crumbs)
    if not (is_path or is_row):
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
    ("share", ("share", "follow")),
    ("related", ("related",)),
    ("closing", ("closing",)),
    ("navigation", ("navigation",)),
)
_HEADS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("teaser", ("related", "closing")),
    ("ticker", ("tickers",)),
)
DETAIL_RULES: tuple[Rule, ...] = (_furniture, _date, _byline, _section)
RULES: tuple[Rule, ...] = (_furniture, _date, _copyright, _byline, _caption, _breadcrumb, _section, _opening)
