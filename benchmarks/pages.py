"""The pages of `tests/corpora/html`: each with the body and the provenance that are to be found in it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import html

FOLDER = Path(__file__).parents[1] / "tests" / "corpora" / "html"

_EXPECTED = re.compile(r"<!--expect\n(.*?)-->\n", re.DOTALL)
_MARKS = re.compile(r" data-(?:b|h|any)(?=[\s>])")
_NAMES = re.compile(r"\b(class|id|role|data-component|data-testid)=([\"'])(.*?)\2")
_WORD = re.compile(r"[^\W_]+(?:[.,٫٬'’][^\W_]+)*")
_GAP = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is on the web, and what is expected of it.

    `body` are its paragraphs and subheadings; `either` what may be taken for body or not: a footnote, a pulled quote.
    `given` is the provenance that it states, `inferred` that which is found by rule.
    """

    name: str
    text: str
    encoding: str
    body: tuple[str, ...]
    headings: tuple[str, ...]
    either: tuple[str, ...]
    given: Mapping[str, str]
    inferred: Mapping[str, str]

    @property
    def content(self) -> bytes:
        """The bytes that a server sends."""
        return self.text.encode(self.encoding)

    def nameless(self) -> Page:
        """The same page as a build tool leaves it: what its elements are called tells nothing."""
        return replace(self, text=_NAMES.sub(_hashed, self.text))

    def score(self, found: str) -> tuple[float, float]:
        """Precision and recall of a body, by word, each word as often as it is there."""
        words, wanted = _words(found), _words(" ".join(self.body))
        squeezed, expected = _squeezed(found), _squeezed(" ".join(self.body))
        for text in self.either:
            if squeezed.count(_squeezed(text)) > expected.count(_squeezed(text)):
                words -= _words(text)
        right = (words & wanted).total()
        return right / max(1, words.total()), right / wanted.total()


def pages() -> Iterator[Page]:
    """All pages in the order of their names."""
    for path in sorted(FOLDER.glob("*.html")):
        yield page(path)


def page(path: Path) -> Page:
    """The page of one file: `data-b` marks its paragraphs, `data-h` subheadings, `data-any` what may be either; the
    comment on top has `field: value`, or `field~: value` for what is inferred.
    """
    written = path.read_text("utf-8")
    expected = _EXPECTED.match(written)
    assert expected, path
    fields = dict(line.split(": ", 1) for line in expected[1].strip().split("\n"))
    written = written[expected.end() :]
    tree = html.document_fromstring(written.encode(), parser=html.HTMLParser(encoding="utf-8"))
    return Page(
        name=path.stem,
        text=_MARKS.sub("", written),
        encoding=fields.pop("encoding", "utf-8"),
        body=_texts(tree, "//*[@data-b or @data-h]"),
        headings=_texts(tree, "//*[@data-h]"),
        either=_texts(tree, "//*[@data-any]"),
        given={name: value for name, value in fields.items() if not name.endswith("~")},
        inferred={name[:-1]: value for name, value in fields.items() if name.endswith("~")},
    )


def _texts(tree: html.HtmlElement, path: str) -> tuple[str, ...]:
    """The text of these elements, without what in them may be left out."""
    found = []
    for element in tree.xpath(path):
        parts = element.xpath(".//text()[not(ancestor::*[@data-any])] | self::*[@data-any]//text()")
        found.append(" ".join("".join(parts).replace("\u200b", "").split()))
    return tuple(found)


def _hashed(found: re.Match[str]) -> str:
    names = (hashlib.md5(name.encode()).hexdigest()[:6] for name in found[3].split())
    return f'{found[1]}="{" ".join(f"css-{name}" for name in names)}"'


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))


def _squeezed(text: str) -> str:
    return _GAP.sub("", text)
