"""Which lines of a page are its article: those that trafilatura finds, corrected by where they stand.

trafilatura (Barbaresi 2021, https://aclanthology.org/2021.acl-demo.15) chooses; the text itself is taken from the page,
as it loses line breaks, cells and spaces between blocks. What stands in a box of the page (navigation, a newsletter, an
author's biography) goes, what it left out between two lines of the article comes back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import trafilatura
from lxml import html

from index.read.blocks import Block

_SQUEEZED = re.compile(r"[\W_]+")
_LONG = 25
"""A line of so many letters is looked for anywhere in what trafilatura found; a shorter one must be a line there."""
_MOST = 0.3
"""An element that holds more of the article than this is no box beside it."""
_MOSTLY = 0.6
"""What a body that is named so holds of the article."""
_SIGNUP = 200
"""Characters around a field for an address that are a box, and no section of the article."""
_LINKED = 0.5
_PROSE, _ITEM = 8, 4
"""Words that make a line prose, and an item of a list more than a button, where nothing else tells."""
_LINK = 0.8
"""Of a line that is a link to elsewhere."""
_LABEL = 5
_INITIALS = re.compile(r"\W*(?:\w{1,2}\.?[\s/،-]+){1,7}\w{1,2}\W*")

_BOX_TAGS = frozenset(("nav", "aside", "form", "footer", "dialog", "button"))
_BOX_ROLES = frozenset((
    "navigation", "complementary", "contentinfo", "search", "dialog", "alertdialog", "banner", "menu", "menubar",
    "toolbar",
))  # fmt: skip
_BOX_NAMES = frozenset((
    "ad", "ads", "adv", "advert", "advertisement", "sponsored", "sponsor", "taboola", "outbrain", "promo",
    "promotion", "newsletter", "subscribe", "subscription", "signup", "paywall", "cookie", "cookies", "consent",
    "gdpr", "share", "sharing", "social", "follow", "related", "recirc", "recirculation", "readmore", "trending",
    "popular", "comment", "comments", "disqus", "discussion", "breadcrumb", "breadcrumbs", "pagination", "pager",
    "sidebar", "navbar", "navigation", "menu", "footer", "tags", "tag", "topics", "keywords", "bio", "biography",
    "audio", "player", "toolbar", "tools", "disclaimer", "rating", "feedback", "toc", "byline", "dateline", "date",
    "timestamp", "caption", "captions", "credit", "credits",
))  # fmt: skip
_BOX_PAIRS = frozenset((
    "author box", "author info", "author bio", "about author", "author card", "most read", "most viewed",
    "most popular", "read more", "read next", "read also", "also read", "see also", "more news", "more stories",
    "more from", "you may", "may like", "rich link", "latest news", "sign up", "post meta", "entry meta",
    "article meta", "post footer", "entry footer",
))  # fmt: skip
_NAMED_BY = ("class", "id", "data-component", "data-testid")
_BODY_PAIRS = frozenset(
    (first, second)
    for first in ("article", "entry", "post", "story", "news", "field")
    for second in ("body", "content", "text")
)
_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CAPTIONS = frozenset(("figure", "figcaption"))


def chosen(lines: Sequence[Block], tree: html.HtmlElement, title: str | None) -> list[Block]:
    """The lines of the article in order, its title not among them; empty where there is none."""
    found = _found(lines, tree)
    if not found:
        found = {i for i, line in enumerate(lines) if _is_prose(line)}
    boxes = _boxes(lines, found)
    top = _title_place(lines, title, found)
    found = _within(_below(found, lines, top), lines, top)
    kept = {i for i in found if not _is_boxed(lines[i], boxes)}
    kept |= set(_siblings(lines, kept, top, boxes))
    kept |= set(_left_out(lines, kept, top, boxes))
    kept = {i for i in kept if not _is_link(lines, i, kept) and not _is_label(lines, i)}
    return list(_without_echoes([lines[i] for i in sorted(kept)], title))


def _found(lines: Sequence[Block], tree: html.HtmlElement) -> set[int]:
    """The places of the lines that trafilatura takes for the article."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    document = trafilatura.bare_extraction(tree, include_comments=False, with_metadata=False)
    if document is None or isinstance(document, dict) or document.body is None:
        return set()
    whole = _squeezed("".join(document.body.itertext()))
    short = set(_pieces(document.body))
    squeezed = [_squeezed(line.text) for line in lines]
    return {i for i, text in enumerate(squeezed) if text in short or (len(text) >= _LONG and text in whole)}


