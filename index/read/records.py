"""Reader of records, one article each: lines of JSON, rows of CSV, and the project's own export."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from index.errors import ReadError
from index.read import budget, csv_rows, exported, json_lines
from index.read.files import SourceFile
from index.read.formats import Item
from index.read.mapping import FieldMap
from index.read.record import NO_TEXT, Record, article, is_wanted, name_of

PATIENCE = 100
"""So many first records without the field of the text, and the mapping is wrong, not the records."""
STEP = 1_000

_TABLES = (".csv", ".tsv")


def read(file: SourceFile, fields: FieldMap) -> Iterator[Item]:
    """The articles of a file in order. One bad record is refused by name, line and field; the others go in.

    Of records of one name the last counts, as in a log of changes; those marked as removed count as not there.
    Raises: ReadError: the file holds no record, cannot be told apart into records, or the mapping does not fit it.
    """
    fields = fields.beside(file)
    records = _records(file)
    with file.stream() as stream:
        first = next(iter(records(stream, file)), None)
    if first is None:
        raise ReadError(file.source, "holds no record")
    if exported.is_header(first):
        with file.stream() as stream:
            yield from exported.articles(records(stream, file), file)
        return
    _check_columns(first, fields, file)
    with file.stream() as stream:
        last = _last_places(records(stream, file), fields, file)
    with file.stream() as stream:
        yield from _articles(records(stream, file), fields, file, last)


def count(file: SourceFile) -> int:
    """How many records the file holds, bad ones too. Raises: ReadError: it cannot be told apart into records."""
    with file.stream() as stream:
        return sum(1 for _ in _records(file)(stream, file))


def _records(file: SourceFile) -> Callable[[BinaryIO, SourceFile], Iterator[Record | ReadError]]:
    return csv_rows.records if file.suffix in _TABLES else json_lines.records


def _articles(
    records: Iterator[Record | ReadError], fields: FieldMap, file: SourceFile, last: Mapping[bytes, int]
) -> Iterator[Item]:
    # Held back as long as there is nothing else: then it is the mapping.
    textless: list[ReadError] | None = []
    for record in records:
        try:
            if isinstance(record, ReadError):
                raise record
            name = name_of(record, fields, file)
            if last.get(_hashed(name), record.place) != record.place or not is_wanted(record, fields):
                continue
            found: Item = article(record, name, fields)
        except ReadError as error:
            if textless is not None and isinstance(record, Record) and error.reason.endswith(NO_TEXT):
                textless.append(error)
                there = record.fields
                if len(textless) == PATIENCE:
                    raise ReadError(file.source, _misfit(PATIENCE, there, fields)) from error
                continue
            found = error
        yield from textless or ()
        textless = None
        yield found
    if textless:
        raise ReadError(file.source, _misfit(len(textless), there, fields))


def _misfit(count: int, there: Mapping[str, Any], fields: FieldMap) -> str:
    wanted = " or ".join(repr(name) for name in fields.names("text"))
    records = "only record has" if count == 1 else f"first {count} records have"
    return (
        f"the {records} no text in the field {wanted}; there are {', '.join(sorted(there)[:20])}:"
        " say which it is, such as --map text=FIELD"
    )


def _check_columns(first: Record | ReadError, fields: FieldMap, file: SourceFile) -> None:
    """Raises: ReadError: the table has no column of a name that is mapped, or none for the text."""
    if isinstance(first, ReadError) or file.suffix not in _TABLES:
        return
    wanted = {"text": fields.names("text"), **fields.fields}
    for target, names in wanted.items():
        if missing := [name for name in names if name not in first.fields]:
            there = ", ".join(sorted(first.fields))
            raise ReadError(
                file.source,
                f"has no column {missing[0]!r} for {target}; there are {there}: map one, with --map {target}=COLUMN",
            )


def _last_places(
    records: Iterator[Record | ReadError], fields: FieldMap, file: SourceFile
) -> dict[bytes, int]:
    """Where the last record of each name stands that several have, by a hash of the name."""
    seen: dict[bytes, int] = {}
    several: dict[bytes, int] = {}
    for record in records:
        if isinstance(record, ReadError):
            continue
        if record.place % STEP == 0:
            budget.renew()
        with suppress(ReadError):
            key = _hashed(name_of(record, fields, file))
            if key in seen:
                several[key] = record.place
            seen[key] = record.place
    return several


def _hashed(name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=12).digest()
