"""What a commit changes: articles put and removed, in an open transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from index.arabic import words
from index.errors import StoreError
from index.identity import digest
from index.store import contents, vocabulary
from index.store.columns import Columns
from index.store.records import (
    MASK,
    PASSAGE,
    PROVENANCE,
    Codes,
    article_fields,
    article_sum,
    checksum,
    code_row,
    codes_of,
    passage_fields,
    passage_sum,
    to_codes,
)
from index.store.schema import State
from index.types import Embeddings, Entry, Passage

NORM_TOLERANCE = 1e-3
SAME = 1e-3
"""Embeddings whose values differ by no more than this are the same: rounding to float16 and back moves them less."""


class Changes:
    """One commit in the making: writes rows and keeps the counts and sums of the state it will leave."""

    def __init__(self, connection: sqlite3.Connection, before: State, dim: int) -> None:
        self._connection, self._before, self._dim = connection, before, dim
        self._next = before.revision + 1
        self._articles, self._passages = before.articles, before.passages
        self._article_sum, self._passage_sum = before.article_sum, before.passage_sum
        self.changed = False

    @property
    def revision(self) -> int:
        """The revision that holds what was asked for: a new one if anything changed."""
        return self._next if self.changed else self._before.revision

    @property
    def after(self) -> State:
        """The state these changes lead to."""
        return replace(
            self._before,
            revision=self._next,
            articles=self._articles,
            passages=self._passages,
            article_sum=self._article_sum & MASK,
            passage_sum=self._passage_sum & MASK,
        )

    def put(self, entry: Entry, root: str) -> None:
        """Store one article, replacing the live one of the same id; passages that stayed the same keep their rows.

        Raises: StoreError: another folder holds an article of this id, or the entry does not fit together.
        """
        codes = checked_entry(entry, self._dim)
        article, new_digest = entry.article, digest(entry.article, entry.passages)
        live = self._live(article.id)
        if live and live.root and root and live.root != root:
            raise StoreError(
                f"{article.provenance.source} is already stored from {live.root}; the same file name under {root}"
                " would replace it. Rename one of them, or sync each folder into a store of its own"
            )
        if (
            live
            and (live.digest, live.root) == (new_digest, root)
            and self._same_codes(live.key, entry, codes)
        ):
            return
        key = live.key if live else self._key(article.id)
        if live:
            self._retire_version(live)
        self._insert_version(key, entry, root, new_digest)
        same_title = live is not None and live.title == article.provenance.title
        self._replace_passages(key, entry, codes, same_title=same_title)

    def delete(self, article_id: str) -> None:
        """Remove one article and its passages; an unknown id changes nothing."""
        live = self._live(article_id)
        if live:
            self._retire_version(live)
            self._retire_passages(live.key, [row for row, *_ in self._live_passages(live.key)])

    def move_root(self, old: str, new: str) -> None:
        """Say of every live article put under `old` that it is of `new`. No search can tell, so no new revision."""
        moved = self._connection.execute(
            f"SELECT article, id, digest, passages, {PROVENANCE}, text, headings"
            " FROM version JOIN article ON key = article WHERE root = ? AND removed IS NULL",
            (old,),
        ).fetchall()
        self._connection.executemany(
            "UPDATE version SET root = ?, crc = ? WHERE article = ? AND removed IS NULL",
            [(new, checksum(id_, new, *fields), key) for key, id_, *fields in moved],
        )

    def _live(self, article_id: str) -> _Live | None:
        found = self._connection.execute(
            "SELECT key, root, digest, title, publisher, published_at FROM version JOIN article ON key = article"
            " WHERE id = ? AND removed IS NULL",
            (article_id,),
        ).fetchone()
        return _Live(*found) if found else None

    def _key(self, article_id: str) -> int:
        self._connection.execute("INSERT OR IGNORE INTO article (id) VALUES (?)", (article_id,))
        (key,) = self._connection.execute("SELECT key FROM article WHERE id = ?", (article_id,)).fetchone()
        return int(key)

    def _live_passages(self, key: int) -> list[tuple[int, str, str]]:
        """Row, id and language of an article's live passages."""
        return self._connection.execute(
            "SELECT row, id, lang FROM passage WHERE article = ? AND removed IS NULL ORDER BY row", (key,)
        ).fetchall()

    def _retire_version(self, live: _Live) -> None:
        self._connection.execute(
            "UPDATE version SET removed = ? WHERE article = ? AND removed IS NULL", (self._next, live.key)
        )
        self._articles -= 1
        self._article_sum -= article_sum([(live.key, live.publisher, live.published_at)])
        self._record_removal()

    def _insert_version(self, key: int, entry: Entry, root: str, new_digest: str) -> None:
        article, count = entry.article, len(entry.passages)
        fields = (root, new_digest, count, *article_fields(article))
        self._connection.execute(
            f"INSERT INTO version (article, added, root, digest, passages, {PROVENANCE}, text, headings, crc)"
            f" VALUES ({','.join('?' * 18)})",
            (key, self._next, *fields, checksum(article.id, *fields)),
        )
        self._articles += 1
        of = article.provenance
        self._article_sum += article_sum([(key, of.publisher, of.published_at)])
        self.changed = True

    def _replace_passages(self, key: int, entry: Entry, codes: Codes, *, same_title: bool) -> None:
        """Retire the live passages that are not in the entry, insert those that are new.

        Under another title all are new: the title's words are found with each passage.
        """
        kept = self._kept(key, entry, codes) if same_title else {}
        stale = [row for row, *_ in self._live_passages(key) if row not in kept.values()]
        self._retire_passages(key, stale)
        fresh = [place for place, passage in enumerate(entry.passages) if passage.id not in kept]
        title = entry.article.provenance.title
        self._insert_passages(key, title, [entry.passages[place] for place in fresh], codes[fresh])

    def _kept(self, key: int, entry: Entry, codes: Codes) -> dict[str, int]:
        """Passage id → row, of the entry's passages that are stored just so, embedding included."""
        given = {passage.id: place for place, passage in enumerate(entry.passages)}
        kept = {}
        for row, *fields, blob, crc in self._connection.execute(
            f"SELECT passage.row, {PASSAGE}, code, code.crc FROM passage JOIN embedding_{self._before.active} AS code"
            " ON code.row = passage.row WHERE article = ? AND removed IS NULL",
            (key,),
        ).fetchall():
            place = given.get(fields[0])
            if place is None or tuple(fields) != passage_fields(entry.passages[place]):
                continue
            if _same(codes_of([(row, blob, crc)], self._dim), codes[place : place + 1]):
                kept[fields[0]] = row
        return kept

    def _same_codes(self, key: int, entry: Entry, codes: Codes) -> bool:
        return len(self._kept(key, entry, codes)) == len(entry.passages)

    def _retire_passages(self, key: int, rows: Sequence[int]) -> None:
        retired = set(rows)
        langs = [lang for row, _, lang in self._live_passages(key) if row in retired]
        self._connection.executemany(
            "UPDATE passage SET removed = ? WHERE row = ?", [(self._next, row) for row in rows]
        )
        self._passage_sum -= _sum(rows, key, langs)
        self._passages -= len(rows)
        if rows:
            self._record_removal()

    def _insert_passages(self, key: int, title: str, passages: Sequence[Passage], codes: Codes) -> None:
        first = self._next_row()
        rows = list(range(first, first + len(passages)))
        for row, passage, code in zip(rows, passages, codes, strict=True):
            fields = passage_fields(passage)
            self._connection.execute(
                f"INSERT INTO passage (row, article, added, {PASSAGE}, crc) VALUES ({','.join('?' * 11)})",
                (row, key, self._next, *fields, checksum(row, passage.article_id, *fields)),
            )
            self._connection.execute(
                f"INSERT INTO embedding_{self._before.active} VALUES (?, ?, ?)", code_row(row, code)
            )
            found = words(passage.text)
            vocabulary.write(self._connection, row, passage, title, found)
            contents.write(self._connection, row, passage.text, found)
        self._passage_sum += _sum(rows, key, [passage.lang for passage in passages])
        self._passages += len(rows)
        self.changed = self.changed or bool(rows)

    def _next_row(self) -> int:
        """One more than any row ever used: SQLite remembers it for AUTOINCREMENT tables."""
        found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passage'").fetchone()
        return (found[0] if found else 0) + 1

    def _record_removal(self) -> None:
        self._connection.execute("INSERT OR IGNORE INTO removal VALUES (?, ?)", (self._next, time.time()))
        self.changed = True


