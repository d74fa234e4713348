"""Items of RSS (0.9 to 2.0) and Atom feeds → articles.

RSS 2.0: https://www.rssboard.org/rss-specification; RSS 1.0: https://web.resource.org/rss/1.0/spec; Atom: RFC 4287.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element, tostring

from index.arabic import language
from index.errors import ReadError
from index.read.dates import iso
from index.read.files import SourceFile
from index.read.formats import Item
from index.read.mapping import FieldMap
from index.read.record import Record, article, name_of
from index.types import Lang

ROOTS = ("rss", "feed", "RDF")

_ATOM, _CONTENT, _DC = (
    "{http://www.w3.org/2005/Atom}",
    "{http://purl.org/rss/1.0/modules/content/}",
    "{http://purl.org/dc/elements/1.1/}",
)
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BODIES = (f"{_CONTENT}encoded", f"{_ATOM}content", "content", "description", f"{_ATOM}summary", "summary")
_DATES = (f"{_ATOM}published", "pubDate", f"{_DC}date", "published", "issued", f"{_ATOM}updated", "updated")
_PERSON = re.compile(r"\S+@\S+\s*\((?P<name>[^)]+)\)|\S+@\S+")
_WHOLE = FieldMap()


def articles(root: Element, file: SourceFile) -> Iterator[Item]:
    """The articles in order. An item goes by its id in the feed, or else its address; one without text is refused."""
    channel = (
        root if _local(root) == "feed" else next((one for one in root if _local(one) == "channel"), root)
    )
    declared = _text(channel, "language", f"{_DC}language") or channel.get(_LANG) or root.get(_LANG) or ""
    publisher = _text(channel, "title", f"{_ATOM}title")
    items = [element for element in root.iter() if _local(element) in ("item", "entry")]
    if not items:
        raise ReadError(file.source, "is a feed without items")
    for place, item in enumerate(items, start=1):
        record = Record(
            place, f"item {place}", hashlib.sha256(tostring(item)).hexdigest(), _fields(item, publisher)
        )
        try:
            name = name_of(record, _WHOLE, file)
            raw = article(record, name, _WHOLE)
        except ReadError as error:
            yield error if error.source != file.source else ReadError(f"{file.source}#{place}", error.reason)
            continue
        yield replace(raw, given=replace(raw.given, lang=_agreeing(item.get(_LANG) or declared, raw.text)))


def _fields(item: Element, publisher: str | None) -> dict[str, str | None]:
    """The fields of a record; what is malformed is the feed's slip, and left out."""
    link = _link(item)
    return {
        "id": _text(item, f"{_ATOM}id", "guid", "id") or link,
        "url": link if link and re.match(r"https?://[^\s/]+\S*$", link) else None,
        "title": _text(item, f"{_ATOM}title", "title"),
        "text": next(filter(None, (_markup(one) for name in _BODIES for one in _named(item, name))), None),
        "published_at": _date(item),
        "author": _authors(item),
        "publisher": _text(item, f"{_DC}publisher") or publisher,
        "section": next(
            (
                one.get("label") or one.get("term") or one.text
                for one in _named(item, f"{_ATOM}category", "category")
            ),
            None,
        ),
    }


def _named(item: Element, *names: str) -> Iterator[Element]:
    """The children of these names, in any namespace where a name has none."""
    for name in names:
        yield from (one for one in item if one.tag == name or (name[0] != "{" and _local(one) == name))


def _text(item: Element, *names: str) -> str | None:
    texts = ("".join(one.itertext()).strip() for one in _named(item, *names))
    return next(filter(None, texts), None)


def _link(item: Element) -> str | None:
    links = list(_named(item, "link"))
    page = (
        one.get("href") for one in links if one.get("rel", "alternate") == "alternate" and one.get("href")
    )
    guid = (one.text for one in _named(item, "guid") if one.get("isPermaLink") != "false")
    return next(filter(None, (*page, _text(item, "link"), *guid)), None)


def _markup(body: Element) -> str:
    """The HTML or text of a body; that of Atom's `xhtml` stands in elements."""
    if len(body) == 0:
        return (body.text or "").strip()
    for element in body.iter():
        if isinstance(element.tag, str):
            element.tag = _local(element)
    return tostring(body, encoding="unicode", method="html")


def _date(item: Element) -> str | None:
    for one in _named(item, *_DATES):
        try:
            return iso(one.text or "")
        except (ValueError, OverflowError):
            continue
    return None


def _authors(item: Element) -> str | None:
    """`Jane Doe`, `jane@paper.example (Jane Doe)`; an address alone names no one."""
    found = []
    for one in _named(item, f"{_ATOM}author", f"{_DC}creator", "author"):
        name = _text(one, f"{_ATOM}name", "name") or (one.text or "").strip()
        person = _PERSON.fullmatch(name)
        found.append((person["name"] or "") if person else name)
    return ", ".join(dict.fromkeys(filter(None, found))) or None


def _agreeing(declared: str, text: str) -> Lang | None:
    found = language(text)
    return found if declared.strip().lower()[:2] == found else None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
