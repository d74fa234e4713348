"""Provenance that a source states about itself, checked field by field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import date, datetime
from reprlib import repr as _short
from typing import Any, get_args
from urllib.parse import urlsplit

from index.errors import ReadError
from index.types import Given, Lang

NAMES = tuple(field.name for field in dataclass_fields(Given))
_MAX_LENGTH = 2_000


def fields(values: Mapping[object, object], source: str, place: str) -> Given:
    """The given provenance of a mapping; `null` and blank text count as silent.

    `published_at` becomes ISO 8601, a date or a date and time; `url` must be http or https; `lang` is ar, en or und.

    Raises: ReadError naming the field that is unknown, of a wrong type or malformed; `place` says where it stands.
    """
    good: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(name, str) or name not in NAMES:
            raise ReadError(source, f"{place}: unknown field {_short(name)}; there are {', '.join(NAMES)}")
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            good[name] = checked(name, value)
        except (TypeError, ValueError) as error:
            raise ReadError(source, f"{place}: {name}: {error}") from error
    return Given(**good)


def merged(first: Given, second: Given) -> Given:
    """The fields of `first`, and of `second` where `first` is silent."""
    return replace(second, **{name: value for name in NAMES if (value := getattr(first, name)) is not None})


def checked(name: str, value: object) -> str:
    """The value of a field as text in one line. Raises: TypeError, ValueError with what was wanted and what came."""
    if not isinstance(value, str):
        raise TypeError(f"wanted text, got {type(value).__name__} {_short(value)}")
    text = " ".join(value.split())
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("has control characters or lone surrogates")
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"has {len(text)} characters, the limit is {_MAX_LENGTH}")
    if name == "published_at":
        return _iso_date(text)
    if name == "url":
        return _http_url(text)
    if name == "lang" and text not in get_args(Lang):
        raise ValueError(f"wanted one of {', '.join(get_args(Lang))}, got {_short(text)}")
    return text


def _iso_date(text: str) -> str:
    """ISO 8601 as Python writes it: `2025-11-09`, `2025-11-09T11:07:00+03:00`; minutes as they came."""
    try:
        if "T" not in text.upper() and " " not in text:
            return date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"wanted an ISO 8601 date such as 2025-11-09 or 2025-11-09T11:07, got {_short(text)}"
        ) from None
    return moment.isoformat(timespec="auto" if moment.second or moment.microsecond else "minutes")


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in text:
        raise ValueError(f"wanted an http or https address, got {_short(text)}")
    return text
