"""What a page states about itself in tags for machines: JSON-LD, OpenGraph, other meta tags, `<time>`, `<html lang>`.

What cannot be read is passed over: it is the page's slip, and the page is an article all the same.
"""

from __future__ import annotations

import html as entities
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias
from urllib.parse import urljoin

from lxml import html

from index.arabic import language
from index.read.dates import iso
from index.read.given import checked
from index.types import Given, Lang

_Meta: TypeAlias = Mapping[str, list[str]]

_ARTICLES = re.compile(r"(?:\w*(?:Article|Posting|Report|BlogPost))$|^(?:Report|Review|Recipe|Interview)$")
_TITLES = (
    "og:title",
    "twitter:title",
    "dc.title",
    "dcterms.title",
    "citation_title",
    "parsely-title",
    "sailthru.title",
    "headline",
)
_AUTHORS = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "byl",
)
_PUBLISHERS = (
    "og:site_name",
    "citation_publisher",
    "dc.publisher",
    "dcterms.publisher",
    "publisher",
    "application-name",
)
_DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "article.published", "parsely-pub-date",
    "sailthru.date", "publishdate", "publish-date", "pubdate", "publish_date", "citation_publication_date",
    "citation_date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "dcterms.date",
    "dc.date.created", "date",
)  # fmt: skip
_SECTIONS = ("article:section", "og:article:section", "parsely-section", "section")
_ADDRESS = re.compile(r"https?://|www\.|[/@]")
_BY = re.compile(r"^(?:by|written by|بقلم|كتبه|كتب|إعداد)\s*[:：]?\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"\s+[|\-–—:•·»]\s+|\s*[|»]\s*")
_LONGEST = 2_000
_DEEPEST = 20


def stated(tree: html.HtmlElement, base: str = "") -> Given:
    """What the page says of its article; None where it is silent, or says what cannot be."""
    meta, article = _meta(tree), _json_ld(tree)
    publisher = _first(_publishers(tree, meta, article), _plain)
    title = _first(_titles(tree, meta, article), lambda text: _headline(text, publisher))
    found = {
        "title": title,
        "publisher": publisher,
        "author": _author(tree, meta, article, publisher),
        "published_at": _first(_dates(tree, meta, article), iso),
        "section": _first(_sections(meta, article), _plain),
        "url": _first(_addresses(tree, meta, article), lambda text: _address(text, base)),
    }
    return _checked(found)


def agreeing(declared: str | None, text: str) -> Lang | None:
    """The declared language if it is the one that the text is written in: templates declare what they like."""
    tag = (declared or "").strip().lower()[:2]
    found = language(text)
    return found if tag == found else None


def _checked(found: Mapping[str, str | None]) -> Given:
    """The fields that are well-formed."""
    good: dict[str, str] = {}
    for name, value in found.items():
        with suppress(TypeError, ValueError):
            if value:
                good[name] = checked(name, value)
    return Given(**good)  # type: ignore[arg-type]  # no language among them


def _first(values: Iterable[str], made: Callable[[str], str | None]) -> str | None:
    """The first value that something can be made of."""
    for value in values:
        try:
            if result := made(value):
                return result
        except (ValueError, OverflowError):
            continue
    return None


def _plain(text: str) -> str:
    return " ".join(entities.unescape(text).split())[:_LONGEST]


def _headline(text: str, publisher: str | None) -> str:
    """A title without the site's name behind it."""
    text = _plain(text)
    parts = _SUFFIX.split(text)
    site = (publisher or "").casefold()
    if len(parts) > 1 and site and parts[-1].casefold() == site:
        return text[: text.rindex(parts[-1])].rstrip(" |-–—:•·»")
    if len(parts) > 1 and site and parts[0].casefold() == site:
        return text[len(parts[0]) :].lstrip(" |-–—:•·»")
    return text


def _titles(tree: html.HtmlElement, meta: _Meta, article: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(article.get("headline"))
    yield from _tagged(meta, _TITLES)
    yield from (heading.text_content() for heading in tree.iter("h1") if heading.text_content().strip())
    yield from (title.text_content() for title in tree.iter("title"))


def _publishers(tree: html.HtmlElement, meta: _Meta, article: Mapping[str, Any]) -> Iterator[str]:
    yield from _names(article.get("publisher"))
    yield from _tagged(meta, _PUBLISHERS)


def _author(
    tree: html.HtmlElement, meta: _Meta, article: Mapping[str, Any], publisher: str | None
) -> str | None:
    """All authors of the first place that names any but the publisher; addresses of profiles are no names."""
    places: tuple[Iterable[str], ...] = (
        _names(article.get("author")),
        *(meta.get(name, ()) for name in _AUTHORS),
        _marked(tree, "author"),
        (link.text_content() for link in tree.xpath(".//a[@rel='author']")),
    )
    for place in places:
        names = dict.fromkeys(_BY.sub("", _plain(name)) for name in place if not _ADDRESS.search(name))
        if joined := ", ".join(name for name in names if name and name != publisher):
            return joined
    return None


def _dates(tree: html.HtmlElement, meta: _Meta, article: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(article.get("datePublished"))
    yield from _tagged(meta, _DATES)
    yield from _marked(tree, "datePublished")
    for time in tree.xpath(
        ".//time[@pubdate][@datetime] | (.//article//time | .//main//time | .//time)[@datetime]"
    ):
        yield time.get("datetime")
    yield from _texts(article.get("dateCreated"))


def _sections(meta: _Meta, article: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(article.get("articleSection"))
    yield from _tagged(meta, _SECTIONS)


def _addresses(tree: html.HtmlElement, meta: _Meta, article: Mapping[str, Any]) -> Iterator[str]:
    yield from tree.xpath(".//link[@rel='canonical']/@href")
    yield from _tagged(meta, ("og:url", "citation_public_url", "twitter:url"))
    page = article.get("mainEntityOfPage")
    yield from _texts(page.get("@id") if isinstance(page, dict) else page)
    yield from _texts(article.get("url"))


def _address(text: str, base: str) -> str:
    return urljoin(base, text.strip()) if base else text.strip()


def _tagged(meta: _Meta, names: Iterable[str]) -> Iterator[str]:
    return (value for name in names for value in meta.get(name, ()))


def _meta(tree: html.HtmlElement) -> _Meta:
    """Meta tags by name, lower case; those of microdata too."""
    found: dict[str, list[str]] = {}
    for tag in tree.iter("meta"):
        name = tag.get("property") or tag.get("name") or tag.get("itemprop") or ""
        content = (tag.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower(), []).append(content)
    return found


def _marked(tree: html.HtmlElement, name: str) -> Iterator[str]:
    """What microdata of an article says: `itemprop`, in an attribute for machines or else as text."""
    for element in tree.xpath(".//*[@itemprop=$name]", name=name):
        inner = element.xpath(".//*[@itemprop='name']")
        stated = element.get("content") or element.get("datetime") or element.get("title")
        yield stated or (inner[0] if inner else element).text_content()


def _json_ld(tree: html.HtmlElement) -> Mapping[str, Any]:
    """The first article of the page's JSON-LD, its publisher and author looked up where they are only named by id."""
    things = [
        thing
        for text in tree.xpath(".//script[@type='application/ld+json']/text()")
        for thing in _things(text)
    ]
    article = next((thing for thing in things if _is_article(thing)), None)
    if article is None:
        return {}
    by_id = {thing["@id"]: thing for thing in things if isinstance(thing.get("@id"), str) and len(thing) > 1}
    return {name: _looked_up(value, by_id) for name, value in article.items()}


def _things(text: str) -> Iterator[dict[str, Any]]:
    """All objects of a JSON-LD script: those of lists and of `@graph`."""
    try:
        said = json.loads(text.strip().removesuffix(";"), strict=False)
    except (ValueError, RecursionError):
        return
    waiting = [(said, 0)]
    while waiting:
        one, depth = waiting.pop(0)
        if isinstance(one, list) and depth < _DEEPEST:
            waiting = [(inner, depth + 1) for inner in one] + waiting
        elif isinstance(one, dict):
            yield one
            if depth < _DEEPEST and "@graph" in one:
                waiting.insert(0, (one["@graph"], depth + 1))


def _is_article(thing: Mapping[str, Any]) -> bool:
    return any(_ARTICLES.search(kind) for kind in _texts(thing.get("@type")))


def _looked_up(value: Any, by_id: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_looked_up(one, by_id) for one in value]
    if isinstance(value, dict) and "name" not in value:
        return by_id.get(str(value.get("@id")), value)
    return value


def _names(value: Any) -> Iterator[str]:
    """The names of persons or organisations: of objects, or said in so many words."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from _texts(one.get("name"))
        else:
            yield from _texts(one)


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one.strip():
            yield one
