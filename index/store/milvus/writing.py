"""What a commit changes: rows to add, and rows that count no more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from index.errors import StoreError
from index.identity import digest
from index.store.milvus import rows as lying
from index.store.milvus.client import Row
from index.store.milvus.log import Retired, State
from index.store.milvus.reading import Reading
from index.store.writing import SAME, checked_entry
from index.types import Entry

KEPT = (*lying.PASSAGE, *lying.FILTERED, "embedding")


@dataclass(slots=True)
class Changes:
    """One commit in the making. Nothing is written here: what `after` leads to must be, and last of all its commit.

    `known` are the live articles among those that will be put or deleted, `passages` their passages with embeddings.
    """

    before: State
    known: dict[str, Row]
    passages: dict[str, list[Row]]
    new_articles: list[Row] = field(default_factory=list)
    new_passages: list[Row] = field(default_factory=list)
    retired_rows: list[int] = field(default_factory=list)
    retired_versions: list[int] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    articles: int = 0
    words: int = 0
    publishers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, before: State, reading: Reading, ids: Sequence[str], *, deleting: bool = False) -> Changes:
        """None yet, of articles of these ids."""
        known = reading.heads(ids)
        fields = ("row", "article", "size") if deleting else KEPT
        passages: dict[str, list[Row]] = {}
        for row in reading.of_articles(list(known), fields):
            passages.setdefault(row["article"], []).append(row)
        return cls(before, known, passages, roots=list(before.roots))

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.new_articles or self.retired_versions)

    @property
    def serial(self) -> int:
        """The commit's."""
        return self.before.serial + 1

    @property
    def retired(self) -> Retired:
        """What counts no more."""
        return Retired(tuple(sorted(self.retired_rows)), tuple(sorted(self.retired_versions)))

    def after(self, guarantee: int) -> State:
        """The state that these changes lead to, when all of them had been written by this time of Milvus'."""
        before, counts = self.before, dict(self.before.publishers)
        for name, more in self.publishers.items():
            counts[name] = counts.get(name, 0) + more
        return replace(
            before,
            serial=self.serial,
            revision=before.revision + 1,
            articles=before.articles + self.articles,
            passages=before.passages + len(self.new_passages) - len(self.retired_rows),
            words=before.words + self.words,
            row=before.row + len(self.new_passages),
            version=before.version + sum(not row["part"] for row in self.new_articles),
            roots=tuple(self.roots),
            publishers={name: count for name, count in counts.items() if count},
            guarantee=guarantee,
            at=time.time(),
        )

    def put(self, entry: Entry, root: str, dim: int) -> None:
        """Add one article, or put it in the place of the live one; passages that stayed the same keep their rows.

        Raises: StoreError: another folder holds an article of this id, or the entry does not fit together.
        """
        codes = checked_entry(entry, dim)
        article, new_digest = entry.article, digest(entry.article, entry.passages)
        live = self.known.get(article.id)
        held = self.before.roots[live["root"]] if live else ""
        if held and root and held != root:
            raise StoreError(
                f"{article.provenance.source} is already stored from {held}; the same file name under {root}"
                " would replace it. Rename one of them, or sync each folder into a store of its own"
            )
        made = [lying.passage_row(entry, place, code) for place, code in enumerate(codes)]
        kept = self._kept(entry, made)
        if live and (live["digest"], held) == (new_digest, root) and len(kept) == len(entry.passages):
            return
        stale = [row for row in self.passages.get(article.id, ()) if row["row"] not in kept.values()]
        self._retire(live, stale)
        version = self.before.version + 1 + sum(not row["part"] for row in self.new_articles)
        self.new_articles += lying.article_rows(entry, version, self.serial, self._root(root), new_digest)
        self._count(entry.article.provenance.publisher, 1)
        for passage in made:
            if passage["id"] not in kept:
                row = self.before.row + 1 + len(self.new_passages)
                self.new_passages.append({**passage, "row": row, "added": self.serial})
                self.words += passage["size"]

    def delete(self, article_id: str) -> None:
        """Remove one article; an unknown id changes nothing."""
        live = self.known.pop(article_id, None)
        self._retire(live, self.passages.pop(article_id, []))

    def _retire(self, live: Row | None, stale: Sequence[Row]) -> None:
        if live is not None:
            self.retired_versions.append(live["version"])
            self._count(live["publisher"][1:] if live["publisher"] else None, -1)
        self.retired_rows += [row["row"] for row in stale]
        self.words -= sum(row["size"] for row in stale)

    def _kept(self, entry: Entry, made: Sequence[Row]) -> dict[str, int]:
        """Passage id → row, of the entry's passages that are stored just so, embedding included."""
        live = self.known.get(entry.article.id)
        if live is None or lying.provenance(live).title != entry.article.provenance.title:
            return {}
        given = {row["id"]: row for row in made}
        return {
            row["id"]: row["row"]
            for row in self.passages.get(entry.article.id, ())
            if row["id"] in given and _is_same(row, given[row["id"]])
        }

    def _root(self, root: str) -> int:
        if root not in self.roots:
            self.roots.append(root)
        return self.roots.index(root)

    def _count(self, publisher: str | None, more: int) -> None:
        self.articles += more
        if publisher is not None:
            self.publishers[publisher] = self.publishers.get(publisher, 0) + more


def _is_same(stored: Row, given: Row) -> bool:
    if any(stored[name] != given[name] for name in KEPT if name not in ("row", "added", "embedding")):
        return False
    apart = np.abs(np.asarray(stored["embedding"], dtype=np.float32) - given["embedding"])
    return bool(apart.max(initial=0) <= SAME)
