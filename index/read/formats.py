"""The formats that are read, by suffix; a format's libraries are imported when the first file of it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeAlias

from index.errors import ReadError
from index.read.files import SourceFile, suffix
from index.read.mapping import FieldMap
from index.types import RawArticle

Item: TypeAlias = RawArticle | ReadError
Reader: TypeAlias = Callable[[SourceFile], Iterator[Item]]
"""Gives the articles of a file in order, those refused as errors; raises ReadError when it cannot go on."""
Kind = Literal["text", "html", "records", "pdf", "docx", "xml"]

_SUFFIXES: Mapping[Kind, tuple[str, ...]] = {
    "text": (".txt", ".md", ".markdown"),
    "html": (".html", ".htm", ".xhtml"),
    "records": (".jsonl", ".ndjson", ".csv", ".tsv"),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "xml": (".xml", ".rss", ".atom"),
}
FORMATS: Mapping[str, Kind] = MappingProxyType(
    {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}
)
"""The kind of each suffix, lower case; `.gz` may follow any of them."""
_MANY: tuple[Kind, ...] = ("records", "xml")


def reader(file: SourceFile, fields: FieldMap) -> Reader:
    """The reader of this file's format. Raises: ReadError: there is none."""
    match FORMATS.get(file.suffix):
        case "text":
            from index.read.text import read as read_text

            return read_text
        case "html":
            from index.read.html import read as read_html

            return read_html
        case "records":
            from index.read.records import read as read_records

            return partial(read_records, fields=fields)
        case "pdf":
            from index.read.pdf import read as read_pdf

            return read_pdf
        case "docx":
            from index.read.docx import read as read_docx

            return read_docx
        case "xml":
            from index.read.xml import read as read_xml

            return read_xml
        case None:
            known = ", ".join(sorted(FORMATS))
            raise ReadError(
                file.source, f"no reader for {file.suffix or 'a name without suffix'}; there are {known}"
            )


def at_most(file: SourceFile) -> int:
    """No fewer than the articles that a file holds, found without reading them. Raises: ReadError: it is not whole."""
    match FORMATS.get(file.suffix):
        case "records":
            from index.read.records import count

            return count(file)
        case "xml":
            with file.stream() as stream:
                return max(1, sum(line.count(b"<item") + line.count(b"<entry") for line in stream))
        case _:
            return 1


def is_read_apart(name: str) -> bool:
    """Whether files of this name are read in a process of their own: all but plain text."""
    return FORMATS.get(suffix(name), "text") != "text"


def holds_many(name: str) -> bool:
    """Whether a file of this name may hold many articles, each with a name of its own."""
    return FORMATS.get(suffix(name)) in _MANY
