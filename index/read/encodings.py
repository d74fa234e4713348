"""Bytes whose encoding is declared, declared wrongly or not at all → text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from index.errors import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_DECLARATIONS = 4_096
"""A declaration stands among so many first bytes; browsers look through 1,024."""
_ARABIC = ("cp1256", "iso8859_6")
_WESTERN = "cp1252"
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_FREQUENT = re.compile(
    r"(?<![\u0621-\u064a])(?:في|من|على|إلى|أن|التي|الذي|عن|مع|كان|هذا|هذه)(?![\u0621-\u064a])"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def decoded(content: bytes, source: str) -> str:
    """The text of these bytes, line ends as `\\n`.

    A byte order mark is believed first, then UTF-8 if the bytes are that, then the declaration if what it gives is
    text, then what old Arabic and Western pages are written in, whichever fits. Stray control characters are left out.
    Raises: ReadError: the bytes are none of these, or no text.
    """
    text = _decoded(content)
    if text is None:
        raise ReadError(source, "is in no encoding that is known here; save it as UTF-8")
    if "\0" in text:
        raise ReadError(source, "is binary (it has NUL bytes)")
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).lstrip("\ufeff")


def encoding_of(sample: bytes) -> str:
    """The encoding of a file that begins with these bytes; UTF-8 where they are ASCII only."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)  # the last letter may be cut
    except UnicodeDecodeError:
        return next((name for name in _guesses(sample) if _text(sample, name) is not None), "utf-8")
    return "utf-8"


def _decoded(content: bytes) -> str | None:
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _text(content, name)
    if (wide := _wide(content)) is not None:
        return _text(content, wide)
    if (text := _text(content, "utf-8")) is not None:
        return text
    candidates = (_text(content, name) for name in [*_declared(content), *_guesses(content)])
    return next((text for text in candidates if text is not None), None)


def _wide(content: bytes) -> str | None:
    """UTF-16 without its mark, known by the first tag."""
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(content[:2])


def _declared(content: bytes) -> Iterator[str]:
    """The declared encoding if it can be right: bytes above ASCII that are Arabic are not declared as Western."""
    found = _DECLARED.search(content[:_DECLARATIONS])
    if found is None:
        return
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return
    if name == "iso8859-1":
        name = _WESTERN  # as every browser reads it
    if name in (_WESTERN, "ascii", "utf-8", "utf-16") or name.startswith("utf"):
        return  # what is not UTF-8 is judged by its bytes
    if _is_text_encoding(name):
        yield name


def _guesses(content: bytes) -> list[str]:
    """What undeclared bytes may be, the likeliest first: Arabic words are runs of high bytes, accents stand alone."""
    high = sum(byte >= 0x80 for byte in content)
    in_runs = sum(len(run[0]) for run in _RUN.finditer(content))
    if in_runs * 2 < high:
        return [_WESTERN, "latin-1"]
    return sorted(_ARABIC, key=lambda name: -len(_FREQUENT.findall(content.decode(name, "replace"))))


def _text(content: bytes, name: str) -> str | None:
    """The text in this encoding; None when it is not that."""
    try:
        return content.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_text_encoding(name: str) -> bool:
    """Whether Python decodes bytes to text with it; `base64` and its like do not."""
    return bool(getattr(codecs.lookup(name), "_is_text_encoding", True))