@dataclass(frozen=True, slots=True)
class _Live:
    """The live version of an article."""

    key: int
    root: str
    digest: str
    title: str
    publisher: str | None
    published_at: str | None


def checked_entry(entry: Entry, dim: int) -> Codes:
    """The entry's embeddings as they are stored. Raises: StoreError: they or the passages are not as they must be."""
    article = entry.article
    codes = checked_codes(entry.embeddings, len(entry.passages), dim, f"article {article.id}")
    if len({passage.id for passage in entry.passages}) < len(entry.passages):
        raise StoreError(f"article {article.id}: two of its passages have the same id")
    places = [passage.paragraph for passage in entry.passages]
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise StoreError(f"article {article.id}: its passages are not in the order of their paragraphs")
    for passage in entry.passages:
        if passage.article_id != article.id or article.text[passage.start : passage.end] != passage.text:
            raise StoreError(f"article {article.id}: passage {passage.id} is not the text at its offsets")
    return codes


def checked_codes(rows: Embeddings, count: int, dim: int, whose: str) -> Codes:
    """These embeddings as they will lie. Raises: StoreError: they are not `count` unit vectors of `dim` float32."""
    if rows.shape != (count, dim) or rows.dtype != np.float32:
        raise StoreError(
            f"{whose}: float32 embeddings of shape ({count}, {dim}) were wanted,"
            f" {rows.dtype} of shape {rows.shape} came"
        )
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    wrong = ~(np.abs(norms - 1) <= NORM_TOLERANCE)  # NaN and infinity are wrong too
    if wrong.any():
        raise StoreError(f"{whose}: embedding {int(np.argmax(wrong))} is not a unit vector")
    return to_codes(rows)


def _same(stored: Codes, given: Codes) -> bool:
    return bool(np.abs(stored.astype(np.float32) - given.astype(np.float32)).max(initial=0) <= SAME)


def _sum(rows: Sequence[int], key: int, langs: Sequence[str]) -> int:
    columns = Columns.of(rows, [0] * len(rows), langs)
    return passage_sum(columns.rows, np.full(len(rows), key, dtype=np.int64), columns.langs)