def _pieces(body: html.HtmlElement) -> Iterator[str]:
    for element in body.iter():
        if isinstance(element.tag, str):
            yield from (_squeezed(text) for text in (element.text, element.tail) if text)
            if element.tag in ("p", "head", "item", "quote", "row", "cell"):
                yield _squeezed("".join(element.itertext()))


def _squeezed(text: str) -> str:
    """Letters and digits only: spaces and punctuation are not the same on both sides."""
    return _SQUEEZED.sub("", text)


def _title_place(lines: Sequence[Block], title: str | None, found: set[int]) -> int:
    """The last line above the article that is its title, or else the last main heading there; -1 for none."""
    known = _squeezed(title or "")
    first = min((i for i in found if _is_prose(lines[i])), default=len(lines))
    places = [i for i, line in enumerate(lines) if known and _squeezed(line.text) == known]
    headings = [i for i, line in enumerate(lines) if line.kind == "h1"]
    for candidates in (places, headings):
        if above := [i for i in candidates if i <= first]:
            return above[-1]
    return -1


def _below(found: set[int], lines: Sequence[Block], top: int) -> set[int]:
    """Those below the title, unless most of the article stands above it."""
    below = {i for i in found if i > top}
    return below if _length(lines, below) * 2 >= _length(lines, found) else found


def _within(found: set[int], lines: Sequence[Block], top: int) -> set[int]:
    """Those not behind the element that is named as the article's body and holds most of it, nor of another article
    that the page goes on with: in an element like this one's, under a main heading of its own.
    """
    total = _length(lines, found)
    held: dict[html.HtmlElement, int] = {}
    for i in found:
        for element in lines[i].places:
            held[element] = held.get(element, 0) + len(lines[i].text)
    wholes = [element for element, length in held.items() if length >= _MOSTLY * total and _is_body(element)]
    wholes = [one for one in wholes if not any(other is not one and _alike(other, one) for other in held)]
    for whole in [*wholes, *_first_of_many(lines, top, held)]:
        end = max(i for i, line in enumerate(lines) if whole in line.places)
        found = {i for i in found if i <= end}
    return found


def _first_of_many(
    lines: Sequence[Block], top: int, held: Mapping[html.HtmlElement, int]
) -> Iterator[html.HtmlElement]:
    """The element of the article whose title stands at `top`, where others like it follow."""
    if top < 0:
        return
    for line in lines[top + 1 :]:
        if line.kind == "h1":
            own = next((e for e in lines[top].places if e not in line.places), None)
            other = next((e for e in line.places if e not in lines[top].places), None)
            if own in held and other is not None and _alike(own, other):
                yield own


def _alike(one: html.HtmlElement, other: html.HtmlElement) -> bool:
    """Whether two elements are of a row: the same tag and the same classes, of which there are some."""
    names = one.get("class")
    return one.tag == other.tag and names == other.get("class") and bool(names or one.tag == "article")


def _is_body(element: html.HtmlElement) -> bool:
    if "articlebody" in (element.get("itemprop", "").lower(), element.get("name", "").lower()):
        return True
    for words in _names(element):
        if len(words) > 1 and (words[-1] == "body" or any(pair in _BODY_PAIRS for pair in pairwise(words))):
            return True
    return False


def _names(element: html.HtmlElement) -> Iterator[list[str]]:
    """The words of each name that an element has: `post-body__text` is post, body, text."""
    for name in " ".join(element.get(attribute, "") for attribute in _NAMED_BY).split():
        yield [word.lower() for word in _NAME.findall(name)]


def _boxes(lines: Sequence[Block], found: set[int]) -> set[html.HtmlElement]:
    """The elements of the page that are named or made as boxes and hold little of the article."""
    total = _length(lines, found) or 1
    held: dict[html.HtmlElement, int] = {}
    for i, line in enumerate(lines):
        for element in line.places:
            held[element] = held.get(element, 0) + (len(line.text) if i in found else 0)
    return {element for element, length in held.items() if length < _MOST * total and _is_box(element)}


def _is_box(element: html.HtmlElement) -> bool:
    if element.tag in _BOX_TAGS or element.get("role") in _BOX_ROLES or _asks_for_an_address(element):
        return True
    for words in _names(element):
        if words and (words[0] in _BOX_NAMES or words[-1] in _BOX_NAMES):
            return True
        if any(f"{first} {second}" in _BOX_PAIRS for first, second in pairwise(words)):
            return True
    return False


