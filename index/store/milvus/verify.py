"""What is damaged in a store on Milvus, found by reading all of it, and what can be set right."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from index.errors import StoreDamagedError
from index.identity import article_id, digest
from index.store.milvus import rows as lying
from index.store.milvus.client import STRONGLY, Row
from index.store.milvus.log import State
from index.store.milvus.reading import Reading
from index.store.milvus.store import MilvusStore
from index.store.milvus.writing import KEPT
from index.store.records import from_codes
from index.store.verify import Damage, Verification
from index.store.writing import NORM_TOLERANCE
from index.types import Article, Entry

NUMBERED = ("row", "added", "embedding")
"""What a passage's row has that does not follow from its article."""


class Inspection:
    """What one reading of a store found: its `damages`, the articles they are of, and the counts as they are."""

    def __init__(self, store: MilvusStore, progress: Callable[[int, int], None] | None = None) -> None:
        self._store, self._reading = store, store.reading().at(STRONGLY)
        self.damages: list[Damage] = []
        self.damaged: list[str] = []
        self._articles = self._passages = self._words = 0
        self._publishers: Counter[str] = Counter()
        for done, head in enumerate(self._reading.all_heads(lying.HEAD), start=1):
            self._inspect(head)
            if progress:
                progress(done, self._reading.state.articles)
        self._compare()

    def verification(self) -> Verification:
        """What was read and what of it is damaged."""
        return Verification(self._reading.state.revision, self._articles, self._passages, tuple(self.damages))

    def repair(self) -> None:
        """Withdraw the articles that are damaged; the next sync of their folder brings them back. Count anew."""
        if self.damaged:
            self._store.delete(self.damaged)
        counted = Inspection(self._store)
        with self._store.writing() as writer:
            state = counted._counted(writer.base)
            if state != writer.base:
                writer.commit(replace(state, serial=state.serial + 1, at=time.time()))

    def _inspect(self, head: Row) -> None:
        rows = sorted(
            self._reading.of_articles([head["id"]], KEPT), key=lambda row: (row["paragraph"], row["row"])
        )
        self._articles += 1
        self._passages += len(rows)
        self._words += sum(row["size"] for row in rows)
        self._publishers.update([head["publisher"][1:]] if head["publisher"] else [])
        for what in _wrong(self._reading, head, rows):
            self.damages.append(Damage(f"article {head['id']}: {what}", "withdraw"))
            self.damaged.append(head["id"])
            return

    def _compare(self) -> None:
        """The counts with what was committed; rows that belong to no article are counted too."""
        state, reading = self._reading.state, self._reading
        counted = self._counted(state)
        for name in ("articles", "passages", "words", "publishers"):
            if getattr(counted, name) != getattr(state, name):
                self.damages.append(Damage(f"the store counts other {name} than were committed", "recount"))
        held = reading.client.count(reading.collection, reading.passages_where(), STRONGLY)
        if held != self._passages:
            self.damages.append(Damage(f"{held - self._passages} passages are of no article", "none"))

    def _counted(self, state: State) -> State:
        return replace(
            state,
            articles=self._articles,
            passages=self._passages,
            words=self._words,
            publishers=dict(self._publishers),
        )


def _wrong(reading: Reading, head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """What does not hold of an article and its passages: all that is derived is derived again."""
    try:
        article = reading.article(head["id"])
    except StoreDamagedError as error:
        yield str(error)
        return
    if article_id(article.provenance.source) != article.id:
        yield f"its id is not that of its source {article.provenance.source}"
    if len(rows) != head["passages"]:
        yield f"it has {len(rows)} passages, {head['passages']} were put"
    entry = _entry(article, rows, reading.state.key.dim)
    if digest(article, entry.passages) != head["digest"]:
        yield "it is not what was put: its digest differs"
    norms = np.linalg.norm([row["embedding"] for row in rows], axis=1) if rows else np.ones(0)
    if (~(np.abs(norms - 1) <= NORM_TOLERANCE)).any():
        yield "an embedding is no unit vector"
        return
    for place, row in enumerate(rows):
        made = lying.passage_row(entry, place, lying.codes([row], reading.state.key.dim)[0])
        differing = [name for name in KEPT if name not in NUMBERED and made[name] != row[name]]
        if differing:
            yield f"passage {row['id']}: its {differing[0]} does not follow from its text"


def _entry(article: Article, rows: Sequence[Row], dim: int) -> Entry:
    whole = [
        row if row["text"] else {**row, "text": article.text[row["start"] : row["stop"]]} for row in rows
    ]
    passages = tuple(lying.passage(row) for row in whole)
    return Entry(article, passages, from_codes(lying.codes(rows, dim)))
