"""Another encoder beside the live one, on every engine: prepared, switched to, rolled back from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from index.errors import EncoderMismatchError, StoreError
from index.store import create_store, open_store
from index.types import Embeddings, EncoderKey, Passage, Store
from tests.index.store.corpus import ENCODER, entry
from tests.milvus.reading import soon

OTHER = EncoderKey("other", "1", 4)
SUMMIT = ENCODER.encode_queries(["summit"])[0]
AXIS = np.eye(4, dtype=np.float32)


def embed(passages: Sequence[Passage]) -> Embeddings:
    """The other encoder: its axis is the length of the text, modulo 4."""
    return AXIS[[len(passage.text) % 4 for passage in passages]]


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with create_store(place, ENCODER.key) as made:
        made.put([entry("a.txt", "summit", "water"), entry("b.txt", "law", "trade")])
        yield made


def rows(store: Store, embedding: Embeddings) -> list[int]:
    return [c.row for c in store.view().nearest(embedding, 9) if c.score > 0]


def test_the_prepared_set_answers_from_the_switch_on_in_one_revision(store: Store, place: str) -> None:
    steps: list[tuple[int, int]] = []
    before = store.view()
    candidate = store.prepare(OTHER, embed, lambda done, total: steps.append((done, total)))
    assert steps == [(4, 4)]
    assert rows(store, SUMMIT) == [1]
    assert (candidate.encoder_key, candidate.revision, store.view().revision) == (OTHER, 1, 1)
    assert [c.row for c in candidate.nearest(AXIS[1], 9) if c.score > 0] == [2, 4]
    assert store.switch(OTHER) == 2
    assert store.encoder_key == OTHER
    assert rows(store, AXIS[2]) == [1]
    assert [c.row for c in before.nearest(SUMMIT, 1)] == [1]
    assert [passage.text for passage in before.passages([1])] == ["summit"]
    store.close()
    with pytest.raises(EncoderMismatchError, match="SANAD_MODEL=other"):
        open_store(place, ENCODER.key)
    with open_store(place, OTHER) as again:
        assert rows(again, AXIS[2]) == [1]


def test_a_build_goes_on_where_it_stopped(store: Store, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store.embedded.BATCH", 3)
    monkeypatch.setattr("index.store.milvus.models.BATCH", 3)
    seen: list[str] = []

    def failing(passages: Sequence[Passage]) -> Embeddings:
        seen.extend(passage.text for passage in passages)
        if len(seen) > 3:
            raise RuntimeError("killed")
        return embed(passages)

    with pytest.raises(RuntimeError, match="killed"):
        store.prepare(OTHER, failing)
    with pytest.raises(StoreError, match="1 passages have no embedding"):
        store.switch(OTHER)
    store.close()
    with open_store(place, ENCODER.key) as again:
        seen.clear()
        again.prepare(OTHER, lambda passages: failing(passages[:1]))
        assert seen == ["trade"]
        assert again.switch(OTHER) == 2


def test_what_is_put_and_removed_meanwhile_is_caught_up_with(store: Store) -> None:
    store.prepare(OTHER, embed)
    store.put([entry("c.txt", "visit")])
    store.delete([entry("a.txt").article.id])
    with pytest.raises(StoreError, match="1 passages"):
        store.switch(OTHER)
    store.prepare(OTHER, embed)
    assert store.switch(OTHER) == 4
    assert rows(store, AXIS[1]) == [4, 5]
    assert rows(store, AXIS[2]) == []


def test_rolling_back_returns_to_the_encoder_before(store: Store) -> None:
    with pytest.raises(StoreError, match="no earlier model"):
        store.previous_key()
    store.prepare(OTHER, embed)
    store.switch(OTHER)
    assert store.previous_key() == ENCODER.key
    store.prepare(ENCODER.key, lambda passages: pytest.fail("nothing is to be embedded"))
    assert store.switch(ENCODER.key) == 3
    assert rows(store, SUMMIT) == [1]


def test_only_the_encoder_before_is_kept(store: Store) -> None:
    for revision in ("1", "2"):
        key = EncoderKey("other", revision, 4)
        store.prepare(key, embed)
        store.switch(key)
    assert store.previous_key() == OTHER
    with pytest.raises(StoreError, match="no embeddings of concepts"):
        store.switch(ENCODER.key)


def test_a_process_that_reads_with_the_old_encoder_goes_on_answering(
    store: Store, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        open_store(place, ENCODER.key, read_only=True) as bound,
        open_store(place, read_only=True) as free,
    ):
        store.prepare(OTHER, embed)
        store.switch(OTHER)
        store.put([replace(entry("c.txt", "visit"), embeddings=AXIS[1:2])])
        soon(free, 3)
        for _ in range(2):
            time.sleep(0.3)  # longer than a reader waits before it looks again
            assert (bound.view().revision, rows(bound, SUMMIT)) == (1, [1])
        told = [record.message for record in caplog.records if "goes on answering" in record.message]
        assert [message.endswith("revision 1 goes on answering") for message in told] == [True]
        assert free.encoder_key == OTHER
        assert rows(free, AXIS[2]) == [1]
        assert rows(free, AXIS[1]) == [2, 4, 5]


def test_an_encoder_that_gives_rubbish_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not a unit vector"):
        store.prepare(OTHER, lambda passages: np.zeros((len(passages), 4), dtype=np.float32))
    assert rows(store, SUMMIT) == [1]