def _asks_for_an_address(element: html.HtmlElement) -> bool:
    """Whether an element is a field for an e-mail address and the few words around it."""
    if element.find(".//input[@type='email']") is None:
        return False
    return len(" ".join(element.text_content().split())) <= _SIGNUP


def _is_boxed(line: Block, boxes: set[html.HtmlElement]) -> bool:
    return any(element in boxes for element in line.places)


def _left_out(
    lines: Sequence[Block], kept: set[int], top: int, boxes: set[html.HtmlElement]
) -> Iterator[int]:
    """Headings, items, rows and prose between two lines of the article; prose and items between it and the title."""
    if not kept:
        return
    first, last = min(kept), max(kept)
    for i in range(last - 1, max(top, -1), -1):
        line = lines[i]
        if i in kept or _is_boxed(line, boxes) or line.linked > _LINKED or _is_caption(line):
            continue
        if top < 0 and i < first:
            continue
        if line.is_heading:
            if i + 1 in kept or _is_item(lines[i + 1], boxes):
                yield i
        elif _is_prose(line) or (i > first and line.kind == "tr") or _is_item(line, boxes):
            yield i


def _is_item(line: Block, boxes: set[html.HtmlElement]) -> bool:
    return line.kind == "li" and line.words >= _ITEM and line.linked <= _LINKED and not _is_boxed(line, boxes)


def _siblings(
    lines: Sequence[Block], kept: set[int], top: int, boxes: set[html.HtmlElement]
) -> Iterator[int]:
    """The lines of the other entries where the article found is one entry of a row of the like, under one title."""
    entry = _entry(lines, kept)
    if entry is None or (top >= 0 and entry in lines[top].places):
        return
    parent = entry.getparent()
    name = (entry.tag, entry.get("class"))
    alike = (
        {other for other in parent if (other.tag, other.get("class")) == name}
        if parent is not None
        else set()
    )
    if len(alike) < 2 or any(other.xpath(".//h1") for other in alike):
        return
    for i, line in enumerate(lines):
        is_text = line.is_heading or line.kind == "li" or _is_prose(line)
        if is_text and any(element in alike for element in line.places) and not _is_boxed(line, boxes):
            yield i


def _entry(lines: Sequence[Block], kept: set[int]) -> html.HtmlElement | None:
    """The `article` element that holds all that was kept."""
    common: Sequence[html.HtmlElement] | None = None
    for i in kept:
        around = lines[i].places[::-1]
        common = around if common is None else [element for element in common if element in around]
    return next((element for element in common or () if element.tag == "article"), None)


def _is_caption(line: Block) -> bool:
    return line.kind in ("figcaption", "caption") or any(element.tag in _CAPTIONS for element in line.places)


def _is_prose(line: Block) -> bool:
    return line.words >= _PROSE and line.linked <= _LINKED and not line.is_heading


def _is_link(lines: Sequence[Block], i: int, kept: set[int]) -> bool:
    """Whether a line is only a link; a heading may be one to itself."""
    return lines[i].linked > _LINK and not (
        lines[i].is_heading and i + 1 in kept and lines[i + 1].linked <= _LINKED
    )


def _is_label(lines: Sequence[Block], i: int) -> bool:
    """Whether a short line stands over links, or is none: a counter, the editors' initials."""
    text = lines[i].text
    if lines[i].kind != "tr" and not any(map(str.isalpha, text)):
        return True
    if "/" in text and _INITIALS.fullmatch(text):
        return True
    is_short = lines[i].words <= _LABEL and text[-1] not in '.؟?!:…"»”'
    return is_short and i + 1 < len(lines) and lines[i + 1].linked > _LINK


def _without_echoes(lines: Sequence[Block], title: str | None) -> Iterator[Block]:
    """The lines but for the title, and for pulled quotes, which stand in another line too."""
    squeezed = [_squeezed(line.text) for line in lines]
    known = _squeezed(title or "")
    for i, line in enumerate(lines):
        others = squeezed[:i] + squeezed[i + 1 :]
        is_echo = len(squeezed[i]) >= _LONG and any(
            squeezed[i] in other and other != squeezed[i] for other in others
        )
        if squeezed[i] != known and not is_echo:
            yield line


def _length(lines: Sequence[Block], places: Iterable[int]) -> int:
    return sum(len(lines[i].text) for i in places)
