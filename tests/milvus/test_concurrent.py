"""A reader among upserts and deletes: each of its views is one revision, whole, whatever is written meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from index.store import create_store, open_store
from index.types import Entry, Filters, Store
from tests.index.store.corpus import ENCODER, entry

ARTICLES, COMMITS = 6, 12
SUMMIT = ENCODER.encode_queries(["summit"])[0]


def generation(number: int) -> list[Entry]:
    """All articles as they are in one revision: each has as many passages as the number says, and names it."""
    texts = [f"summit {place} of generation{number}" for place in range(1 + number % 4)]
    return [entry(f"{name}.txt", *texts, publisher=f"generation{number}") for name in range(ARTICLES)]


@contextmanager
def read_meanwhile(place: str) -> Iterator[list[tuple[int, int]]]:
    """Looks at the newest view again and again; revision and generation of each look."""
    seen: list[tuple[int, int]] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def look(reader: Store) -> None:
        while not stop.is_set() and not failures:
            try:
                seen.append(checked(reader))
            except BaseException as error:
                failures.append(error)

    with open_store(place, ENCODER.key, read_only=True) as reader:
        thread = threading.Thread(target=look, args=(reader,))
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()
    assert not failures, failures[0]


def checked(reader: Store) -> tuple[int, int]:
    """The view's revision and the generation of all that it holds; all of it must agree."""
    view = reader.view()
    found = view.nearest(SUMMIT, 100)
    passages = view.passages([candidate.row for candidate in found])
    ids = [entry(f"{name}.txt").article.id for name in range(ARTICLES)]
    provenance = view.provenance(ids)
    listed, total = view.articles(100)
    generations = {passage.text.rpartition("generation")[2] for passage in passages}
    generations |= {one.publisher.removeprefix("generation") for one in provenance.values() if one.publisher}
    assert len(generations) == 1, f"revision {view.revision} mixes {generations}"
    (number,) = map(int, generations)
    wanted = {passage.id for one in generation(number) for passage in one.passages}
    if len(provenance) == ARTICLES:  # none is deleted
        assert {passage.id for passage in passages} == wanted
        assert len(passages) == view.passage_count == len(wanted)
    else:
        assert (len(provenance), view.passage_count) == (ARTICLES - 1, len(passages))
    assert (len(listed), total, view.article_count) == (len(provenance),) * 3
    publisher = Filters(publisher=f"generation{number}")
    assert len(view.nearest(SUMMIT, 100, publisher)) == len(passages)
    assert sum(count for _, _, count in listed) == len(passages)
    assert view.publishers() == {f"generation{number}": len(provenance)}
    return view.revision, number


def test_every_view_is_one_revision(milvus_place: str) -> None:
    with create_store(milvus_place, ENCODER.key) as writer:
        writer.put(generation(0))
        with read_meanwhile(milvus_place) as seen:
            for number in range(1, COMMITS):
                before = len(seen)
                writer.put(generation(number))
                writer.delete([entry("0.txt").article.id])
                while len(seen) < before + 2:  # each generation is looked at
                    assert threading.active_count() > 1
    assert [revision for revision, _ in seen] == sorted(revision for revision, _ in seen)
    assert all((revision - 1) // 2 in (number - 1, number) for revision, number in seen)
    assert len({number for _, number in seen}) > COMMITS // 2


@pytest.mark.parametrize("grace", [0.0])
def test_what_no_view_needs_is_swept(
    milvus_place: str, grace: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that count no more are deleted, log entries that say nothing too; an old view says that it is too old."""
    from index.store.milvus import following, schema, sweeping
    from index.store.milvus.address import parse
    from index.store.milvus.client import STRONGLY, Client

    monkeypatch.setattr(sweeping, "GRACE_S", grace)
    monkeypatch.setattr(sweeping, "ENTRIES", 1)
    with create_store(milvus_place, ENCODER.key) as writer:
        writer.put(generation(0))
        old = writer.view()
        for number in range(1, 5):
            writer.put(generation(number))
        monkeypatch.setattr(following, "VALID_S", 0.0)
        with pytest.raises(Exception, match="take a new view"):
            old.passages([1])
        monkeypatch.undo()
        assert checked(writer) == (5, 4)
    client = Client.open(parse(milvus_place))
    try:
        name = parse(milvus_place).name
        schema.load(client, [f"{name}_passages_1", f"{name}_articles", f"{name}_log"])
        # The last two generations: what the last commit retired is announced with the next.
        assert client.count(f"{name}_passages_1", "row > 0", STRONGLY) == (4 + 1) * ARTICLES
        assert client.count(f"{name}_articles", "part == 0", STRONGLY) == 2 * ARTICLES
        assert client.count(f"{name}_log", "serial >= 0", STRONGLY) <= 4
    finally:
        client.close()
    with open_store(milvus_place, ENCODER.key, read_only=True) as reader:
        assert checked(reader) == (5, 4)
