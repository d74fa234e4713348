"""Dates as machines write them → ISO 8601 with the zone that was stated."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(.*)", re.DOTALL)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?)?")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_ZONE = re.compile(r"\s*(?:Z|UTC|GMT)$|(?:GMT|UTC)?\s*([+-]\d{2}):?(\d{2})$", re.IGNORECASE)


def iso(text: str) -> str:
    """`2025-11-09` or `2025-11-09T11:07+03:00`; seconds where they are not zero, a zone where one was stated.

    ISO 8601 and its like (a space for the T, slashes, single digits), RFC 5322 (`Sun, 09 Nov 2025 11:07:00 +0300`),
    seconds or milliseconds since 1970; digits may be Arabic.
    Raises: ValueError: it is none of these, or no day of the calendar.
    """
    text = "".join(str(unicodedata.digit(char, -1)) if char.isdigit() else char for char in text.strip())
    if _EPOCH.fullmatch(text):
        seconds = float(text) / (1000 if len(text) >= 12 and "." not in text else 1)
        return _written(datetime.fromtimestamp(seconds, UTC))
    if found := _COMPACT.fullmatch(text):
        return _of_parts(
            found[1], found[2], found[3], ":".join(filter(None, found.group(4, 5, 6))) + (found[7] or "")
        )
    if found := _DAY.fullmatch(text):
        return _of_parts(*found.groups())
    return _written(parsedate_to_datetime(text))


def _of_parts(year: str, month: str, day: str, rest: str) -> str:
    on = date(int(year), int(month), int(day))
    rest = rest.strip().removeprefix("T").removeprefix("t").strip()
    if not rest:
        return on.isoformat()
    zone = ""
    if found := _ZONE.search(rest):
        zone = f"{found[1]}:{found[2]}" if found[1] else "+00:00"
        rest = rest[: found.start()].strip()
    if re.fullmatch(r"\d:\d\d.*", rest):
        rest = f"0{rest}"
    return _written(datetime.fromisoformat(f"{on.isoformat()}T{rest}{zone}"))


def _written(moment: datetime) -> str:
    moment = moment.replace(microsecond=0)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")
