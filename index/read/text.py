"""Reader of plain text and Markdown files, with a sidecar or front matter for their provenance."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from pathlib import Path

import yaml

from index.errors import ReadError
from index.read.given import NAMES, fields, merged
from index.types import Given, RawArticle

MAX_BYTES = 10_000_000
"""A larger file is refused before it is read."""
SIDECAR = ".meta.json"

_MAX_SIDECAR_BYTES = 100_000
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


def read(path: Path, source: str, max_bytes: int = MAX_BYTES) -> RawArticle:
    """The article of a UTF-8 file (or UTF-16 with a byte order mark), front matter taken off, not yet cleaned.

    The sidecar `a.txt.meta.json` or `a.meta.json` beside `a.txt` goes before front matter. Front matter may hold
    fields for other tools, they are passed over; `date` there is `published_at`.

    Raises: ReadError for a file that is empty, binary, too large, not UTF-8 or unreadable, and for bad provenance.
    """
    content = _content(path, source, max_bytes)
    text = _decoded(content, source).replace("\r\n", "\n").replace("\r", "\n")
    front, body = _front_matter(text, source)
    if not body.strip():
        raise ReadError(source, "is empty; an article needs text")
    given = merged(_sidecar(path, source), front)
    return RawArticle(source, body, hashlib.sha256(content).hexdigest(), given)


def _content(path: Path, source: str, max_bytes: int) -> bytes:
    try:
        if not path.is_file():
            raise ReadError(source, "is not a file (a broken link, a device or a linked folder)")
        size = path.stat().st_size
        if size > max_bytes:
            raise ReadError(source, f"has {size:,} bytes, the limit is {max_bytes:,}; split it into articles")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise ReadError(source, f"cannot be read: {error.strerror or error}") from error
    if len(content) > max_bytes:
        raise ReadError(source, f"grew beyond {max_bytes:,} bytes while it was read")
    return content


def _decoded(content: bytes, source: str) -> str:
    """The text of a file's bytes. Raises: ReadError when they are none, no text or not UTF-8."""
    if not content:
        raise ReadError(source, "is empty; an article needs text")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        raise ReadError(source, "is binary (it has NUL bytes); only text files are read")
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


def _sidecar(path: Path, source: str) -> Given:
    """What the sidecar says; nothing when there is none. Raises: ReadError when it is not a JSON object."""
    places = (path.with_name(path.name + SIDECAR), path.with_name(path.stem + SIDECAR))
    found = [place for place in places if place.is_file()]
    if not found:
        return Given()
    name = found[0].name
    try:
        content = _content(found[0], source, _MAX_SIDECAR_BYTES)
        values = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ReadError(source, f"has a sidecar {name} that is not JSON in UTF-8: {error}") from error
    if not isinstance(values, dict):
        raise ReadError(source, f"has a sidecar {name} that is no JSON object")
    return fields(values, source, f"sidecar {name}")
