"""Reader of PDF files: their text page by page, pages whose text is not what they show refused by number."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pypdf import PageObject, PdfReader, apply_configuration
from pypdf.errors import PyPdfError

from index.errors import ReadError
from index.pages import PAGE_END
from index.read import budget
from index.read.files import SourceFile
from index.read.given import checked
from index.read.legible import fault
from index.read.metadata import agreeing
from index.read.pdf_lines import Line, Piece, lines, paragraphs, without_running_titles
from index.types import Given, RawArticle

MAX_BYTES = 100_000_000
MAX_PAGES = 3_000
MAX_TEXT = 10_000_000
MAX_DRAWN = 10_000
"""Images and forms that a page draws, forms within forms too."""

_JUNK_TITLE = re.compile(
    r"untitled|microsoft (?:word|powerpoint|excel)\b.*|.*\.(?:docx?|pptx?|xlsx?|indd|qxd|pdf|tmp|rtf)|[\W\d_]*",
    re.IGNORECASE,
)
_JUNK_AUTHOR = re.compile(r"admin(?:istrator)?|user|owner|unknown|anonymous|\W*", re.IGNORECASE)
_SHOWING = (b"Tj", b"TJ", b"'", b'"')
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def read(file: SourceFile) -> Iterator[RawArticle | ReadError]:
    """The article of a PDF, its pages each ended by a form feed; pages that cannot be read come as errors before it.

    Title and author are taken from the document's properties. When a PDF was made is not when it was published.
    Raises: ReadError: it is encrypted, broken, has no text (a scan), too many pages, or none that can be read.
    """
    content = file.content(MAX_BYTES)
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = _opened(content.data, file.source)
    count = _page_count(reader, file.source)
    pages: list[list[Line]] = []
    refused: dict[int, str] = {}
    for number in range(count):
        budget.renew()
        found, reason = _page(reader, number)
        pages.append([] if reason else found)
        if reason:
            refused[number + 1] = reason
    if not any(pages):
        raise ReadError(file.source, _why_nothing(refused, count))
    for number, reason in refused.items():
        yield ReadError(f"{file.source}#page={number}", f"page {number} {reason}")
    yield _article(file.source, content.sha256, reader, pages)


def _opened(content: bytes, source: str) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ReadError(source, "is encrypted; save it without a password")
    except (
        PyPdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        OSError,
    ) as error:
        raise ReadError(source, f"is no PDF that can be read: {_short(error)}") from error
    except ImportError as error:  # the cipher needs a library that is not here
        raise ReadError(source, "is encrypted; save it without a password") from error
    return reader


def _page_count(reader: PdfReader, source: str) -> int:
    try:
        count = len(reader.pages)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ReadError(source, f"is no PDF that can be read: {_short(error)}") from error
    if not count:
        raise ReadError(source, "has no pages")
    if count > MAX_PAGES:
        raise ReadError(source, f"has {count:,} pages, the limit is {MAX_PAGES:,}; split it")
    return count


def _page(reader: PdfReader, number: int) -> tuple[list[Line], str | None]:
    """The lines of a page, or why it is refused; neither for a blank one."""
    try:
        page = reader.pages[number]
        drawing = _drawing(page)
        found = lines(drawing.pieces)
        is_drawn = bool(found) or _has_images(page)
    except (
        PyPdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        return [], f"cannot be read: {_short(error)}"
    if excess := drawing.excess():
        return [], excess
    if not found:
        return [], "has no text, it is a picture; run text recognition on it first" if is_drawn else None
    reason = fault("\n".join(line.text for line in found))
    return [replace(line, text=_CONTROL.sub("", line.text)) for line in found], reason


class _Drawing:
    """Gathers the pieces of a page, each with the place where its first letter is drawn; pypdf tells the place where
    the writing stood when the piece was over.
    """

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._start: tuple[float, float] | None = None
        self._now: tuple[float, float] | None = None
        self._length = 0
        self._drawn = 0

    def excess(self) -> str | None:
        """What there is too much of. What is raised while a form is drawn pypdf takes for a fault of the form."""
        if self._drawn > MAX_DRAWN:
            return f"draws more than {MAX_DRAWN:,} images and forms"
        return f"has more than {MAX_TEXT:,} characters" if self._length > MAX_TEXT else None

    def before(self, operator: bytes, operands: Any, cm: list[float], tm: list[float]) -> None:
        """An operator begins."""
        self._drawn += operator == b"Do"
        if operator in _SHOWING:
            self._now = _place(cm, tm)
            self._start = self._start or self._now

    def after(self, operator: bytes, operands: Any, cm: list[float], tm: list[float]) -> None:
        """It is over."""
        self._now = None

    def text(self, text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        """A piece is over, in the middle of an operator where the direction of the letters changes."""
        self._length += len(text)
        if text and self._length <= MAX_TEXT:
            height = abs(size) * (tm[2] ** 2 + tm[3] ** 2) ** 0.5 * (cm[2] ** 2 + cm[3] ** 2) ** 0.5
            place = self._start or _place(cm, tm)
            self.pieces.append(Piece(_DIRECTION.sub("", text.replace("\n", " ")), *place, round(height, 1)))
        self._start = self._now


def _place(cm: list[float], tm: list[float]) -> tuple[float, float]:
    return tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]


def _drawing(page: PageObject) -> _Drawing:
    drawing = _Drawing()
    # Of more forms pypdf would leave out the rest and say so to its log only.
    with apply_configuration(xform_maximum_invocations_per_extraction=MAX_DRAWN + 1):
        page.extract_text(
            visitor_operand_before=drawing.before,
            visitor_operand_after=drawing.after,
            visitor_text=drawing.text,
        )
    return drawing


def _has_images(page: PageObject) -> bool:
    resources: Any = page.get("/Resources")
    drawn = resources.get_object().get("/XObject") if resources is not None else None
    return bool(drawn is not None and drawn.get_object())


def _why_nothing(refused: dict[int, str], count: int) -> str:
    reasons = sorted(set(refused.values()))
    if not reasons:
        return "has no text"
    if len(reasons) > 1:
        return f"has no page that can be read: page 1 {refused.get(1, reasons[0])}"
    if "picture" in reasons[0]:
        return "has no text, its pages are pictures (a scan); run text recognition on it first"
    pages = "its page" if count == 1 else f"each of its {count} pages"
    return f"has no page that can be read: {pages} {reasons[0]}"


def _article(source: str, sha256: str, reader: PdfReader, pages: list[list[Line]]) -> RawArticle:
    written = ["\n\n".join(page) for page in paragraphs(without_running_titles(pages))]
    text = "".join(page + PAGE_END for page in written)
    if len(text) > MAX_TEXT:
        raise ReadError(source, f"has more than {MAX_TEXT:,} characters; split it")
    return RawArticle(source, text, sha256, _given(reader, text), is_clean=True, is_paged=True)


def _given(reader: PdfReader, text: str) -> Given:
    """What the document's properties say, but for what programs fill in."""
    title, author = _property(reader, "/Title"), _property(reader, "/Author")
    try:
        lang = str(reader.root_object.get("/Lang", ""))
    except (PyPdfError, AttributeError, TypeError):
        lang = ""
    return Given(
        title=None if _JUNK_TITLE.fullmatch(title) else title,
        author=None if _JUNK_AUTHOR.fullmatch(author) else author,
        lang=agreeing(lang, text),
    )


def _property(reader: PdfReader, name: str) -> str:
    try:
        value = reader.metadata.get(name) if reader.metadata else None
        return checked("title", str(value)) if value is not None else ""
    except (PyPdfError, ValueError, TypeError, AttributeError, KeyError):
        return ""


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}".rstrip(": ")
