"""Checkpoints, folding, purging: what happens behind the readers' backs and must never show."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.store import upkeep
from index.store.compact_index import CompactIndex
from index.store.embedded import EmbeddedStore
from index.store.exact_index import ExactIndex
from index.store.main_index import MainIndex, Tuning
from index.types import EncoderKey, Filters
from tests.index.store.corpus import clustered_rows, random_entry, unit_rows
from tests.index.store.reference import numpy_nearest

EVERYTHING = Filters()
DIM = 64
KEY = EncoderKey("random", "1", DIM)
SMALL = Tuning(exact_below=1600, fold_at=256)


def fill(store: EmbeddedStore, count: int, seed: int = 0, size: int = 50, at_once: int = 1) -> np.ndarray:
    """Put articles of `size` random passages each, some `at_once`; their embeddings."""
    rows = clustered_rows(count, DIM, seed)
    entries = [
        random_entry(f"{seed}/{start}", rows[start : start + size], lang="ar" if start // size % 2 else "en")
        for start in range(0, count, size)
    ]
    for start in range(0, len(entries), at_once):
        store.put(entries[start : start + at_once])
    return rows


def settled(store: EmbeddedStore) -> EmbeddedStore:
    store.upkeep.join()
    return store


def top(
    store: EmbeddedStore, query: np.ndarray, k: int = 10, filters: Filters = EVERYTHING
) -> list[tuple[int, float]]:
    return [(c.row, c.score) for c in store.view().nearest(query, k, filters)]


def brute(rows: np.ndarray, query: np.ndarray, k: int = 10) -> list[tuple[int, float]]:
    """What NumPy says, rows numbered from 1."""
    return numpy_nearest(np.arange(1, len(rows) + 1), rows, query, k)


def test_fresh_passages_are_folded_and_answers_stay_exact(tmp_path: Path) -> None:
    query = unit_rows(1, DIM, 99)[0]
    with EmbeddedStore.create(tmp_path, KEY, Tuning(fold_at=256)) as store:
        rows = fill(store, 900)
        assert top(settled(store), query) == brute(rows, query)
        memory = store.view().memory
        assert isinstance(memory.main, ExactIndex)
        assert len(memory.main) >= 256
        assert len(memory.fresh) < 256 + 50


def test_what_is_written_while_a_fold_is_under_way_is_folded_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, fold = threading.Event(), upkeep.folding.folded

    def slow(*given: Any) -> MainIndex:
        assert written.wait(60)
        return fold(*given)

    monkeypatch.setattr(upkeep.folding, "folded", slow)
    with EmbeddedStore.create(tmp_path, KEY, Tuning(fold_at=256)) as store:
        fill(store, 900)
        assert len(store.view().memory.fresh) == 900
        written.set()
        assert len(settled(store).view().memory.main) == 900


def test_closing_leaves_a_checkpoint_that_opening_uses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    query = unit_rows(1, DIM, 99)[0]
    with EmbeddedStore.create(tmp_path, KEY) as store:
        rows = fill(store, 300)
    assert [path.name for path in tmp_path.glob("main-*")] == ["main-1-6.faiss"]
    with EmbeddedStore.open(tmp_path, KEY) as store:
        assert (len(store.view().memory.main), len(store.view().memory.fresh)) == (300, 0)
        assert top(store, query) == brute(rows, query)
    assert [path.name for path in tmp_path.glob("main-*")] == ["main-1-6.faiss"]
    assert not caplog.records


@pytest.mark.parametrize("damage", ["missing", "flipped", "short", "foreign", "no words"])
def test_a_damaged_checkpoint_is_rebuilt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    query = unit_rows(1, DIM, 99)[0]
    with EmbeddedStore.create(tmp_path, KEY) as store:
        rows = fill(store, 300)
    (path,) = tmp_path.glob("main-*")
    data = bytearray(path.read_bytes())
    if damage == "no words":
        next(tmp_path.glob("words-*")).write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "short":
        path.write_bytes(data[:100])
    else:
        path.write_bytes(b"not an index")
    for read_only in (True, False):
        with EmbeddedStore.open(tmp_path, KEY, read_only=read_only) as store:
            assert top(store, query) == brute(rows, query)
    assert "rebuilt" in caplog.text
    caplog.clear()
    with EmbeddedStore.open(tmp_path, KEY) as store:
        assert top(store, query) == brute(rows, query)
    assert not caplog.records


def test_beyond_exact_search_the_index_is_compact_and_recalls(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path, KEY, SMALL) as store:
        rows = fill(store, 2000, at_once=8)
        settled(store)
        assert isinstance(store.view().memory.main, CompactIndex)
        queries = clustered_rows(50, DIM, 7)
        found = [{row for row, _ in top(store, query)} for query in queries]
        wanted = [{row for row, _ in brute(rows, query)} for query in queries]
        assert sum(len(a & b) for a, b in zip(found, wanted, strict=True)) >= 0.98 * 500
        scores = dict(brute(rows, queries[0], 2000))
        assert all(scores[row] == score for row, score in top(store, queries[0]))
    with EmbeddedStore.open(tmp_path, KEY, tuning=SMALL) as store:
        assert isinstance(store.view().memory.main, CompactIndex)
        assert [{row for row, _ in top(store, query)} for query in queries[:9]] == found[:9]


def test_narrow_filters_on_a_compact_index_are_exact(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path, KEY, SMALL) as store:
        rows = fill(store, 2000, at_once=8)
        store.put([random_entry("rare", unit_rows(3, DIM, 5), publisher="Rare")])
        settled(store)
        query = unit_rows(1, DIM, 8)[0]
        assert {row for row, _ in top(store, query, filters=Filters(publisher="Rare"))} == {2001, 2002, 2003}
        source = top(store, query, filters=Filters(source="0/150"))
        assert source == [(row + 150, score) for row, score in brute(rows[150:200], query)]


def test_what_is_removed_is_folded_away_and_purged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "GRACE_S", -1.0)
    query = unit_rows(1, DIM, 99)[0]
    with EmbeddedStore.create(tmp_path, KEY) as store:
        rows = fill(store, 400)
        held = store.view()
        gone = [random_entry(f"0/{start}", rows[:1]).article.id for start in range(0, 200, 50)]
        store.delete(gone)
        before = [(c.row, c.score) for c in held.nearest(query, 10)]
        store.upkeep.fold()
        assert before == [(c.row, c.score) for c in held.nearest(query, 10)] == brute(rows, query)
        assert len(held.passages([row for row, _ in before])) == 10
        assert store.view().state.purged == 0  # `held` needs what was removed
        del held
        store.upkeep.fold()
        assert store.view().state.purged == 9
        with store._revisions.reading() as connection:
            assert connection.execute("SELECT count(*) FROM passage").fetchone() == (200,)
            assert connection.execute("SELECT count(*) FROM embedding_1").fetchone() == (200,)
        assert top(store, query) == [(row + 200, score) for row, score in brute(rows[200:], query)]


def test_a_compact_index_grows_and_forgets(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path, KEY, SMALL) as store:
        rows = fill(store, 2000, at_once=8)
        settled(store)
        fill(store, 600, seed=1, at_once=3)
        settled(store)
        store.delete([random_entry(f"1/{start}", rows[:1]).article.id for start in range(0, 600, 50)])
        store.upkeep.fold()
        query = rows[1234]
        assert top(store, query, k=1) == brute(rows, query, k=1) == [(1235, 1.0)]
        assert all(row <= 2000 for row, _ in top(store, unit_rows(1, DIM, 3)[0], k=100))


def test_a_reading_process_folds_for_itself(tmp_path: Path) -> None:
    query = unit_rows(1, DIM, 99)[0]
    with (
        EmbeddedStore.create(tmp_path, KEY) as writer,
        EmbeddedStore.open(tmp_path, KEY, read_only=True, tuning=SMALL) as reader,
    ):
        rows = fill(writer, 600)
        assert top(reader, query) == brute(rows, query)
        assert len(settled(reader).view().memory.main) == 600
        assert top(reader, query) == brute(rows, query)


def test_what_a_checkpoint_holds_is_used_where_it_lies(tmp_path: Path) -> None:
    query = unit_rows(1, DIM, 99)[0]
    with EmbeddedStore.create(tmp_path, KEY) as store:
        rows = fill(store, 300)
    with EmbeddedStore.open(tmp_path, KEY, read_only=True) as reader:
        memory = reader.view().memory
        assert isinstance(memory.main, ExactIndex)
        assert lies_in(tmp_path / "main-1-6.faiss", memory.main.codes)
        assert all(lies_in(tmp_path / "words-6.npy", part.segment.places) for part in memory.postings.parts)
        with EmbeddedStore.open(tmp_path, KEY) as writer:
            writer.put([random_entry("more", unit_rows(3, DIM, 5))])
        assert [path.name for path in tmp_path.glob("main-*")] == ["main-1-7.faiss"]
        assert [(c.row, c.score) for c in reader._revisions.newest.nearest(query, 10)] == brute(rows, query)


def lies_in(file: Path, array: np.ndarray) -> bool:
    """Whether an array's first byte is in this process's map of a file."""
    address = array.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < end:
            return line.endswith(str(file))
    return False
