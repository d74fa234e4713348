"""Datelines of Arabic and English pages: lines that hold a date and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from index.arabic import fold, language
from index.clean.phrasebook import Phrases
from index.types import Lang

_ISO = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d)(?:t(?=\d))?"
)
_NUMERIC = re.compile(r"(?<!\d)(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>(?:19|20)\d\d)(?!\d)")
_ZONE = re.compile(r"(?:\b(?:gmt|utc)\s*)?[+-]\d{1,2}(?::?\d{2})?\b|\((?:gmt|utc)\)")
_BRACKETED = re.compile(r"\([^()\d]{1,40}\)")
_PLACE = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)?(?:\s*[-,/]\s*|\s+في\s+|\s+)")
_HIJRI_NUMERIC = re.compile(
    r"(?<!\d)1[34]\d\d[-/]\d{1,2}[-/]\d{1,2}(?!\d)|(?<!\d)\d{1,2}[-/]\d{1,2}[-/]1[34]\d\d(?!\d)"
)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Dateline:
    """What a dateline says: ISO 8601 `2025-11-09` or `2025-11-09T11:07` as printed there, without a time zone.

    None when it gives no day of publication that is certain: only a Hijri date, "2 hours ago", the date of an
    update, or 03/04/2025 in English.
    """

    published_at: str | None


@dataclass(frozen=True, slots=True)
class _Patterns:
    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    hijri: re.Pattern[str]
    time: re.Pattern[str]
    update: re.Pattern[str]


def dateline(line: str, phrases: Phrases, lang: Lang = "und") -> Dateline | None:
    """The date of a line that is nothing but a date with its weekday, time and label; None for any other line."""
    if len(line) > _LONGEST or re.match(r"(?:On|In|في)\b.*[^\W\d_.]{2}.*\d\.$", line):
        return None
    if phrases.covered(line, "counters", "updates") and not phrases.covered(line, "updates"):
        return None if line.endswith(".") else Dateline(None)
    patterns = _patterns(phrases)
    text = _without_place(_BRACKETED.sub(" ", fold(line).text), phrases)
    found: list[tuple[int, str | None]] = []

    def take_date(match: re.Match[str]) -> str:
        found.append((match.start(), _date(match, phrases, "ar" in (lang, language(line)))))
        return " " * len(match.group())

    for pattern in (_ISO, _NUMERIC, patterns.day_first, patterns.month_first):
        text = pattern.sub(take_date, text)
    text, time = _take_time(text, patterns.time)
    text, hijri = re.subn(patterns.hijri, " ", text)
    text = _ZONE.sub(" ", text)
    updates = [match.start() for match in patterns.update.finditer(text)]
    if not (found or hijri or (updates and time)) or not _is_rest_of_date(text, phrases):
        return None
    return Dateline(_published(sorted(found), updates, time))


def _without_place(text: str, phrases: Phrases) -> str:
    """A dateline without the place and agency around it: `عمان - الأحد 9-11-2025`, `… 18 مارس 2024 م واس`."""
    found = _PLACE.match(text)
    if found and phrases.whole(re.sub(r"\s+في\s*$", "", found.group()), "places", "outlets", "credits"):
        text = text[found.end() :]
    before, _, last = text.rpartition(" ")
    return before if phrases.whole(last, "credits") else text


def _published(found: list[tuple[int, str | None]], updates: list[int], time: str | None) -> str | None:
    """The first date that no update label stands before (nearer than another date)."""
    before = -1
    for place, date in found:
        if not any(before < update < place for update in updates):
            return f"{date}T{time}" if date and time and len(found) == 1 else date
        before = place
    return None


def _date(match: re.Match[str], phrases: Phrases, is_arabic: bool) -> str | None:
    parts = match.groupdict()
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        day_first = is_arabic or first > 12 or parts["sep"] == "." or first == second
        if not day_first and second <= 12:
            return None
        day, month = (first, second) if day_first else (second, first)
    else:
        name = re.sub(r"[\s.]+", " ", parts["m"]).strip()
        day, month = int(parts["d"]), phrases.months.get(name) or int(parts["m"])
    try:
        return datetime(int(parts["y"]), month, day).date().isoformat()
    except ValueError:
        return None


def _take_time(text: str, pattern: re.Pattern[str]) -> tuple[str, str | None]:
    """The text without its times, and the first of them as `HH:MM`."""
    times = [time for match in pattern.finditer(text) if (time := _time(match))]
    return pattern.sub(" ", text), times[0] if times else None


def _time(match: re.Match[str]) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if match["am"] or match["pm"]:
        if hour > 12 and not match["pm"]:
            return None
        hour = hour % 12 + (12 if match["pm"] else 0) if hour <= 12 else hour
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _is_rest_of_date(text: str, phrases: Phrases) -> bool:
    """Whether what is left of a line is only labels, weekdays, eras and punctuation."""
    rest = re.sub(r"[\W_]+", " ", text).strip()
    return not rest or phrases.covered(
        rest, "weekdays", "meta", "updates", "hijri", "am", "pm", "counters", "eras"
    )


@lru_cache(maxsize=16)
def _patterns(phrases: Phrases) -> _Patterns:
    month = phrases.month_pattern()
    months = rf"(?P<m>{month})\.?(?:\s*[/(]\s*{month}\)?)?"
    year = r"(?P<y>(?:19|20)\d\d)(?!\d)"
    halves = rf"(?:(?P<am>{phrases.pattern('am')})|(?P<pm>{phrases.pattern('pm')}))"
    return _Patterns(
        day_first=re.compile(
            rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s,/-]*(?:of\s+|من\s+)?{months}[\s,/-]*{year}"
        ),
        month_first=re.compile(rf"\b{months}\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*[,\s]\s*{year}"),
        hijri=re.compile(
            rf"\d{{1,2}}\s*(?:من\s+)?{phrases.pattern('hijri')}[\s,]*1[34]\d\d|{_HIJRI_NUMERIC.pattern}"
        ),
        time=re.compile(
            r"(?<!\d)(?P<hour>\d{1,2})(?:\s*و\s*(?=\d{1,2}\s*دق)|[.](?=\d\d\s*(?:gmt|bst|utc|est|edt|cet|[ap]m)\b)|:(?=\d\d))"
            rf"(?P<minute>\d{{1,2}})(?::\d\d(?:\.\d+)?)?(?:z\b)?\s*(?:دقيقه|دقايق)?\s*(?:{halves}(?!\w))?"
        ),
        update=re.compile(rf"\b{phrases.pattern('updates')}\b"),
    )
