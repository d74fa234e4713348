"""Pieces of text where a PDF draws them → lines in the order they are read → paragraphs.

pypdf gives the letters of a piece in logical order; Arabic lines broken by numbers or Latin words come as pieces from
left to right, and have to be put together from right to left.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_STRONG_LEFT = re.compile("[A-Za-z\u00c0-\u024f0-9]")
_DIGITS = re.compile("[\u0660-\u0669\u06f0-\u06f9]+(?:[\u066b\u066c.,/:٪%-][\u0660-\u0669\u06f0-\u06f9]+)*")
_SHAPED = re.compile("[\ufb00-\ufb06\ufb50-\ufdcf\ufdf2\ufe70-\ufefc]")
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"), ("«", "»"))
_TIGHT_BEFORE = tuple(".,;:!?)]}»،؛؟%٪…”’")
_TIGHT_AFTER = tuple("([{«“‘")
_STOPPED = re.compile(r"[.!?؟…:][\"'”’»)\]]*$")
_FOLIO = re.compile(r"\W*(?:page|صفحة|ص)?\W*[\d٠-٩]{1,4}(?:\W*(?:of|من|/)\W*[\d٠-٩]{1,4})?\W*", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[•▪●◦‣■–*-]|\(?[\d٠-٩]{1,2}[.)\-])\s")
_HEADING_WORDS = 15
_EDGE = 2
"""A running title has at most so many lines."""
_LARGER, _LARGEST = 1.12, 1.4
_SHORT, _GAP = 0.75, 1.3
"""Of the usual length a line that ends its paragraph; of the usual distance one that parts paragraphs."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text drawn in one go, from `x`, on the baseline `y`, in points from the lower left; `size` of its letters."""

    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page as it is read."""

    text: str
    y: float
    size: float


def lines(pieces: Iterable[Piece]) -> list[Line]:
    """The lines of a page in the order that they are drawn in, which keeps columns apart."""
    rows: list[list[Piece]] = []
    for piece in _with_digits(pieces):
        if not piece.text.strip() and not rows:
            continue
        last = rows[-1][-1] if rows else None
        if last is not None and abs(piece.y - last.y) <= 0.4 * max(piece.size, last.size):
            rows[-1].append(piece)
        elif piece.text.strip():
            rows.append([piece])
    return [line for row in rows if (line := _line(row)).text]


def _with_digits(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces, Arabic-Indic digits in the order they are read; pypdf turns them round with the letters by them."""
    found, is_leftward = [], False
    for piece in pieces:
        if _ARABIC.search(piece.text):
            is_leftward = True
        elif _STRONG_LEFT.search(piece.text):
            is_leftward = False
        text = _DIGITS.sub(lambda digits: digits[0][::-1], piece.text) if is_leftward else piece.text
        found.append(Piece(text, piece.x, piece.y, piece.size))
    return found


def _line(row: Sequence[Piece]) -> Line:
    drawn = [piece for piece in row if piece.text.strip()]
    whole = "".join(piece.text for piece in row)
    if len(_ARABIC.findall(whole)) >= len(_LATIN.findall(whole)) and _ARABIC.search(whole):
        drawn = _from_the_right(drawn)
        text = _balanced(_joined(drawn))
    else:
        text = _joined(drawn)
    size = max((piece.size * len(piece.text), piece.size) for piece in row)[1]
    return Line(_base_letters(text), row[0].y, size)


def _from_the_right(row: Sequence[Piece]) -> list[Piece]:
    """The pieces from right to left, runs of Latin words and numbers among them from left to right."""
    ordered = [row[i] for i in sorted(range(len(row)), key=lambda i: (-row[i].x, -i))]
    found: list[Piece] = []
    run: list[Piece] = []
    for piece in ordered:
        if _ARABIC.search(piece.text) or not any(map(str.isalnum, piece.text)):
            # a sign between two numbers goes with them, brackets and stops with the line
            if (
                run
                and piece.text.strip() in ("/", "-", ":", ".", "–", "+", "&", "_", "@")
                and not _ARABIC.search(piece.text)
            ):
                run.append(piece)
                continue
            found += [*reversed(run), piece]
            run = []
        else:
            run.append(piece)
    return [*found, *reversed(run)]


def _joined(row: Sequence[Piece]) -> str:
    """The pieces as one text; a space between two unless a sign belongs to its neighbour."""
    text = ""
    for piece in row:
        part = piece.text.strip()
        is_tight = not text or part.startswith(_TIGHT_BEFORE) or text.endswith(_TIGHT_AFTER)
        text += part if is_tight else f" {part}"
    text = re.sub(r"(?<=[\d٠-٩]) ?([/:]) ?(?=[\d٠-٩])", r"\1", text)
    return " ".join(text.split())


