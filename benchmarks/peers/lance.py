"""LanceDB, in the process: no index up to 50,000 passages, above that its default, refined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.peers.encoding import encode
from benchmarks.peers.given import STEP, Given, K, Rows

LABEL = "LanceDB"
WITHOUT = 50_000
"""Up to so many passages it is asked without an index: its documentation calls for one above some 100,000."""
REFINED = 10
"""Candidates scored anew by their vectors, a hit: what its documentation raises recall with."""


def build(given: Given) -> None:
    """A table, and above `WITHOUT` its default index (IVF_PQ) by cosine."""
    import lancedb
    import pyarrow as pa

    rows, texts = given.vectors(), given.texts()
    schema = pa.schema(
        [("id", pa.int64()), ("text", pa.string()), ("vector", pa.list_(pa.float32(), rows.shape[1]))]
    )

    def batches() -> Iterator[Any]:
        for start in range(0, len(texts), STEP):
            part = texts[start : start + STEP]
            flat = pa.array(rows[start : start + len(part)].reshape(-1))
            columns = [
                pa.array(range(start, start + len(part)), pa.int64()),
                pa.array(part),
                pa.FixedSizeListArray.from_arrays(flat, rows.shape[1]),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    table = lancedb.connect(given.store).create_table(
        "passages", pa.RecordBatchReader.from_batches(schema, batches())
    )
    if len(texts) > WITHOUT:
        table.create_index(metric="cosine")


class Open:
    """Its table."""

    def __init__(self, given: Given) -> None:
        import lancedb

        self._given = given
        self._table = lancedb.connect(given.store).open_table("passages")
        self._is_indexed = self._table.count_rows() > WITHOUT

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the nearest, their texts read too."""
        asked = self._table.search(query).metric("cosine").select(["id", "text", "_distance"]).limit(K)
        found = asked.refine_factor(REFINED) if self._is_indexed else asked
        return [int(one["id"]) for one in found.to_list()]

    def answer(self, question: str) -> Sequence[int]:
        """The question embedded, and the numbers of the nearest."""
        return self.nearest(encode(self._given.model, [question])[0])
