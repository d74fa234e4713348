"""Lines that name who wrote an article, and where from."""

from __future__ import annotations

import re

from index.clean.phrasebook import Phrases, key
from index.clean.wording import QUOTED, is_name

_AFTER_NAME = re.compile(r"\s*[|•·،,/;]\s*|\s+[-–—ـ]+\s+|\s+(?:for|in)\s+(?=[A-Z])|\s+في\s+(?=[\d٠-٩])")
_PLACE_PARTS = re.compile(r"\s*[/:：،|]\s*|\s*[-–—]\s+|\s+ـ+\s+")
_IN_PLACE = re.compile(r"(?P<name>[A-Z][\w.’'-]+(?: [A-Z][\w.’'-]+){1,3}) in [A-Z][\w.’' -]+$")
_ADDRESS = re.compile(r"\s*[(<]?\b[\w.+-]+@[\w-]+\.[\w.]+[)>]?")
_LABELS = (("bare_byline", True), ("byline", False), ("roles", False))


def byline(text: str, phrases: Phrases) -> str | None:
    """The name on `By Jane Doe`, `كتب: محمد علي`; empty on a byline that names no author, and
    None for a line that is none.
    """
    if _is_credits_roll(text, phrases):
        return ""
    text = _ADDRESS.sub("", text)
    if len(text.split()) > 12 or (text.endswith(".") and "," in text):
        return None
    for label, is_bare in _LABELS:
        rest = _rest(text, phrases, label)
        if rest is None or not (is_bare or rest["mark"] or phrases.opener(text, "roles") >= 2):
            continue
        name = _AFTER_NAME.split(rest["name"].strip(" :-–—*ـ"))[0]
        if not name or (is_name(name) and not _is_time(name, phrases)):
            return "" if label == "roles" else name
    return None


def name_beside(text: str, phrases: Phrases, *, is_dated: bool) -> str | None:
    """The name on a line that is a byline only by its place above the text: `كتب محمد علي`, `Jane Doe in York`; and
    `بيروت - محمد علي` if the date is next to it, for headlines are written so too.
    """
    if found := _IN_PLACE.match(text):
        return found["name"]
    if (name := _placed(text, phrases)) and (is_dated or text.count("/") > 1):
        return name
    rest = _rest(text, phrases, "byline")
    if rest and 2 <= len(rest["name"].split()) <= 4 and is_name(rest["name"]):
        return rest["name"]
    return None


def _rest(text: str, phrases: Phrases, label: str) -> re.Match[str] | None:
    """A byline behind its label: the `mark` that parts them, and the `name`."""
    n = phrases.opener(text, label)
    pattern = rf"^(?:[^\w]*\w[\w.’']*){{{n}}}(?P<mark>\s*[:：/،,–—-]|\s+ـ+(?=\s))?\s*(?P<name>.*)$"
    return re.match(pattern, text) if n else None


def _is_time(name: str, phrases: Phrases) -> bool:
    """`By Friday` names no one."""
    return all(phrases.whole(word, "weekdays") or key(word) in phrases.months for word in name.split())


def _is_credits_roll(text: str, phrases: Phrases) -> bool:
    """`Reporting by A in Cairo and B in York; Editing by C`."""
    parts = re.split(r";\s*", text)
    return 2 <= len(parts) <= 5 and all(
        phrases.opener(part, "bare_byline", "roles") >= 2 and len(part.split()) <= 20 for part in parts
    )


def _placed(text: str, phrases: Phrases) -> str | None:
    """`الخرطوم / محمد الخاتم / الأناضول`, `هسبريس - محمد علي`: places and agencies around at most one name."""
    parts = [part for part in _PLACE_PARTS.split(text) if part]
    if not 2 <= len(parts) <= 4 or len(text.split()) > 8 or QUOTED.search(text):
        return None
    names = [part for part in parts if not phrases.whole(part, "places", "outlets", "credits")]
    if len(names) == len(parts) or len(names) > 1 or parts[0] in names:
        return None
    return names[0] if names and 2 <= len(names[0].split()) <= 4 and is_name(names[0]) else None
