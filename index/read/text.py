"""Reader of plain text and Markdown files, with front matter for their provenance."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import yaml

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.given import NAMES, fields
from index.types import Given, RawArticle

_ALIASES = {"date": "published_at"}
_NULLS = ("null", "~", "Null", "NULL")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?P<yaml>.*?)(?:\A|(?<=\n))(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read(file: SourceFile) -> Iterator[RawArticle]:
    """The article of a UTF-8 file (or UTF-16 with a byte order mark), front matter taken off, not yet cleaned.

    Front matter may hold fields for other tools, they are passed over; `date` there is `published_at`.

    Raises: ReadError for a file that is empty, binary, too large, not UTF-8 or unreadable, and for bad provenance.
    """
    content = file.content()
    text = _decoded(content.data, file.source).replace("\r\n", "\n").replace("\r", "\n")
    front, body = _front_matter(text, file.source)
    if not body.strip():
        raise ReadError(file.source, "is empty; an article needs text")
    yield RawArticle(file.source, body, content.sha256, front)


def _decoded(content: bytes, source: str) -> str:
    """The text of a file's bytes. Raises: ReadError when they are none, no text or not UTF-8."""
    if not content:
        raise ReadError(source, "is empty; an article needs text")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        raise ReadError(source, "is binary (it has NUL bytes), no text")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().removesuffix("-SIG")
        raise ReadError(
            source, f"is not {name} (byte {error.start} is {content[error.start]:#04x}); save it as UTF-8"
        ) from error
    if found := _CONTROL.search(text):
        raise ReadError(source, f"is binary (control character U+{ord(found[0]):04X} at {found.start()})")
    return text


def _front_matter(text: str, source: str) -> tuple[Given, str]:
    """What a leading `---` block of YAML says, and the text after it; a block of anything else is text."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return Given(), text
    try:
        values = yaml.load(found["yaml"], Loader=yaml.BaseLoader)  # makes text, lists and mappings only
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ReadError(source, f"has front matter that is not YAML: {reason}") from error
    if not isinstance(values, dict):
        return Given(), text
    known = {_ALIASES.get(name, name): None if value in _NULLS else value for name, value in values.items()}
    return fields({name: known[name] for name in NAMES if name in known}, source, "front matter"), text[
        found.end() :
    ]
