"""Another encoder for a store on Milvus: a second collection of passages is filled beside the live one, then named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from index.errors import StoreError
from index.store.exchange import Embed
from index.store.milvus import rows as lying
from index.store.milvus import schema
from index.store.milvus.client import STRONGLY, Client, one_of
from index.store.milvus.log import EmbeddingSet, State
from index.store.milvus.names import Names
from index.store.milvus.reading import Reading
from index.store.writing import checked_codes
from index.types import EncoderKey

if TYPE_CHECKING:
    from index.store.milvus.store import MilvusStore
    from index.store.milvus.writer import Writer

BATCH = 256
"""Passages embedded and written in one step."""
COPIED = (*lying.PASSAGE, *lying.FILTERED)


class Models:
    """The embedding sets of a store that is open for writing."""

    def __init__(self, store: MilvusStore, client: Client, names: Names) -> None:
        self._store, self._client, self._names = store, client, names

    def prepare(self, key: EncoderKey, embed: Embed, progress: Callable[[int, int], None] | None) -> State:
        """The state in which a set of this encoder, complete, would answer.

        Passages that were put meanwhile are embedded in another round; those that are gone are removed from the set.
        """
        number = self._numbered(key)
        while True:
            with self._store.writing() as writer:
                reading, guarantee = self._store.reading(), self._seen(writer, number)
            done = reading.state.passages - self._lacking(reading, number, guarantee)
            if done == reading.state.passages:
                return replace(
                    reading.state, active=number, guarantee=max(guarantee, reading.state.guarantee)
                )
            for batch in self._missing(reading, number, guarantee):
                self._fill(reading, number, key, batch, embed)
                done += len(batch)
                if progress:
                    progress(done, max(done, reading.state.passages))

    def switch(self, writer: Writer, key: EncoderKey) -> int:
        """Let this encoder's set answer from now on; the revision that it does from."""
        base = writer.base
        number = base.numbered(key)
        if number is None:
            raise StoreError(f"no embeddings of {key.id} have been prepared")
        if number == base.active:
            return base.revision
        guarantee = self._seen(writer, number)
        lacking = self._lacking(self._store.reading(), number, guarantee)
        if lacking:
            raise StoreError(
                f"{lacking} passages have no embedding of the new encoder yet; embed them, then switch"
            )
        kept = tuple(one for one in base.sets if one.number in (number, base.active))
        state = replace(
            base,
            serial=base.serial + 1,
            revision=base.revision + 1,
            sets=kept,
            active=number,
            previous=base.active,
            guarantee=max(guarantee, base.guarantee),
        )
        revision = writer.commit(state)
        schema.point(self._client, self._names.base, self._names.passages(number))
        schema.point(self._client, self._names.previous, self._names.passages(base.active))
        for one in base.sets:
            if one not in kept:
                self._client.ask("drop_collection", self._names.passages(one.number))
        return revision

    def _numbered(self, key: EncoderKey) -> int:
        """The number of this encoder's set, made and committed if there is none."""
        with self._store.writing() as writer:
            base = writer.base
            number = base.numbered(key)
            if number is None:
                number = max(one.number for one in base.sets) + 1
                passages = self._names.passages(number)
                schema.make_passages(self._client, passages, key.dim, words=base.searchable)
                sets = (*base.sets, EmbeddingSet(number, key))
                writer.commit(replace(base, serial=base.serial + 1, sets=sets))
        schema.load(self._client, [self._names.passages(number)])
        return number

    def _seen(self, writer: Writer, number: int) -> int:
        """A time of Milvus' that is later than all that was written to a set, which is there to be read by then."""
        self._client.count(self._names.passages(number), "row > 0", STRONGLY)
        return writer.lock.now()

    def _lacking(self, reading: Reading, number: int, guarantee: int) -> int:
        """How many passages have no embedding in a set; those in it that count no more are removed."""
        lacking, stale = 0, list[int]()
        for row, is_stale in self._apart(reading, number, guarantee):
            lacking += not is_stale
            stale += [row] * is_stale
        for start in range(0, len(stale), BATCH):
            self._client.delete(self._names.passages(number), one_of("row", stale[start : start + BATCH]))
        return lacking

    def _missing(self, reading: Reading, number: int, guarantee: int) -> Iterator[list[int]]:
        """The rows that a set lacks, in batches."""
        batch: list[int] = []
        for row, is_stale in self._apart(reading, number, guarantee):
            if not is_stale:
                batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _apart(self, reading: Reading, number: int, guarantee: int) -> Iterator[tuple[int, bool]]:
        """The rows that only the live set has and, as True, those that only the other has; ascending."""
        live = self._rows(reading.collection, reading.passages_where(), reading.state.guarantee)
        held = self._rows(self._names.passages(number), "row > 0", guarantee)
        one, two = next(live, None), next(held, None)
        while one is not None or two is not None:
            if two is None or (one is not None and one < two):
                assert one is not None  # or both would be None
                yield one, False
                one = next(live, None)
            elif one is None or two < one:
                yield two, True
                two = next(held, None)
            else:
                one, two = next(live, None), next(held, None)

    def _rows(self, collection: str, where: str, guarantee: int) -> Iterator[int]:
        for page in self._client.pages(collection, where, ("row",), "row", guarantee):
            yield from (row["row"] for row in page)

    def _fill(self, reading: Reading, number: int, key: EncoderKey, batch: list[int], embed: Embed) -> None:
        """Add these passages to a set. Put, not added: a batch may be there from an attempt whose answer was lost."""
        stored = self._client.rows(reading.collection, one_of("row", batch), COPIED, reading.state.guarantee)
        passages = [lying.passage(row) for row in reading.kept(stored)]
        codes = checked_codes(embed(passages), len(passages), key.dim, f"passages from row {batch[0]}")
        made = [{**row, "embedding": code} for row, code in zip(stored, codes.astype("float32"), strict=True)]
        with self._store.writing():
            self._client.upsert(self._names.passages(number), made)
