"""One revision of a store on Milvus: what a search reads, and nothing can change."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from index.store.milvus import matching, wording
from index.store.milvus import rows as lying
from index.store.milvus.client import MOST, PAGE, Row, one_of, quoted
from index.store.milvus.duplicates import Said
from index.store.milvus.filtering import conditions
from index.store.milvus.reading import REMEMBERED, Reading, batches
from index.store.scoring import cosines, direction
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

ANYTHING = Filters()
TIE = 2e-7
"""Cosines no further apart are the same: Milvus' last bits differ from one segment to the next."""
SPARE = 16
"""So many more than are wanted are asked for: rows that do not count any more may be among them, and ties."""
EF = 64
"""What HNSW looks at, at least; twice what is wanted, if that is more."""


class MilvusView:
    """One revision, immutable; all its methods may be called from any thread.

    It answers as long as it is the newest, and then for 50 seconds; `check` says whether it still does.
    """

    def __init__(self, reading: Reading, check: Callable[[int], None]) -> None:
        self._at, self._check = reading, check
        self._langs: dict[int, Lang] = {}
        self._cursors: dict[Filters, dict[int, str]] = {}
        self._lock = threading.Lock()

    @property
    def revision(self) -> int:
        return self._at.state.revision

    @property
    def passage_count(self) -> int:
        return self._at.state.passages

    @property
    def article_count(self) -> int:
        return self._at.state.articles

    @property
    def encoder_key(self) -> EncoderKey:
        """The encoder of its embeddings."""
        return self._at.state.key

    @property
    def without_words(self) -> str | None:
        """Why nothing can be searched by its words here, in one line fit for a user; None where it can."""
        if self._at.state.searchable:
            return None
        version = self._at.client.version
        why = (
            "this store was made by a Milvus that could not search by words; import an export of it into a new one"
            if version.has_words
            else f"Milvus {version.text} cannot search by words, 2.5 and later can"
        )
        return f"searched by meaning only (mode=semantic): {why}"

    def nearest(self, embedding: Embeddings, k: int, filters: Filters = ANYTHING) -> list[Candidate]:
        """The k passages of highest cosine that pass the filters, best first, ties by lower row.

        As exact as Milvus' index is; of more than 16 that tie for the last place, any may come. At most 16,368.
        Raises: StoreError: the embedding has another shape, or is zero or not finite.
        """
        query = direction(embedding, self.encoder_key.dim).astype(np.float32)
        if k < 1:
            return []
        at = self._reading()
        k = min(k, MOST - SPARE)
        limit = min(k + SPARE + min(len(at.gone_rows), k), MOST)
        asked = conditions(filters)
        found = self._nearest(at, query, limit, " and ".join(asked))
        kept = [(row, score) for row, score in found if at.counts(row)]
        if len(kept) < k and len(found) == limit:  # too much of what was found does not count
            kept = self._nearest(at, query, k + SPARE, at.passages_where(asked))
        self._learn([row for row, _ in kept])
        return _in_order({row["row"]: score for row, score in kept})[:k]

    def cosines(self, embedding: Embeddings, rows: Sequence[int]) -> list[float]:
        """The cosines of the passages at these rows, in that order: what `nearest` would score them.

        Raises: StoreError: the embedding has another shape, or is zero or not finite; a row is missing.
        """
        query, at = direction(embedding, self.encoder_key.dim), self._reading()
        found: dict[int, float] = {}
        for batch in batches(dict.fromkeys(int(row) for row in rows)):
            held = at.client.rows(
                at.collection, one_of("row", batch), ("row", "embedding"), at.state.guarantee
            )
            scores = cosines(lying.codes(held, self.encoder_key.dim), query)
            found.update((row["row"], float(score)) for row, score in zip(held, scores, strict=True))
        at.passages([row for row in rows if int(row) not in found])  # says which is missing
        return [found[int(row)] for row in rows]

    def matches(
        self,
        terms: Sequence[Term],
        phrases: Sequence[Sequence[str]] = (),
        filters: Filters = ANYTHING,
        *,
        k: int | None = None,
        near: Sequence[int] = (),
    ) -> Matches:
        """The `k` passages that pass the filters, hold every phrase and weigh most for the terms, and those among
        `near` that hold any; none where Milvus has no words.
        """
        if self.without_words is not None:
            return matching.NOTHING
        at = self._reading()
        return matching.matches(at, terms, phrases, conditions(filters), PAGE if k is None else k, near)

    def wordings(self, rows: Sequence[int]) -> list[tuple[str, frozenset[int]]]:
        """Of the passages at these rows, in that order: the article's id and the distinct words as numbers."""
        found = self._reading().passages(rows)
        texts = [wording.fields(row["words"])[0] for row in found]
        return [
            (row["article"], frozenset(zlib.crc32(word.encode()) for word in text))
            for row, text in zip(found, texts, strict=True)
        ]

    def contents(self, rows: Sequence[int]) -> list[Content]:
        """What the passages at these rows say, in that order; near-duplicates among them and those read lately."""
        at = self._reading()
        return at.memory.contents.of(
            [Said.of(row["article"], row["said"], row["bands"], row["text"]) for row in at.passages(rows)]
        )

    def langs(self, rows: Sequence[int]) -> list[Lang]:
        """The languages of the passages at these rows, in that order."""
        found = {row: self._langs[row] for row in rows if row in self._langs}
        unknown = [row for row in rows if row not in found]
        found.update(zip(unknown, (row["lang"] for row in self._reading().passages(unknown)), strict=True))
        return [found[row] for row in rows]

    def spellings(self, skeletons: Sequence[str]) -> list[str]:
        """The words of the corpus whose consonants these are (see `index.names`), in order; at most 16,384."""
        at = self._reading()
        if not skeletons:
            return []
        found = at.client.rows(
            at.names.words, one_of("skeleton", list(skeletons)), ("word",), at.state.guarantee
        )
        return sorted(row["word"] for row in found)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages at these rows, in that order. Raises: StoreDamagedError: a row is missing."""
        return [lying.passage(row) for row in self._reading().passages(rows)]

    def passage(self, passage_id: str) -> Passage | None:
        """The passage of this id, None when this revision has none."""
        at = self._reading()
        where = at.passages_where([f"id == {quoted(passage_id)}"])
        found = at.client.rows(at.collection, where, ("row",), at.state.guarantee, limit=1)
        return self.passages([row["row"] for row in found])[0] if found else None

    def provenance(self, article_ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance by article id; unknown ids are absent."""
        heads = self._reading().heads(list(dict.fromkeys(article_ids)), ("id", "record"))
        return {id_: lying.provenance(heads[id_]) for id_ in dict.fromkeys(article_ids) if id_ in heads}

    def article(self, article_id: str) -> Article:
        """The whole article. Raises: ArticleMissingError."""
        return self._reading().article(article_id)

    def article_passages(self, article_id: str) -> list[Passage]:
        """The passages of an article in order; empty for an unknown id."""
        at = self._reading()
        found = sorted(row["row"] for row in at.of_articles([article_id], ("row",)))
        made = [lying.passage(row) for row in at.passages(found)]
        return sorted(made, key=lambda passage: passage.paragraph)

    def articles(
        self, limit: int, offset: int = 0, filters: Filters = ANYTHING
    ) -> tuple[list[tuple[str, Provenance, int]], int]:
        """A page of `(article id, provenance, passage count)` ordered by source, and the number of all that pass."""
        at, asked = self._reading(), conditions(filters)
        total = at.state.articles
        if asked:
            total = at.client.count(at.names.articles, at.heads_where(asked), at.state.guarantee)
        if limit < 1 or offset >= total:
            return [], total
        found: list[Row] = []
        after = self._cursor(at, filters, offset)
        where, fields = at.heads_where(asked), ("key", "id", "record", "passages")
        for page in at.client.pages(
            at.names.articles, where, fields, "key", at.state.guarantee, after, min(limit, PAGE)
        ):
            found += page
            if len(found) >= limit:
                break
        found = found[:limit]
        if found:
            self._remember(filters, offset + len(found), quoted(found[-1]["key"]))
        return [(row["id"], lying.provenance(row), row["passages"]) for row in found], total

    def publishers(self) -> dict[str, int]:
        """How many articles each publisher has, most first, then by name."""
        return dict(sorted(self._at.state.publishers.items(), key=lambda one: (-one[1], one[0])))

    def _reading(self) -> Reading:
        self._check(self._at.state.serial)
        return self._at

    def _nearest(self, at: Reading, query: Any, limit: int, where: str) -> list[tuple[Row, float]]:
        params = {"metric_type": "COSINE", "params": {"ef": max(EF, 2 * limit)}}
        fields = ("row", "added", "lang")
        return at.client.nearest(
            at.collection, "embedding", query, limit, fields, at.state.guarantee, where=where, params=params
        )

    def _learn(self, rows: Sequence[Row]) -> None:
        """Remember the languages of what was just found: they are asked for next."""
        if len(self._langs) > REMEMBERED:
            self._langs = {}
        self._langs = {**self._langs, **{row["row"]: row["lang"] for row in rows}}

    def _cursor(self, at: Reading, filters: Filters, offset: int) -> str:
        """The key, as a literal, of the article before the one at this place; empty for the first place."""
        with self._lock:
            known = self._cursors.get(filters, {})
            place = max((place for place in known if place <= offset), default=0)
            after = known.get(place, "")
        where = at.heads_where(conditions(filters))
        while place < offset:
            step = min(offset - place, PAGE)
            page = next(
                at.client.pages(at.names.articles, where, ("key",), "key", at.state.guarantee, after, step),
                [],
            )
            if not page:
                break
            place, after = place + len(page), quoted(page[-1]["key"])
            self._remember(filters, place, after)
        return after

    def _remember(self, filters: Filters, place: int, key: str) -> None:
        with self._lock:
            if len(self._cursors) > 64:
                self._cursors.clear()
            self._cursors.setdefault(filters, {})[place] = key


def _in_order(scores: dict[int, float]) -> list[Candidate]:
    """Rows by their scores, best first; those of a tie have the same score, and come by lower row."""
    best = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    tied: list[Candidate] = []
    for row, score in best:
        is_tie = bool(tied) and tied[-1].score - score <= TIE
        tied.append(Candidate(row, tied[-1].score if is_tie else score))
    return sorted(tied, key=lambda one: (-one.score, one.row))
