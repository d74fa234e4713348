"""What a task holds on disk → raw articles, one at a time, each refused by name where it cannot be read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from index.errors import ReadError
from index.read import Corpus, given, read_folder
from index.types import Given, RawArticle

LINES, FILES = "articles.ndjson", "files"
MOST_ARTICLES = 10_000
LONGEST_LINE = 1_048_576
LONGEST_SOURCE = 512


def raw_article(fields: Mapping[Any, Any], source: str | None = None) -> RawArticle:
    """The article that a caller states: `text`, its `source` (or else its `url`), and its provenance.

    The text is taken as it is, not cleaned. Raises: ReadError naming the field at fault.
    """
    stated = dict(fields)
    source = source or _text(stated, "source") or _text(stated, "url")
    stated.pop("source", None)
    text = _text(stated, "text")
    stated.pop("text", None)
    if not source:
        raise ReadError("unknown", "source: a source or a url is needed")
    if not text or not text.strip():
        raise ReadError(source, "text: must hold more than blanks")
    if len(source) > LONGEST_SOURCE:
        raise ReadError(source[:80], f"source: has {len(source)} characters, the limit is {LONGEST_SOURCE}")
    return RawArticle(
        source=source,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        given=_given(stated, source),
        is_clean=True,
    )


def articles(folder: Path) -> Iterator[RawArticle | ReadError]:
    """The articles of a payload in a fixed order: lines of JSON, or files in the formats that `sanad sync` reads."""
    lines = folder / LINES
    if not lines.is_file():
        yield from read_folder(folder / FILES)
        return
    with lines.open("rb") as file:
        place = 0
        while line := file.readline(LONGEST_LINE + 2):
            if line.strip():
                yield _of_line(line, place)
                place += 1
            while not line.endswith(b"\n") and line:  # the rest of a line too long
                line = file.readline(LONGEST_LINE)


def count(folder: Path) -> int:
    """How many `articles` will yield; of files that hold many, no fewer than there are."""
    lines = folder / LINES
    if not lines.is_file():
        return Corpus.at(folder / FILES).at_most()
    with lines.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _of_line(line: bytes, place: int) -> RawArticle | ReadError:
    name = f"line {place + 1}"
    if len(line) > LONGEST_LINE:
        return ReadError(name, f"is longer than {LONGEST_LINE} bytes")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return ReadError(name, "is not valid JSON")
    if not isinstance(fields, dict):
        return ReadError(name, "is not a JSON object")
    try:
        return raw_article(fields)
    except ReadError as error:
        return ReadError(name, error.reason) if error.source == "unknown" else error


def _given(stated: Mapping[Any, Any], source: str) -> Given:
    """The provenance. What came is not told back, as a page that shows the reason might take it for markup."""
    if unknown := set(stated) - set(given.NAMES):
        raise ReadError(source, f"fields: {len(unknown)} of them unknown; there are {', '.join(given.NAMES)}")
    try:
        return given.fields(stated, source, "article")
    except ReadError as error:
        reason = error.reason.removeprefix("article: ").partition(", got ")[0]
        raise ReadError(source, reason) from None


def _text(fields: Mapping[Any, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ReadError("unknown", f"{name}: must be text")
    if "\x00" in value:
        raise ReadError("unknown", f"{name}: must not hold the NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ReadError("unknown", f"{name}: holds a lone surrogate, which is no text") from None
    return value
