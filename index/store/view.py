"""One revision of an embedded store: what a search reads, and nothing can change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from index.errors import ArticleMissingError, StoreDamagedError, StoreError
from index.store import contents, matching, vocabulary
from index.store.columns import LANGS, Ints, Mask
from index.store.database import Readers
from index.store.filtering import article_where, masks
from index.store.loading import read_codes
from index.store.memory import Memory
from index.store.records import PASSAGE, PROVENANCE, Codes, article_of, checked, passage_of, provenance_of
from index.store.schema import State
from index.store.scoring import Direction, Scores, best, cosines, direction, nearest
from index.types import (
    Article,
    Candidate,
    Content,
    Embeddings,
    EncoderKey,
    Filters,
    Lang,
    Matches,
    Passage,
    Provenance,
    Term,
)

VISIBLE = "added <= :revision AND (removed IS NULL OR removed > :revision)"
VERSION = f"version.crc, id, root, digest, passages, {PROVENANCE}, text, headings"
ANYTHING = Filters()
REMEMBERED = 2000
"""Articles whose provenance is kept once it was read."""
BATCH = 500
"""Values bound in one statement; SQLite's own limit is far above."""


class EmbeddedView:
    """One revision, immutable; all its methods may be called from any thread, and none of them waits for a writer."""

    def __init__(self, state: State, key: EncoderKey, memory: Memory, readers: Readers) -> None:
        self.state, self.encoder_key, self.memory = state, key, memory
        self._readers = readers
        # To be sure of an article's provenance its whole text has to be read: the checksum is of both. Not an lru_cache
        # of a method, which would keep this view alive, and what it can see from being purged, until it is collected.
        self._provenance: dict[str, Provenance] = {}

    @property
    def revision(self) -> int:
        return self.state.revision

    @property
    def passage_count(self) -> int:
        return self.state.passages

    @property
    def article_count(self) -> int:
        return self.state.articles

    @property
    def without_words(self) -> None:
        """None: there are always posting lists."""
        return None

    def nearest(self, embedding: Embeddings, k: int, filters: Filters = ANYTHING) -> list[Candidate]:
        """The k passages of highest cosine that pass the filters, best first, ties by lower row.

        Fewer when fewer pass, none for k < 1.

        Raises: StoreError: the embedding has another shape, or is zero or not finite.
        """
        query = direction(embedding, self.encoder_key.dim)
        if k < 1:
            return []
        main_mask, fresh_mask = self._masks(filters)
        rows, scores = self.memory.main.nearest(query, k, main_mask, self.codes)
        fresh_rows, fresh_scores = self._fresh(query, k, fresh_mask)
        rows, scores = best(np.concatenate([rows, fresh_rows]), np.concatenate([scores, fresh_scores]), k)
        return [Candidate(int(row), float(score)) for row, score in zip(rows, scores, strict=True)]

    def codes(self, rows: Ints) -> Codes:
        """Stored codes `(n, dim)` of rows `(n,)`, ascending."""
        with self._reading() as connection:
            return read_codes(connection, self.state.active, rows, self.encoder_key.dim)

    def cosines(self, embedding: Embeddings, rows: Sequence[int]) -> list[float]:
        """The cosines of the passages at these rows, in that order: what `nearest` would score them.

        Raises: StoreError: the embedding has another shape, or is zero or not finite; a row is missing or damaged.
        """
        query = direction(embedding, self.encoder_key.dim)
        distinct, places = np.unique(np.array(rows, dtype=np.int64), return_inverse=True)
        return [float(score) for score in cosines(self.codes(distinct), query)[places]]

    def matches(
        self,
        terms: Sequence[Term],
        phrases: Sequence[Sequence[str]] = (),
        filters: Filters = ANYTHING,
        *,
        k: int | None = None,
        near: Sequence[int] = (),
    ) -> Matches:
        """The passages that pass the filters, hold every phrase (folded words side by side) and any of the terms.

        All of them, whatever `k` and `near` would be content with.
        """
        with self._reading() as connection:
            found = matching.matches(connection, self.memory.postings, terms, phrases)
        if filters == ANYTHING or not len(found.rows):
            return found
        main, fresh = self._masks(filters)
        rows = self.memory.main_columns.rows
        allowed = np.concatenate([rows if main is None else rows[main], self.memory.fresh.rows[fresh]])
        return found.among(allowed)

    def wordings(self, rows: Sequence[int]) -> list[tuple[str, frozenset[int]]]:
        """Of the passages at these rows, in that order: the article's id and the distinct words as numbers.

        Raises: StoreDamagedError: a row is missing or damaged.
        """
        with self._reading() as connection:
            return vocabulary.distinct_words(connection, rows)

    def contents(self, rows: Sequence[int]) -> list[Content]:
        """What the passages at these rows say, in that order. Raises: StoreDamagedError: it is missing or damaged."""
        with self._reading() as connection:
            return contents.read(connection, rows)

    def langs(self, rows: Sequence[int]) -> list[Lang]:
        """The languages of the passages at these rows, in that order."""
        return [LANGS[code] for code in self.memory.langs(np.array(rows, dtype=np.int64))]

    def spellings(self, skeletons: Sequence[str]) -> list[str]:
        """The words of the corpus whose consonants these are (see `index.names`), in order."""
        with self._reading() as connection:
            return sorted(vocabulary.with_skeletons(connection, skeletons))

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages at these rows, in that order. Raises: StoreDamagedError: a row is missing or damaged."""
        found: dict[int, Passage] = {}
        with self._reading() as connection:
            for batch in _batches(list(dict.fromkeys(rows))):
                marks = ",".join("?" * len(batch))
                for row, crc, article, *fields in connection.execute(
                    f"SELECT row, passage.crc, article.id, {PASSAGE.replace('id,', 'passage.id,', 1)}"
                    f" FROM passage JOIN article ON key = article WHERE row IN ({marks})",
                    [int(row) for row in batch],
                ):
                    checked(f"passage row {row}", (row, article, *fields), crc)
                    found[row] = passage_of(article, fields)
        missing = [row for row in rows if row not in found]
        if missing:
            raise StoreDamagedError(f"passage row {missing[0]} is missing; run `sanad verify`")
        return [found[row] for row in rows]

    def passage(self, passage_id: str) -> Passage | None:
        """The passage of this id, None when this revision has none; to be sure of that, every passage is looked at.

        Raises: StoreDamagedError: the passage, or the entry of the index that leads to it, is damaged.
        """
        condition = f"WHERE id = :id AND {VISIBLE}"
        values = {"id": passage_id, "revision": self.revision}
        with self._reading() as connection:
            found = connection.execute(f"SELECT row FROM passage {condition}", values).fetchone()
            missed = (
                found
                or connection.execute(f"SELECT row FROM passage NOT INDEXED {condition}", values).fetchone()
            )
        passage = self.passages(found)[0] if found else None
        if missed != found or (passage and passage.id != passage_id):
            raise StoreDamagedError(f"the index entry of passage {passage_id} is damaged; run `sanad verify`")
        return passage

    def provenance(self, article_ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance by article id; unknown ids are absent."""
        known = self._provenance
        found = {id_: of for id_ in article_ids if (of := known.get(id_)) is not None}
        unread = [id_ for id_ in dict.fromkeys(article_ids) if id_ not in found]
        if not unread:
            return found
        with self._reading() as connection:
            for article_id in unread:
                fields = self._version(connection, article_id)
                if fields is not None:
                    found[article_id] = provenance_of(fields[2:-2])
        if len(known) > REMEMBERED:
            known.clear()
        known.update(found)
        return found

    def article(self, article_id: str) -> Article:
        """The whole article. Raises: ArticleMissingError."""
        with self._reading() as connection:
            fields = self._version(connection, article_id)
        if fields is None:
            raise ArticleMissingError(f"no article has the id {article_id}")
        return article_of(article_id, fields[2:])

    def article_passages(self, article_id: str) -> list[Passage]:
        """The passages of an article in order; empty for an unknown id."""
        with self._reading() as connection:
            version = self._version(connection, article_id)
            rows = connection.execute(
                f"SELECT row FROM passage JOIN article ON key = article WHERE article.id = :id AND {VISIBLE}"
                " ORDER BY paragraph, row",
                {"id": article_id, "revision": self.revision},
            ).fetchall()
        if len(rows) != (version[1] if version else 0):
            raise StoreDamagedError(
                f"article {article_id} does not have the passages it had; run `sanad verify`"
            )
        return self.passages([row for (row,) in rows])

    def articles(
        self, limit: int, offset: int = 0, filters: Filters = ANYTHING
    ) -> tuple[list[tuple[str, Provenance, int]], int]:
        """A page of `(article id, provenance, passage count)` ordered by source, and the number of all that pass."""
        where, values = article_where(filters)
        values["revision"] = self.revision
        with self._reading() as connection:
            (total,) = connection.execute(
                f"SELECT count(*) FROM version WHERE {VISIBLE} AND {where}", values
            ).fetchone()
            page = connection.execute(
                f"SELECT {VERSION} FROM version JOIN article ON key = article WHERE {VISIBLE} AND {where}"
                " ORDER BY source, id LIMIT :limit OFFSET :offset",
                {**values, "limit": limit, "offset": offset},
            ).fetchall()
        versions = [_checked_version(found) for found in page]
        return [
            (article_id, provenance_of(fields[:-2]), count) for article_id, count, *fields in versions
        ], total

    def publishers(self) -> dict[str, int]:
        """How many articles each publisher has, most first, then by name.

        Raises: StoreDamagedError: a name is not one that the view was made with.
        """
        with self._reading() as connection:
            found = connection.execute(
                f"SELECT publisher, count(*) FROM version WHERE {VISIBLE} AND publisher IS NOT NULL"
                " GROUP BY publisher ORDER BY count(*) DESC, publisher",
                {"revision": self.revision},
            ).fetchall()
        for name, _ in found:
            if name not in self.memory.catalog.codes:
                raise StoreDamagedError(f"the publisher {name} was not put; run `sanad verify`")
        return dict(found)

    def _version(self, connection: sqlite3.Connection, article_id: str) -> Sequence[str | None] | None:
        """What `_checked_version` gives of an article's version of this revision; None for an unknown id."""
        found = connection.execute(
            f"SELECT {VERSION} FROM version JOIN article ON key = article WHERE id = :id AND {VISIBLE}",
            {"id": article_id, "revision": self.revision},
        ).fetchone()
        return _checked_version(found) if found else None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection on which all statements of the block see one snapshot that still holds this revision."""
        with self._readers.lend() as connection:
            connection.execute("BEGIN")
            try:
                (gone,) = connection.execute(
                    "SELECT purged > ? OR NOT EXISTS (SELECT 1 FROM embedding_set WHERE number = ?) FROM state",
                    (self.revision, self.state.active),
                ).fetchone()
                if gone:
                    raise StoreError(f"revision {self.revision} has been purged meanwhile; take a new view")
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def _fresh(self, query: Direction, k: int, mask: Mask) -> tuple[Ints, Scores]:
        codes, rows = self.memory.fresh_codes[mask], self.memory.fresh.rows[mask]
        return nearest(rows, codes, query, k)

    def _masks(self, filters: Filters) -> tuple[Mask | None, Mask]:
        """Which positions of main and fresh may answer; None for all of main."""
        keys = None if filters.source is None else self._keys_of(filters.source)
        return masks(self.memory, filters, keys)

    def _keys_of(self, source: str) -> list[int]:
        with self._reading() as connection:
            found = connection.execute(
                f"SELECT article FROM version WHERE source = :source AND {VISIBLE}",
                {"source": source, "revision": self.revision},
            ).fetchall()
        return [key for (key,) in found]


def _checked_version(fields: Sequence[Any]) -> Sequence[Any]:
    """Id, passage count, provenance, text and headings, from the values of `VERSION`. Raises: StoreDamagedError."""
    crc, article_id, root, digest, *rest = fields
    checked(f"article {article_id}", (article_id, root, digest, *rest), crc)
    return [article_id, *rest]


def _batches(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
