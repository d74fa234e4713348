"""What is read of a store at one of its states: rows that count, and never another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from index.errors import ArticleMissingError, StoreDamagedError
from index.store.milvus import rows as lying
from index.store.milvus.client import Client, Row, one_of, quoted
from index.store.milvus.duplicates import Contents
from index.store.milvus.log import State
from index.store.milvus.names import Names
from index.types import Article

BATCH = 500
"""Ids named in one request."""
REMEMBERED = 2048
"""Passages, without embeddings, that are not asked for again."""
THREADS = 8


class Memory:
    """What a process remembers of rows, which never change; and the threads that ask for several things at once."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.contents = Contents()
        self.counts: dict[tuple[tuple[str, float], ...], tuple[float, int, int]] = {}
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sanad-milvus")
        self._rows: OrderedDict[tuple[int, int], Row] = OrderedDict()
        self._remembered, self._lock = remembered, threading.Lock()

    def known(self, number: int, rows: Iterable[int]) -> dict[int, Row]:
        """Those of these rows of an embedding set that are remembered."""
        with self._lock:
            found = {}
            for row in rows:
                held = self._rows.get((number, row))
                if held is not None:
                    self._rows.move_to_end((number, row))
                    found[row] = held
            return found

    def keep(self, number: int, rows: Iterable[Row]) -> None:
        """Remember these."""
        with self._lock:
            for row in rows:
                self._rows[number, row["row"]] = row
            while len(self._rows) > self._remembered:
                self._rows.popitem(last=False)


@dataclass(frozen=True)
class Reading:
    """A store at one state. `gone_rows` and `gone_versions` were retired, but may still lie there."""

    client: Client
    names: Names
    state: State
    gone_rows: frozenset[int]
    gone_versions: frozenset[int]
    memory: Memory

    @cached_property
    def collection(self) -> str:
        """The passages that answer."""
        return self.names.passages(self.state.active)

    def at(self, guarantee: int) -> Reading:
        """The same, but sure to see only what was written before this time of Milvus'."""
        return replace(self, state=replace(self.state, guarantee=guarantee))

    def counts(self, row: Row) -> bool:
        """Whether a passage's row counts at this state."""
        return row["added"] <= self.state.serial and row["row"] not in self.gone_rows

    def passages_where(self, conditions: Sequence[str] = ()) -> str:
        """The condition that a passage counts, and meets these."""
        kept = [f"added <= {self.state.serial}"]
        if self.gone_rows:
            kept.append("not (" + one_of("row", sorted(self.gone_rows)) + ")")
        return " and ".join([*kept, *conditions])

    def heads_where(self, conditions: Sequence[str] = ()) -> str:
        """The condition that a row is the first part of a version that counts, and meets these."""
        return " and ".join(["part == 0", self._versions(), *conditions])

    def passages(self, found: Sequence[int]) -> list[Row]:
        """The passages at these rows, in that order. Raises: StoreDamagedError: one is not there."""
        wanted = dict.fromkeys(int(row) for row in found)
        number = self.state.active
        held = self.memory.known(number, wanted)
        for batch in batches(row for row in wanted if row not in held):
            fresh = self.client.rows(
                self.collection, one_of("row", batch), lying.PASSAGE, self.state.guarantee
            )
            held.update((row["row"], row) for row in self.kept(fresh))
        missing = [row for row in wanted if row not in held]
        if missing:
            raise StoreDamagedError(f"passage row {missing[0]} of {self.client.address} is missing")
        return [held[int(row)] for row in found]

    def kept(self, fresh: Sequence[Row]) -> list[Row]:
        """These passages as they were read, each with its text, remembered."""
        whole = [row if row["text"] else self._with_text(row) for row in fresh]
        self.memory.keep(self.state.active, whole)
        return whole

    def of_articles(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Row]:
        """The passages of these articles."""
        for batch in batches(ids):
            where = self.passages_where([one_of("article", batch)])
            for page in self.client.pages(self.collection, where, fields, "row", self.state.guarantee):
                yield from page

    def heads(self, ids: Sequence[str], fields: Sequence[str] = lying.HEAD) -> dict[str, Row]:
        """The first parts of these articles' versions; unknown ids are absent."""
        found = {}
        for batch in batches(ids):
            where = self.heads_where([one_of("id", batch)])
            for row in self.client.rows(self.names.articles, where, fields, self.state.guarantee):
                found[row["id"]] = row
        return found

    def all_heads(self, fields: Sequence[str], conditions: Sequence[str] = ()) -> Iterator[Row]:
        """The first parts of all articles, ordered by source."""
        where = self.heads_where(conditions)
        for page in self.client.pages(self.names.articles, where, fields, "key", self.state.guarantee):
            yield from page

    def article(self, article_id: str) -> Article:
        """The whole article. Raises: ArticleMissingError; StoreDamagedError: parts of it are missing."""
        where = f"id == {quoted(article_id)} and {self._versions()}"
        fields = ("key", "id", "part", "record", "body")
        pages = self.client.pages(self.names.articles, where, fields, "key", self.state.guarantee)
        parts = [row for page in pages for row in page]
        if not parts:
            raise ArticleMissingError(f"no article has the id {article_id}")
        try:
            if [row["part"] for row in parts] != list(range(len(parts))):
                raise ValueError("its parts are not those of one version")
            return lying.article(parts)
        except ValueError as error:
            raise StoreDamagedError(
                f"article {article_id} of {self.client.address} is damaged: {error}"
            ) from error

    def _versions(self) -> str:
        counting = f"added <= {self.state.serial}"
        if self.gone_versions:
            counting += " and not (" + one_of("version", sorted(self.gone_versions)) + ")"
        return counting

    def _with_text(self, row: Row) -> Row:
        """A passage that is longer than a field: its text is that of its article."""
        text = self.article(row["article"]).text[row["start"] : row["stop"]]
        return {**row, "text": text}


def batches(values: Iterable[object]) -> Iterator[list]:  # type: ignore[type-arg]
    """The values in lists that fit one request."""
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
