"""Another encoder in an embedded store, beyond the contract (tests/milvus/test_models.py): what lies in the folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import StoreError
from index.store.embedded import EmbeddedStore
from index.store.verify import verify
from index.types import Embeddings, EncoderKey, Passage
from tests.index.store.corpus import ENCODER, entry

OTHER = EncoderKey("other", "1", 4)
SUMMIT = ENCODER.encode_queries(["summit"])[0]
AXIS = np.eye(4, dtype=np.float32)


def embed(passages: Sequence[Passage]) -> Embeddings:
    """The other encoder: its axis is the length of the text, modulo 4."""
    return AXIS[[len(passage.text) % 4 for passage in passages]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.create(tmp_path, ENCODER.key) as made:
        made.put([entry("a.txt", "summit", "water"), entry("b.txt", "law", "trade")])
        yield made


def rows(store: EmbeddedStore, embedding: Embeddings) -> list[int]:
    return [c.row for c in store.view().nearest(embedding, 9) if c.score > 0]


def test_a_store_is_whole_after_the_switch(store: EmbeddedStore, tmp_path: Path) -> None:
    store.prepare(OTHER, embed)
    assert verify(tmp_path).damages == ()
    store.switch(OTHER)
    assert verify(tmp_path).damages == ()


def test_only_the_set_before_is_kept(store: EmbeddedStore) -> None:
    old = store.view()
    for revision in ("1", "2"):
        key = EncoderKey("other", revision, 4)
        store.prepare(key, embed)
        store.switch(key)
    with store._revisions.reading() as connection:
        assert connection.execute("SELECT number FROM embedding_set").fetchall() == [(2,), (3,)]
    with pytest.raises(StoreError, match="take a new view"):
        old.passages([1])


def test_a_process_that_reads_with_the_old_encoder_goes_on_answering(
    store: EmbeddedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        EmbeddedStore.open(tmp_path, ENCODER.key, read_only=True) as bound,
        EmbeddedStore.open(tmp_path, read_only=True) as free,
    ):
        store.prepare(OTHER, embed)
        store.switch(OTHER)
        store.put([replace(entry("c.txt", "visit"), embeddings=AXIS[1:2])])
        assert [(bound.view().revision, rows(bound, SUMMIT)) for _ in range(2)] == [(1, [1])] * 2
        assert [record.message.endswith("revision 1 goes on answering") for record in caplog.records] == [
            True
        ]
        assert free.view().encoder_key == OTHER
        assert rows(free, AXIS[2]) == [1]
