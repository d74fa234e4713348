"""Another encoder beside the live one: prepared, switched to, rolled back from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.errors import EncoderMismatchError, StoreError
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


def test_the_prepared_set_does_not_answer_before_the_switch(store: EmbeddedStore) -> None:
    steps: list[tuple[int, int]] = []
    candidate = store.prepare(OTHER, embed, lambda done, total: steps.append((done, total)))
    assert steps == [(4, 4)]
    assert rows(store, SUMMIT) == [1]
    assert (candidate.encoder_key, candidate.revision) == (OTHER, 1)
    assert [c.row for c in candidate.nearest(AXIS[1], 9) if c.score > 0] == [2, 4]
    assert store.view().revision == 1


def test_the_switch_is_one_revision_and_views_before_it_stay(store: EmbeddedStore, tmp_path: Path) -> None:
    before = store.view()
    store.prepare(OTHER, embed)
    assert store.switch(OTHER) == 2
    assert store.encoder_key == OTHER
    assert rows(store, AXIS[2]) == [1]
    assert [c.row for c in before.nearest(SUMMIT, 1)] == [1]
    assert [passage.text for passage in before.passages([1])] == ["summit"]
    store.close()
    with pytest.raises(EncoderMismatchError, match="SANAD_MODEL=other"):
        EmbeddedStore.open(tmp_path, ENCODER.key)
    with EmbeddedStore.open(tmp_path, OTHER) as again:
        assert rows(again, AXIS[2]) == [1]
    assert verify(tmp_path).damages == ()


def test_a_build_goes_on_where_it_stopped(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.embedded.BATCH", 3)
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
    with EmbeddedStore.open(tmp_path, ENCODER.key) as again:
        seen.clear()
        again.prepare(OTHER, lambda passages: failing(passages[:1]))
        assert seen == ["trade"]
        assert again.switch(OTHER) == 2


def test_what_is_put_meanwhile_must_be_embedded_too(store: EmbeddedStore) -> None:
    store.prepare(OTHER, embed)
    store.put([entry("c.txt", "visit")])
    with pytest.raises(StoreError, match="1 passages"):
        store.switch(OTHER)
    store.prepare(OTHER, embed)
    assert store.switch(OTHER) == 3
    assert rows(store, AXIS[1]) == [2, 4, 5]


def test_rolling_back_returns_to_the_encoder_before(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="no earlier model"):
        store.previous_key()
    store.prepare(OTHER, embed)
    store.switch(OTHER)
    assert store.previous_key() == ENCODER.key
    store.prepare(ENCODER.key, lambda passages: pytest.fail("nothing is to be embedded"))
    assert store.switch(ENCODER.key) == 3
    assert rows(store, SUMMIT) == [1]


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


def test_an_encoder_that_gives_rubbish_is_refused(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="not a unit vector"):
        store.prepare(OTHER, lambda passages: np.zeros((len(passages), 4), dtype=np.float32))
    assert rows(store, SUMMIT) == [1]
