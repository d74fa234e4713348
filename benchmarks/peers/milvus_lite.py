"""milvus-lite, in the process, through its client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.encoding import encode
from benchmarks.peers.given import Given, K, Rows

LABEL = "milvus-lite"
STEP = 1000


def _client(given: Given) -> Any:
    from pymilvus import MilvusClient

    given.store.mkdir(exist_ok=True)
    return MilvusClient(str(given.store / "passages.db"))


def build(given: Given) -> None:
    """A collection as its quick start makes it: an index of its choosing, by cosine."""
    rows, texts, client = given.vectors(), given.texts(), _client(given)
    client.create_collection("passages", dimension=rows.shape[1], metric_type="COSINE", auto_id=False)
    for start in range(0, len(texts), STEP):
        client.insert(
            "passages",
            [
                {"id": start + place, "vector": row.tolist(), "text": text}
                for place, (row, text) in enumerate(
                    zip(rows[start : start + STEP], texts[start : start + STEP], strict=True)
                )
            ],
        )
    client.flush("passages")
    client.close()


class Open:
    """Its collection, loaded."""

    def __init__(self, given: Given) -> None:
        self._given, self._client = given, _client(given)
        self._client.load_collection("passages")

    def nearest(self, query: Rows) -> Sequence[int]:
        """The numbers of the nearest, their texts read too."""
        found = self._client.search("passages", data=[query.tolist()], limit=K, output_fields=["text"])
        return [int(hit["id"]) for hit in found[0]]

    def answer(self, question: str) -> Sequence[int]:
        """The question embedded, and the numbers of the nearest."""
        return self.nearest(encode(self._given.model, [question])[0])
