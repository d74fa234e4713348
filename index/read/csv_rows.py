"""Rows of CSV under a row of names → records; a row that does not fit is refused by its line."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from index.errors import ReadError
from index.read.encodings import encoding_of
from index.read.files import SourceFile
from index.read.record import Record

MAX_ROW = 12_000_000
"""Characters of a row."""
SAMPLE = 1 << 16
MAX_UNCLOSED = 20
"""Rows whose quotation marks do not fit, before the file is given up."""
_DELIMITERS = ",;\t|"
_PIECE = 1 << 20


def records(stream: BinaryIO, file: SourceFile) -> Iterator[Record | ReadError]:
    """The records in order; blank rows are passed over. In UTF-8, UTF-16 or an old Arabic or Western encoding.

    Fields are parted by comma, semicolon, tab or bar, whichever is most in the first row; a field in quotes may hold
    line ends. Raises: ReadError: the first row has no names, or one twice.
    """
    sample = stream.read(SAMPLE)
    encoding = encoding_of(sample)
    joined = io.BufferedReader(_Joined(sample, stream))
    return _records(io.TextIOWrapper(joined, encoding, errors="surrogateescape", newline=""), file, encoding)


class _Joined(io.RawIOBase):
    """What was read for a look, then the rest of the stream."""

    def __init__(self, sample: bytes, stream: BinaryIO) -> None:
        self._sample, self._stream = io.BytesIO(sample), stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer is wider
        piece = self._sample.read(len(buffer)) or self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _records(text: io.TextIOWrapper, file: SourceFile, encoding: str) -> Iterator[Record | ReadError]:
    rows = _Rows(text)
    delimiter, names = _header(rows, file)
    place = 0
    while lines := rows.following():
        number, written = rows.number, "".join(lines)
        if not written.strip(" \r\n,;\t|"):
            continue
        place += 1
        try:
            yield _record(written, number, place, delimiter, names, encoding)
        except ValueError as error:
            reason = str(error)
            if len(lines) > 1:  # a stray quotation mark joined what are several rows: try the first alone
                rows.give_back(lines[1:])
                try:
                    yield _record(lines[0], number, place, delimiter, names, encoding)
                    continue
                except ValueError as alone:
                    reason = str(alone)
            yield ReadError(file.source, f"line {number}: {reason}")
            if rows.given_back > MAX_UNCLOSED:
                yield ReadError(
                    file.source, f"line {number}: too many rows before it do not fit; the rest is not read"
                )
                return


def _record(row: str, line: int, place: int, delimiter: str, names: Sequence[str], encoding: str) -> Record:
    """Raises: ValueError: the row is too long, not whole, no text, or not of so many fields."""
    if len(row) > MAX_ROW:
        raise ValueError(f"is longer than {MAX_ROW:,} characters")
    try:
        content = row.rstrip("\r\n").encode()
    except UnicodeEncodeError:
        raise ValueError(f"holds bytes that are not {encoding.upper().removesuffix('-SIG')}") from None
    if "\0" in row:
        raise ValueError("holds a NUL character")
    cells = _cells(row, delimiter)
    if len(cells) != len(names):
        raise ValueError(f"has {len(cells)} fields, the first row has {len(names)}")
    return Record(
        place, f"line {line}", hashlib.sha256(content).hexdigest(), dict(zip(names, cells, strict=True))
    )


def _header(rows: _Rows, file: SourceFile) -> tuple[str, list[str]]:
    """What parts the fields, and the names in the first row. Raises: ReadError: they are no names."""
    while (lines := rows.following()) and not "".join(lines).strip():
        pass
    row = "".join(lines)
    if "\0" in row or len(row) > _PIECE:
        raise ReadError(file.source, "begins with a line that is no row of names")
    delimiter = max(_DELIMITERS, key=row.count)
    try:
        names = [name.strip().lstrip("\ufeff") for name in _cells(row, delimiter)] if row else []
    except ValueError as error:
        raise ReadError(file.source, f"line {rows.number}: {error}") from error
    if doubled := [name for name in names if name and names.count(name) > 1]:
        raise ReadError(file.source, f"line {rows.number}: names the column {doubled[0]!r} twice")
    return delimiter, names


def _cells(row: str, delimiter: str) -> list[str]:
    """Raises: ValueError: a quotation mark opens and never closes, or closes in the middle of a field."""
    csv.field_size_limit(2 * MAX_ROW)  # of the whole process; rows are bounded before
    try:
        rows = list(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"is no row of CSV: {error}") from error
    if len(rows) != 1:
        raise ValueError("has a quotation mark that never closes")
    return rows[0]


class _Rows:
    """The rows of a text: lines that belong together because a quotation mark is open between them."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self._line = 1
        self.number = 1
        """The number of the line that the row began at."""
        self.given_back = 0
        """How often lines were given back."""

    def following(self) -> list[str]:
        """The lines of the next row, none at the end; those that come to more than `MAX_ROW` characters are no row."""
        lines: list[str] = []
        length, is_open = 0, False
        self.number = self._line
        while length <= MAX_ROW and (line := self._next()):
            lines.append(line)
            length += len(line)
            is_open ^= line.count('"') % 2 == 1
            self._line += 1
            if not is_open:
                break
        return lines

    def give_back(self, lines: Sequence[str]) -> None:
        """Let these lines come again."""
        self._waiting.extendleft(reversed(lines))
        self._line -= len(lines)
        self.given_back += 1

    def _next(self) -> str:
        """The next line; of one that is too long only as much as shows it."""
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(MAX_ROW + 1)
        if len(line) > MAX_ROW and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(_PIECE)) and not rest.endswith(("\n", "\r")):
                pass
        return line
