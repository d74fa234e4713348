"""An HTML tree → its lines as a reader of the page sees them, each with where in the page it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree, html

from index.errors import ReadError

MAX_DEPTH = 400
"""Elements within each other; libxml2 itself stops a little above 256, pages need 40."""
MAX_LINES = 100_000

_UNSEEN = frozenset((
    "script", "style", "noscript", "template", "svg", "head", "iframe", "select", "option", "button", "textarea",
    "input", "object", "video", "audio", "canvas", "math", "map", "datalist", "amp-ad", "amp-analytics",
    "amp-sidebar",
))  # fmt: skip
_BLOCKS = frozenset((
    "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "section", "article", "header",
    "footer", "nav", "aside", "figure", "figcaption", "blockquote", "dt", "dd", "dl", "form", "main", "address",
    "details", "summary", "caption", "thead", "tbody", "tfoot", "pre", "center", "body", "html", "fieldset",
    "legend", "hr", "picture", "menu", "dialog", "time",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_KINDS = frozenset(
    ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "figcaption", "caption", "blockquote")
)
_PARSER = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
_STOPS = tuple(".,;:!?…؟،؛\"'”’»)]")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a page. `kind` is the tag that makes it a line (`p` for a bare `div`); `linked` the share of it that
    is links; `places` are the elements it stands in, the innermost last.
    """

    text: str
    kind: str
    linked: float
    places: tuple[html.HtmlElement, ...]

    @property
    def is_heading(self) -> bool:
        return len(self.kind) == 2 and self.kind[0] == "h"

    @property
    def words(self) -> int:
        return len(self.text.split())


def parsed(text: str, source: str) -> html.HtmlElement:
    """The tree of a page, the raised numbers of its notes left out. Raises: ReadError: there is nothing in it."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        tree = html.document_fromstring(text, parser=_PARSER)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise ReadError(source, f"is not HTML: {error}") from error
    for raised in [raised for raised in tree.iter("sup") if _is_note(raised)]:
        raised.drop_tree()
    return tree


def _is_note(raised: html.HtmlElement) -> bool:
    """Whether raised text is the number of a note: a link, or a number behind the end of a sentence or clause."""
    before = raised.getprevious()
    text = (raised.getparent().text if before is None else before.tail) or ""
    is_number = raised.text_content().strip().isdigit() and text.rstrip().endswith(_STOPS)
    return raised.find(".//a") is not None or is_number


def blocks(tree: html.HtmlElement) -> list[Block]:
    """The lines that are seen, in order, no blank ones. A row of a table is one line, its cells parted by ` | `."""
    walk = _Walk()
    walk.element(tree, "p", (), is_linked=False)
    return walk.done


def plain(lines: list[Block]) -> str:
    """The lines as text: headings marked with `#`, items of a list with `- `, a blank line between each two."""
    return "\n\n".join(_written(line) for line in lines)


def _written(line: Block) -> str:
    if line.is_heading:
        return f"{'#' if line.kind == 'h1' else '##'} {line.text}"
    return f"- {line.text}" if line.kind == "li" else line.text


class _Walk:
    """Goes through a tree once, gathering the text between the borders of blocks."""

    def __init__(self) -> None:
        self.done: list[Block] = []
        self._parts: list[str] = []
        self._linked = 0

    def element(
        self, element: html.HtmlElement, kind: str, places: tuple[html.HtmlElement, ...], *, is_linked: bool
    ) -> None:
        """All of the element but its tail."""
        tag = element.tag
        if not isinstance(tag, str) or tag in _UNSEEN or len(places) > MAX_DEPTH or _is_hidden(element):
            return
        if tag == "br":
            self._end(kind, places)
            return
        is_block = tag in _BLOCKS
        inner = places
        if is_block or tag in _CELLS:
            inner = (*places, element)
        if is_block:
            self._end(kind, places)
            kind = tag if tag in _KINDS else kind if kind in ("li", "tr") else "p"
        is_linked = is_linked or tag == "a"
        self._add(element.text, is_linked=is_linked)
        between = " | " if tag == "tr" else " " if tag == "time" else ""
        for child in element:
            self.element(child, kind, inner, is_linked=is_linked)
            self._parts.append(between)
            self._add(child.tail, is_linked=is_linked)
        if is_block:
            self._end(kind, inner)

    def _add(self, text: str | None, *, is_linked: bool) -> None:
        if text:
            self._parts.append(text)
            self._linked += len(" ".join(text.split())) if is_linked else 0

    def _end(self, kind: str, places: tuple[html.HtmlElement, ...]) -> None:
        text = re.sub(r"(?:\s*\|)+$|^(?:\|\s*)+", "", " ".join("".join(self._parts).split())).strip()
        if any(map(str.isalnum, text)) and len(self.done) < MAX_LINES:
            self.done.append(Block(text, kind, self._linked / len(text), places))
        self._parts, self._linked = [], 0


def _is_hidden(element: html.HtmlElement) -> bool:
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))
