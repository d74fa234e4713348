"""Reader of Word files (.docx): paragraphs, headings, lists and tables in order; the document's properties."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.given import checked
from index.read.metadata import agreeing
from index.read.xml import root_of
from index.types import Given, RawArticle

MAX_BYTES = 50_000_000
MAX_PART, MAX_RATIO, RATIO_FREE = 50_000_000, 200, 5_000_000
"""Bytes that a part may unpack to; so many times its size it may unpack to, if that comes to more than the last."""

_OLD = b"\xd0\xcf\x11\xe0"
_DOCUMENT, _CORE = "/officeDocument", "/core-properties"
_HEADING = re.compile(r"(?:heading|عنوان|titre|überschrift)\s*(\d)", re.IGNORECASE)
_DELETED = ("del", "moveFrom", "instrText", "delText", "Fallback")


@dataclass(frozen=True, slots=True)
class _Styles:
    """The level of a paragraph by its style, 1 for a title, from 2 for headings; and which styles are lists'."""

    levels: dict[str, int]
    lists: frozenset[str]


def read(file: SourceFile) -> Iterator[RawArticle]:
    """The article of a Word file; deleted text of tracked changes is left out, inserted text is in.

    The title is given by the document's properties, else it is a first paragraph in the style of a title or heading.
    When a file was made is not when it was published.
    Raises: ReadError: it is no .docx, encrypted, damaged, unpacks to too much, or has no text.
    """
    content = file.content(MAX_BYTES)
    if content.data.startswith(_OLD):
        raise ReadError(
            file.source, "is encrypted, or in Word's old format; save it as .docx without a password"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content.data)) as package:
            main = _target(package, "", _DOCUMENT, file.source) or "word/document.xml"
            body = _part(package, main, file.source)
            styles = _styles(package, posixpath.join(posixpath.dirname(main), "styles.xml"), file.source)
            given = _given(package, file.source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ReadError(file.source, f"is no .docx that can be read: {error}") from error
    if body is None:
        raise ReadError(file.source, "is no .docx: it holds no document")
    text = "\n\n".join(_lines(body, styles))
    if not text.strip():
        raise ReadError(file.source, "has no text")
    if "title" not in given and text.startswith("## "):
        text = text[1:]  # who has no title above has it in the first heading
    lang = agreeing(given.pop("lang", None), text)
    yield RawArticle(file.source, text, content.sha256, Given(**given, lang=lang), is_clean=True)


def _part(package: zipfile.ZipFile, name: str, source: str) -> Element | None:
    """The root of a part; None when there is none of this name. Raises: ReadError: it unpacks to too much."""
    try:
        entry = package.getinfo(name.lstrip("/"))
    except KeyError:
        return None
    if entry.flag_bits & 1:
        raise ReadError(source, "is encrypted; save it without a password")
    if entry.file_size > MAX_PART:
        raise ReadError(source, f"unpacks to more than {MAX_PART:,} bytes, the limit")
    if entry.file_size > max(RATIO_FREE, MAX_RATIO * entry.compress_size):
        raise ReadError(source, f"unpacks to more than {MAX_RATIO} times its size, as no text does")
    with package.open(entry) as part:
        data = _bounded(part, source)
    return root_of(data, source)


def _bounded(part: IO[bytes], source: str) -> bytes:
    data = part.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        raise ReadError(source, f"unpacks to more than {MAX_PART:,} bytes, the limit")
    return data


def _target(package: zipfile.ZipFile, folder: str, kind: str, source: str) -> str | None:
    """The name of the part that the package relates to in this way."""
    relations = _part(package, posixpath.join(folder, "_rels/.rels"), source)
    for relation in relations if relations is not None else ():
        if relation.get("Type", "").endswith(kind) and relation.get("TargetMode") != "External":
            return posixpath.normpath(relation.get("Target", "")).lstrip("/")
    return None


def _styles(package: zipfile.ZipFile, name: str, source: str) -> _Styles:
    root = _part(package, name, source)
    levels: dict[str, int] = {}
    lists: set[str] = set()
    for style in root.iter() if root is not None else ():
        if _local(style) != "style":
            continue
        called = next((_value(one) for one in style if _local(one) == "name"), "")
        outline = next((_value(one) for one in style.iter() if _local(one) == "outlineLvl"), "")
        identity = _attribute(style, "styleId")
        if called.lower() == "title":
            levels[identity] = 1
        elif found := _HEADING.match(called):
            levels[identity] = 1 + int(found[1])
        elif outline.isdigit() and int(outline) < 9:
            levels[identity] = 2 + int(outline)
        elif called.lower().startswith("list"):
            lists.add(identity)
    return _Styles(levels, frozenset(lists))


def _lines(root: Element, styles: _Styles) -> Iterator[str]:
    """The paragraphs of the body in order, rows of tables as one line; text boxes after the paragraph they hang on."""
    body = next((one for one in root if _local(one) == "body"), root)
    waiting = list(body)[::-1]
    while waiting:
        element = waiting.pop()
        name = _local(element)
        if name == "p":
            yield from _paragraph(element, styles)
            waiting += reversed(list(_boxes(element)))
        elif name == "tr":
            cells = (
                " ".join(_text(one) for one in cell.iter() if _local(one) == "p")
                for cell in element
                if _local(cell) == "tc"
            )
            row = " | ".join(" ".join(cell.split()) for cell in cells)
            if row.strip(" |"):
                yield row
        elif name not in _DELETED:
            waiting += list(element)[::-1]


def _paragraph(element: Element, styles: _Styles) -> Iterator[str]:
    style, outline, is_item = _properties(element)
    level = outline or styles.levels.get(style, 0)
    lines = [" ".join(line.split()) for line in _text(element).split("\n")]
    lines = [line for line in lines if line]
    if level:
        yield from ([f"{'#' if level == 1 else '##'} {' '.join(lines)}"] if lines else [])
        return
    for place, line in enumerate(lines):
        yield f"- {line}" if (is_item or style in styles.lists) and place == 0 else line


def _properties(element: Element) -> tuple[str, int, bool]:
    """The style of a paragraph, its level where it states one itself, and whether it is an item of a list."""
    properties = next((one for one in element if _local(one) == "pPr"), None)
    style, outline, is_item = "", 0, False
    for one in properties if properties is not None else ():
        match _local(one):
            case "pStyle":
                style = _value(one)
            case "outlineLvl" if _value(one).isdigit() and int(_value(one)) < 9:
                outline = 2 + int(_value(one))
            case "numPr":
                is_item = True
    return style, outline, is_item


def _text(element: Element) -> str:
    """The text of a paragraph, line breaks kept; text boxes in it and text that was deleted are left out."""
    parts: list[str] = []
    waiting = [element]
    while waiting:
        one = waiting.pop()
        name = _local(one)
        if name == "t":
            parts.append(one.text or "")
        elif name in ("tab", "ptab"):
            parts.append(" ")
        elif name in ("br", "cr"):
            parts.append("\n")
        elif name == "noBreakHyphen":
            parts.append("-")
        elif name != "txbxContent" and name not in _DELETED and name != "pPr":
            waiting += list(one)[::-1]
    return "".join(parts)


def _boxes(element: Element) -> Iterator[Element]:
    waiting = list(element)[::-1]
    while waiting:
        one = waiting.pop()
        if _local(one) == "txbxContent":
            yield one
        elif _local(one) not in _DELETED:
            waiting += list(one)[::-1]


def _given(package: zipfile.ZipFile, source: str) -> dict[str, str]:
    """What the properties say: title, author, language; malformed ones are passed over."""
    core = _part(package, _target(package, "", _CORE, source) or "docProps/core.xml", source)
    names = {"title": "title", "creator": "author", "language": "lang"}
    found: dict[str, str] = {}
    for one in core if core is not None else ():
        target = names.get(_local(one))
        try:
            if target and (one.text or "").strip():
                found[target] = checked("title", one.text)
        except (TypeError, ValueError):
            continue
    return found


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _value(element: Element) -> str:
    return _attribute(element, "val")
