"""One writer at a time among machines that know nothing of each other's processes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from index.errors import StoreError, StoreLockedError
from index.store import create_store, open_store
from index.types import Store
from tests.index.store.corpus import ENCODER, entry


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from index.store.milvus import lock

    monkeypatch.setattr(lock, "SIGN_S", 0.2)
    monkeypatch.setattr(lock, "PATIENCE_S", 3.0)


@pytest.fixture
def elsewhere(milvus_place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that is open for writing in a process of another machine, as far as this one can tell."""
    from index.store.milvus import lock

    with monkeypatch.context() as there:
        there.setattr(lock, "_space", lambda: "another machine")
        opened = create_store(milvus_place, ENCODER.key)
    with opened:
        yield opened


def test_a_holder_that_gives_signs_of_life_keeps_the_lock(elsewhere: Store, milvus_place: str) -> None:
    began = time.monotonic()
    with pytest.raises(StoreLockedError, match="is being written by"):
        open_store(milvus_place, ENCODER.key)
    assert time.monotonic() - began < 60
    assert elsewhere.put([entry("a.txt", "summit")]) == 1


def test_a_holder_that_gives_none_loses_it_and_cannot_write_any_more(
    elsewhere: Store, milvus_place: str
) -> None:
    elsewhere._writer.lock._stopped.set()  # type: ignore[attr-defined] # as a machine that is suspended
    with open_store(milvus_place, ENCODER.key) as other:
        with pytest.raises(StoreLockedError, match="lost the right to write"):
            elsewhere.put([entry("a.txt", "summit")])
        assert other.put([entry("b.txt", "law")]) == 1
        with pytest.raises(StoreLockedError, match="lost the right to write"):
            elsewhere.delete([entry("b.txt").article.id])
        assert (other.view().revision, other.view().article_count) == (1, 1)


def test_the_lock_is_let_go_with_the_store(milvus_place: str) -> None:
    create_store(milvus_place, ENCODER.key).close()
    for number in (1, 2):
        with open_store(milvus_place, ENCODER.key) as store:
            assert store.put([entry(f"{number}", "summit")]) == number


def test_a_write_that_failed_half_way_is_cleared_before_the_next(
    milvus_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is away for a moment while articles are written: nothing of them is seen, nor gets in the way."""
    from index.store.milvus.client import Client

    real = Client.insert

    def failing(self: Client, collection: str, rows: list[dict[str, object]]) -> int:
        if collection.endswith("_articles"):
            raise StoreError("the server is away")
        return real(self, collection, rows)

    with create_store(milvus_place, ENCODER.key) as store:
        store.put([entry("a.txt", "summit")])
        with monkeypatch.context() as away:
            away.setattr(Client, "insert", failing)
            with pytest.raises(StoreError, match="away"):
                store.put([entry("a.txt", "water"), entry("b.txt", "law")])
        assert store.view().passage_count == 1
        assert store.put([entry("b.txt", "trade")]) == 2
        view = store.view()
        found = view.nearest(ENCODER.encode_queries(["summit"])[0], 10)
        assert [passage.text for passage in view.passages([one.row for one in found])] == ["summit", "trade"]
        assert found[1].row == 4  # two numbers were used by what never was
