"""Reader of XML files: feeds become articles; sitemaps say what is said of other files, see `sitemap.py`."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from index.errors import ReadError
from index.read import feed
from index.read.encodings import decoded
from index.read.files import SourceFile
from index.read.formats import Item

SITEMAPS = ("urlset", "sitemapindex")


def read(file: SourceFile) -> Iterator[Item]:
    """The articles of a feed, each an item; none of a sitemap. Raises: ReadError: it is neither, or unsafe to read."""
    root = parsed(file)
    name = local(root)
    if name in feed.ROOTS:
        yield from feed.articles(root, file)
    elif name not in SITEMAPS:
        raise ReadError(file.source, f"is XML, but neither a feed nor a sitemap: its root is <{name[:40]}>")


def parsed(file: SourceFile) -> Element:
    """The root of an XML file. Raises: ReadError: it is not well-formed, or declares entities."""
    content = file.content()
    if not content.data.strip():
        raise ReadError(file.source, "is empty; an article needs text")
    return root_of(decoded(content.data, file.source).lstrip(), file.source)


def root_of(text: str | bytes, source: str) -> Element:
    """The root of an XML text. Raises: ReadError: it is not well-formed, or declares entities."""
    try:
        root: Element = fromstring(text, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise ReadError(
            source, "declares entities, which expand or lead elsewhere; it is not read"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise ReadError(source, f"is not well-formed XML: {error}") from error
    return root


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
