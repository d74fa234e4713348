"""The words of the corpus, so that a name can be looked for by its consonants. Words are never removed."""

from __future__ import annotations

from collections.abc import Sequence

from index.names import skeleton
from index.store.milvus import wording
from index.store.milvus.client import EVENTUALLY, Client, Row, one_of
from index.store.milvus.names import NO_VECTOR, Names
from index.store.milvus.reading import batches

MOST = 2_000_000
"""Words that a writer remembers to be there."""


class Vocabulary:
    """Adds the words of new passages; for one writer."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client, self._names = client, names
        self._known: set[str] = set()

    def add(self, passages: Sequence[Row]) -> None:
        """Add the words of these, those that are there already aside; one that nothing names is no use to anyone."""
        tokens = {token for row in passages for line in wording.fields(row["words"]) for token in line}
        words = set(map(wording.word_of, tokens))
        unknown = sorted(word for word in words - self._known if skeleton(word))
        for batch in batches(unknown):
            there = self._client.rows(self._names.words, one_of("word", batch), ("word",), EVENTUALLY)
            held = {row["word"] for row in there}
            fresh = [
                {"word": word, "skeleton": skeleton(word), "vector": NO_VECTOR}
                for word in batch
                if word not in held
            ]
            if fresh:
                self._client.insert(self._names.words, fresh)
        if len(self._known) > MOST:
            self._known.clear()
        self._known |= words
