"""Articles of the project's own export: as they were stored, what was inferred still called so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.formats import Item
from index.read.given import NAMES, checked
from index.read.record import MAX_SOURCE, Record
from index.types import Given, RawArticle

_FORMAT = {"format": "sanad-export", "version": 1}


def is_header(record: Record | ReadError) -> bool:
    """Whether the file is an export: its first line says so."""
    return isinstance(record, Record) and dict(record.fields) == _FORMAT


def articles(records: Iterator[Record | ReadError], file: SourceFile) -> Iterator[Item]:
    """The articles in order, under the sources that they had; a line that is none is refused by its number."""
    for record in records:
        if isinstance(record, ReadError):
            yield record
        elif not is_header(record):
            try:
                yield _article(record, file)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                reason = f"has no field {error}" if isinstance(error, KeyError) else str(error)
                yield ReadError(file.source, f"{record.where}: is no article of an export: {reason}")


def _article(record: Record, file: SourceFile) -> RawArticle:
    said: Any = record.fields["provenance"]
    source, text = said["source"], record.fields["text"]
    if not isinstance(source, str) or not isinstance(text, str) or not 0 < len(source) <= MAX_SOURCE:
        raise ValueError("source and text must be text")
    given = {name: checked(name, said[name]) for name in NAMES if said.get(name)}
    spans = [(int(start), int(end)) for start, end in record.fields["headings"]]
    return RawArticle(
        source=source,
        text=_marked(text, spans),
        sha256=str(said.get("sha256") or hashlib.sha256(text.encode()).hexdigest()),
        given=Given(**given),  # type: ignore[arg-type]  # `checked` let no other language through
        is_clean=True,
        is_paged="\f" in text,
        inferred=tuple(name for name in said["inferred"] if name in NAMES),
    )


def _marked(text: str, headings: list[tuple[int, int]]) -> str:
    """The text with its headings marked as such."""
    for start, _ in sorted(headings, reverse=True):
        text = f"{text[:start]}## {text[start:]}"
    return text