def _balanced(text: str) -> str:
    """The text, its brackets as they are read: a page shows those of Arabic mirrored."""
    for opening, closing in _PAIRS:
        first = next((char for char in text if char in (opening, closing)), opening)
        last = next((char for char in reversed(text) if char in (opening, closing)), closing)
        if first == closing and last == opening:
            turned = text.translate(_MIRRORED)
            turned = re.sub(r"(?<=\w)([(\[{«])", r" \1", turned)
            turned = re.sub(r"([)\]}»])(?=\w)", r"\1 ", turned)
            return re.sub(r"\s+([)\]}»])", r"\1", re.sub(r"([(\[{«])\s+", r"\1", turned))
    return text


def _base_letters(text: str) -> str:
    """The text in the letters that are typed: the forms that they take beside each other are the font's."""
    return _SHAPED.sub(lambda shaped: unicodedata.normalize("NFKC", shaped[0]).strip(), text)


def without_running_titles(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without what stands at the same place at the top or foot of many of them, and without page numbers."""
    edges = Counter(
        edge for page in pages for edge in {_edge(line) for line in (*page[:_EDGE], *page[-_EDGE:])}
    )
    often = {edge for edge, count in edges.items() if count >= 3 and count > len(pages) / 2}
    return [_inner(page, often) for page in pages]


def _inner(page: Sequence[Line], often: set[tuple[str, int]]) -> list[Line]:
    inner = list(page)
    for place in (0, -1):
        for _ in range(_EDGE):
            if inner and (_edge(inner[place]) in often or _FOLIO.fullmatch(inner[place].text)):
                inner.pop(place)
    return inner


def _edge(line: Line) -> tuple[str, int]:
    """The wording of a line, whatever its numbers, and how high it stands."""
    return re.sub(r"[\d٠-٩]+", "#", line.text), round(line.y / 5)


def paragraphs(pages: Sequence[Sequence[Line]]) -> list[list[str]]:
    """The paragraphs of each page; one that goes on over pages stands on the page where it begins.

    A larger line is a heading: `##`; the largest on top of the first page, where it is much larger, the title: `#`.
    """
    every = [line for page in pages for line in page]
    if not every:
        return [[] for _ in pages]
    body = median(size for line in every for size in [line.size] * max(1, len(line.text) // 20))
    wide = median(sorted(len(line.text) for line in every)[len(every) // 2 :])
    step = _usual_step(pages)
    found: list[list[str]] = []
    last: Line | None = None
    holder: list[str] = []
    for number, page in enumerate(pages):
        on_page: list[str] = []
        found.append(on_page)
        for place, line in enumerate(page):
            mark = _mark(line, body, is_first=number == 0 and place == 0)
            previous = page[place - 1] if place else None
            if last is not None and holder and not mark and _goes_on(last, previous, line, wide, step):
                holder[-1] = _grown(holder[-1], line.text)
            elif (
                mark
                and holder is on_page
                and holder
                and holder[-1].startswith(mark)
                and _is_beneath(previous, line, step)
            ):
                holder[-1] = f"{holder[-1]} {line.text}"
            else:
                on_page.append(mark + line.text)
                holder = on_page
            last = None if mark else line
    return found


def _mark(line: Line, body: float, *, is_first: bool) -> str:
    if len(line.text.split()) > _HEADING_WORDS or line.size < _LARGER * body:
        return ""
    return "# " if is_first and line.size >= _LARGEST * body else "## "


def _usual_step(pages: Sequence[Sequence[Line]]) -> float:
    steps = [above.y - below.y for page in pages for above, below in pairwise(page)]
    down = [round(step, 1) for step in steps if step > 0]
    return Counter(down).most_common(1)[0][0] if down else 0.0


def _is_beneath(previous: Line | None, line: Line, step: float) -> bool:
    return (
        previous is not None
        and previous.size == line.size
        and 0 < previous.y - line.y <= 2.2 * max(step, line.size)
    )


def _goes_on(last: Line, previous: Line | None, line: Line, wide: float, step: float) -> bool:
    """Whether a line goes on with the paragraph of the last one, which is `previous` where both are on one page."""
    if _BULLET.match(line.text):
        return False
    is_ended = bool(_STOPPED.search(last.text))
    if previous is None:
        return not is_ended  # over the page
    distance = previous.y - line.y
    if distance < 0:  # into the next column
        return not is_ended
    if step and distance > _GAP * step:
        return False
    return not (is_ended and len(last.text) < _SHORT * wide)


def _grown(paragraph: str, more: str) -> str:
    """The paragraph with a line more; a word that was parted at the end of the line is one again."""
    if re.search(r"[A-Za-z]{2}-$", paragraph) and more[:1].islower():
        return paragraph[:-1] + more
    return f"{paragraph} {more}"
