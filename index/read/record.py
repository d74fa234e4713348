"""One record of many → an article, its fields by a mapping."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from index.errors import ReadError
from index.read.dates import iso
from index.read.files import SourceFile
from index.read.given import NAMES, checked, merged
from index.read.mapping import FieldMap, values
from index.types import Given, RawArticle

MAX_SOURCE = 512
"""Of the name of an article, in characters; as in the API."""
NO_TEXT = "is empty or not there; an article needs text"
MAX_TEXT = 10_000_000

_MARKUP = re.compile(
    r"<(?:/?(?:p|div|br|h[1-6]|ul|ol|li|table|blockquote|span|strong|em|b|i|a|figure|section|article)\b)[^<>]*>",
    re.IGNORECASE,
)
_PAGE = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_NO = frozenset(("", "0", "false", "no", "none", "null", "n", "f"))
_TONGUE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in its file: at which place, from 1; `where` that is for a reader, such as `line 7`;
    SHA-256 of its bytes; its fields.
    """

    place: int
    where: str
    sha256: str
    fields: Mapping[str, Any]


def name_of(record: Record, fields: FieldMap, file: SourceFile) -> str:
    """The source of the article: the name that the record gives itself, or `FILE#ID`, or its address, or `FILE#PLACE`.

    Raises: ReadError: the name is no text, too long or not in one line.
    """
    for target, form in (
        ("source", "{}"),
        ("id", file.source.replace("{", "{{").replace("}", "}}") + "#{}"),
        ("url", "{}"),
    ):
        found = _said(record, target, fields, file.source)
        if found:
            name = form.format(found[0].strip())
            if len(name) > MAX_SOURCE or not name.isprintable():
                raise _wrong(
                    record, file.source, target, fields, f"wanted one line of at most {MAX_SOURCE} characters"
                )
            return name
    return f"{file.source}#{record.place}"


def is_wanted(record: Record, fields: FieldMap) -> bool:
    """Whether the record is of an article that is there: not marked as removed, nor left out by `only`."""
    gone = [value for name in fields.names("removed") for value in values(record.fields, name)]
    if any(str(value).strip().lower() not in _NO for value in gone):
        return False
    for name, wanted in fields.only.items():
        if not any(str(value) in wanted for value in values(record.fields, name)):
            return False
    return True


def article(record: Record, source: str, fields: FieldMap) -> RawArticle:
    """The article of a record; HTML in it is made plain. Raises: ReadError naming line and field."""
    parts = _said(record, "text", fields, source)
    if not any(part.strip() for part in parts):
        raise _wrong(record, source, "text", fields, NO_TEXT)
    if sum(map(len, parts)) > MAX_TEXT:
        raise _wrong(record, source, "text", fields, f"has more than {MAX_TEXT:,} characters")
    given = _given(record, source, fields)
    text = "\n\n".join(parts)
    if _PAGE.search(text):
        from index.read.html import page  # lxml takes a while to import

        found = page(text, source, record.sha256)
        return RawArticle(source, found.text, record.sha256, merged(given, found.given), around=found.around)
    if _MARKUP.search(text):
        from index.read.blocks import blocks, parsed, plain

        text = "\n\n".join(
            plain(blocks(parsed(f"<div>{part}</div>", source))) if _MARKUP.search(part) else part
            for part in parts
        )
        if not text.strip():
            raise _wrong(record, source, "text", fields, "holds markup only; an article needs text")
    return RawArticle(source, text, record.sha256, given, is_clean=True)


def _given(record: Record, source: str, fields: FieldMap) -> Given:
    found: dict[str, str] = {}
    for name in NAMES:
        said = _said(record, name, fields, source)
        if not said:
            continue
        value = ", ".join(dict.fromkeys(said)) if name == "author" else said[0]
        try:
            if value := _made(name, value):
                found[name] = checked(name, value)
        except (TypeError, ValueError) as error:
            raise _wrong(record, source, name, fields, str(error)) from error
    return Given(**found)  # type: ignore[arg-type]  # `checked` let no other language through


def _made(name: str, value: str) -> str:
    """A value as provenance wants it: a date in ISO 8601, one of our languages or none, text without markup."""
    if name == "published_at":
        try:
            return iso(value)
        except (ValueError, OverflowError):
            raise ValueError(
                f"wanted a date such as 2025-11-09 or 2025-11-09T11:07+03:00, got {value[:40]!r}"
            ) from None
    if name == "lang":
        tag = value.strip().lower()
        if tag[:2] in ("ar", "en") and _TONGUE.fullmatch(tag):
            return tag[:2]
        return "" if _TONGUE.fullmatch(tag) and tag != "und" else tag
    if name == "url":
        return value.strip()
    return html.unescape(_TAG.sub("", value) if _MARKUP.search(value) else value)


def _said(record: Record, target: str, fields: FieldMap, source: str) -> list[str]:
    """The texts of a target: of all its fields for `text`, else of the first field that says something."""
    found: list[str] = []
    for name in fields.names(target):
        for value in values(record.fields, name):
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                wanted = f"wanted text, got {_kind(value)}"
                raise _wrong(record, source, target, fields, wanted)
            found.append(str(value))
        if found and target != "text":
            break
    return [text for text in found if text.strip()]


def _kind(value: object) -> str:
    return {"dict": "an object", "bool": "true or false"}.get(type(value).__name__, type(value).__name__)


def _wrong(record: Record, source: str, target: str, fields: FieldMap, reason: str) -> ReadError:
    names = fields.names(target)
    of = "" if names == (target,) else f" (field {' or '.join(names)})"
    return ReadError(source, f"{record.where}: {target}{of}: {reason}")
