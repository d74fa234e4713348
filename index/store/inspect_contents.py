"""What a store knows of duplicates, where it is not what its passages say: derived anew and compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from index.duplicates import near, telling
from index.errors import StoreDamagedError
from index.store import contents
from index.store.inspect_words import titled_passages
from index.types import Passage

BLOCK = 65_536
MIXED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def damaged_contents(connection: sqlite3.Connection) -> Iterator[str]:
    """What is wrong, in a sentence each; at most one for a block of passages."""
    for block in titled_passages(connection):
        wrong = _differing(connection, [(row, passage) for row, passage, _ in block])
        if wrong is not None:
            yield f"what passage row {wrong} says is not what the store knows of it"
    yield from _near(connection)
    if not _bands_hold(connection):
        yield "the bands in which duplicates are looked for are not those of the contents"
    (lost,) = connection.execute(
        "SELECT count(*) FROM content WHERE id NOT IN (SELECT content FROM said)"
    ).fetchone()
    if lost:
        yield f"{lost} contents are said by no passage"


def _differing(connection: sqlite3.Connection, block: Sequence[tuple[int, Passage]]) -> int | None:
    """The first row of the block whose content is not known, is damaged, or is not what its text says."""
    known = contents.digests(connection, [row for row, _ in block])
    return next((row for row, passage in block if known.get(row) != telling(passage.text).digest), None)


def _near(connection: sqlite3.Connection) -> Iterator[str]:
    """The near-duplicates that are none."""
    for content, other, crc, back in connection.execute(
        "SELECT one.content, one.other, one.crc, two.crc FROM near AS one"
        " LEFT JOIN near AS two ON two.content = one.other AND two.other = one.content"
    ).fetchall():
        try:
            contents.check(crc, content, other)
            one, two = (contents.text(connection, number) for number in (content, other))
        except StoreDamagedError as error:
            yield str(error)
            continue
        if back is None or one is None or two is None or not near(telling(one), telling(two)):
            yield f"the contents {content} and {other} are no near-duplicates"


def _bands_hold(connection: sqlite3.Connection) -> bool:
    """Whether `band` holds what the contents say, no more and no less."""
    try:
        return _listed(connection) == _banded(connection)
    except (TypeError, ValueError, OverflowError):  # a damaged row can hold any kind of value
        return False


def _listed(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many bands the contents have, and a sum over them, the same in any order."""
    count, total = 0, 0
    cursor = connection.execute("SELECT id, bands FROM content")
    while found := cursor.fetchmany(BLOCK):
        numbers = [np.unique(contents.unpacked(blob)) for _, blob in found]
        ids = np.repeat([content for content, _ in found], [len(one) for one in numbers])
        count, total = count + len(ids), total + _sum(np.concatenate(numbers), ids)
    return count, total & (2**64 - 1)


def _banded(connection: sqlite3.Connection) -> tuple[int, int]:
    """The same of what lies in `band`."""
    count, total = 0, 0
    cursor = connection.execute("SELECT number, content FROM band")
    while found := cursor.fetchmany(BLOCK):
        pairs = np.array(found, dtype=np.int64)
        count, total = count + len(pairs), total + _sum(pairs[:, 0], pairs[:, 1])
    return count, total & (2**64 - 1)


def _sum(numbers: npt.NDArray[Any], ids: npt.NDArray[Any]) -> int:
    mixed = (
        numbers.astype(np.int64).view(np.uint64) * MIXED[0] ^ ids.astype(np.int64).view(np.uint64) * MIXED[1]
    )
    return int(((mixed ^ (mixed >> np.uint64(29))) * MIXED[0]).sum(dtype=np.uint64))
