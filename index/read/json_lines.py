"""Lines of JSON → records; a line that is none is refused by its number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import BinaryIO

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.record import Record

MAX_LINE = 40_000_000
"""Bytes of a line: a text of the longest, escaped."""
_PIECE = 1 << 20


def records(stream: BinaryIO, file: SourceFile) -> Iterator[Record | ReadError]:
    """The records in order; blank lines are passed over. A longer line than `MAX_LINE` is never held."""
    place = 0
    for number, line in enumerate(_lines(stream), start=1):
        if line is not None and not line.strip():
            continue
        place += 1
        if line is None:
            yield ReadError(file.source, f"line {number}: is longer than {MAX_LINE:,} bytes")
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        try:
            fields = json.loads(line)
        except UnicodeDecodeError as error:
            yield ReadError(file.source, f"line {number}: is not UTF-8 (byte {error.start})")
        except RecursionError:
            yield ReadError(file.source, f"line {number}: is nested too deep")
        except ValueError as error:
            yield ReadError(file.source, f"line {number}: is not JSON: {' '.join(str(error).split())}")
        else:
            if isinstance(fields, dict):
                yield Record(
                    place, f"line {number}", hashlib.sha256(line.rstrip(b"\r\n")).hexdigest(), fields
                )
            else:
                yield ReadError(file.source, f"line {number}: is not a JSON object")


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines, None for one that is too long."""
    while line := stream.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := stream.readline(_PIECE)) and not rest.endswith(b"\n"):
            pass
        yield None
