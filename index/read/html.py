"""Reader of HTML pages: the article's body, and the provenance that the page states."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator

from index.errors import ReadError
from index.read.blocks import blocks, parsed, plain
from index.read.body import chosen
from index.read.encodings import decoded
from index.read.files import SourceFile
from index.read.metadata import agreeing, stated
from index.types import Given, RawArticle


def read(file: SourceFile) -> Iterator[RawArticle]:
    """The article of a page, its title as a `#` line above the body, its headings as `##`; still to be cleaned.

    Nothing is fetched. Raises: ReadError: the page is in an unknown encoding, is no HTML or holds no article.
    """
    content = file.content()
    if not content.data.strip():
        raise ReadError(file.source, "is empty; an article needs text")
    yield page(decoded(content.data, file.source), file.source, content.sha256)


def page(text: str, source: str, sha256: str | None = None) -> RawArticle:
    """The article of a page's text. Raises: ReadError: it is no HTML, or there is no article in it."""
    tree = parsed(text, source)
    lines = blocks(tree)
    given = stated(tree)
    body = chosen(lines, copy.deepcopy(tree), given.title)
    if not body:
        raise ReadError(source, "holds no article: no running text was found in the page")
    written = plain(body)
    lang = agreeing(tree.get("lang") or tree.get("xml:lang"), written)
    return RawArticle(
        source=source,
        text=f"# {given.title}\n\n{written}" if given.title else written,
        sha256=sha256 or hashlib.sha256(text.encode()).hexdigest(),
        given=Given(**{name: getattr(given, name) for name in Given.__slots__} | {"lang": lang}),
        around=plain(lines),
    )
