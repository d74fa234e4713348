"""A store on Milvus beside one in a folder: writing, how soon it is seen, opening, searching, recall.

`python -m benchmarks.milvus milvus://127.0.0.1:19530/measured` makes a store of that name and leaves it there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.texts import PER_ARTICLE, article, questions
from index.encoder import load_encoder
from index.identity import article_id, passage_id
from index.search import Searcher
from index.store import create_store, open_store
from index.sync import encode_passages
from index.types import Article, Embeddings, Encoder, Entry, Mode, Passage, Provenance, Query, Store

STEP = 32
"""Articles put at one time: 512 passages, as `sanad sync` does."""
QUESTIONS, SINGLES, K = 100, 20, 10


def entries(encoder: Encoder, passages: int) -> list[list[Entry]]:
    """Articles with their embeddings, in steps."""
    steps = []
    for first in range(0, passages // PER_ARTICLE, STEP):
        numbers = range(first, min(first + STEP, passages // PER_ARTICLE))
        cut = [_cut(*article(number)) for number in numbers]
        rows = encode_passages(encoder, [passage for _, found in cut for passage in found])
        parts = np.split(rows, np.cumsum([len(found) for _, found in cut])[:-1])
        steps.append([Entry(one, found, part) for (one, found), part in zip(cut, parts, strict=True)])
    return steps


def _cut(name: str, texts: tuple[str, ...]) -> tuple[Article, tuple[Passage, ...]]:
    id_, starts = article_id(name), np.cumsum([0, *(len(text) + 2 for text in texts)]).tolist()
    passages = tuple(
        Passage(passage_id(id_, text, 0), id_, place, start, start + len(text), text, "ar")
        for place, (text, start) in enumerate(zip(texts, starts, strict=False), start=1)
    )
    return Article(id_, Provenance(name, "0" * 64, name, "ar"), "\n\n".join(texts)), passages


def figures(place: str, encoder: Encoder, steps: list[list[Entry]]) -> Iterator[tuple[str, str]]:
    """What was measured of a new store at this place, and how much it is."""
    passages = sum(len(entry.passages) for step in steps for entry in step)
    with create_store(place, encoder.key) as store:
        took = [_seconds(lambda step=step: store.put(step)) for step in steps]  # type: ignore[misc]
        yield "passages written a second", f"{passages / sum(took):,.0f}"
        yield f"a step of {STEP * PER_ARTICLE} passages", f"{1000 * np.median(took):.0f} ms"
        with open_store(place, encoder.key, read_only=True) as reader:
            alone, seen = _singles(store, reader, encoder)
        yield "one article put again, changed", f"{1000 * alone:.0f} ms"
        yield "… seen by another process", f"{1000 * seen:.0f} ms after that"
    yield (
        "open for reading",
        f"{_seconds(lambda: open_store(place, encoder.key, read_only=True).close()):.2f} s",
    )
    yield "open for writing", f"{_seconds(lambda: open_store(place, encoder.key).close()):.2f} s"
    with open_store(place, encoder.key, read_only=True) as store:
        yield from _searches(store, encoder, steps)


def _singles(store: Store, reader: Store, encoder: Encoder) -> tuple[float, float]:
    """Median seconds of a put of one article, and until another store has a view of it that answers."""
    query = encoder.encode_queries(["water"])[0]
    times = []
    for number in range(SINGLES):
        name, texts = article(0)
        one, passages = _cut(name, (f"{number} {texts[0]}", *texts[1:]))
        entry = Entry(one, passages, encode_passages(encoder, passages))
        began = time.perf_counter()
        revision = store.put([entry])
        put = time.perf_counter()
        while (view := reader.view()).revision < revision:
            time.sleep(0.002)
        view.nearest(query, K)
        times.append((put - began, time.perf_counter() - put))
    alone, seen = np.median(times, axis=0)
    return float(alone), float(seen)


def _searches(store: Store, encoder: Encoder, steps: list[list[Entry]]) -> Iterator[tuple[str, str]]:
    asked = questions(QUESTIONS, store.view().passage_count)
    queries = encoder.encode_queries(asked)
    yield "encode a question", _spread(lambda n: encoder.encode_queries([asked[n]]))
    yield f"the {K} nearest", _spread(lambda n: store.view().nearest(queries[n], K))
    searcher = Searcher(store, encoder)
    modes: tuple[Mode, ...] = ("semantic",) if store.view().without_words else ("semantic", "hybrid")
    for mode in modes:
        yield f"a {mode} search", _spread(lambda n, mode=mode: searcher.search(Query(asked[n], mode=mode)))  # type: ignore[misc]
    yield f"recall@{K} against exact search", f"{_recall(store, queries, steps):.3f}"


def _recall(store: Store, queries: Embeddings, steps: list[list[Entry]]) -> float:
    """The share of the truly nearest, ties aside: whatever scores as well counts as found. The article that was put
    again is left out.
    """
    kept = [entry for step in steps for entry in step][1:]
    ids = [passage.id for entry in kept for passage in entry.passages]
    exact = np.concatenate([entry.embeddings for entry in kept]) @ queries.T
    shares, view = [], store.view()
    for place, query in enumerate(queries):
        best = {ids[row] for row in np.argsort(-exact[:, place], kind="stable")[:K]}
        found = view.passages([candidate.row for candidate in view.nearest(query, K + PER_ARTICLE)])
        shares.append(len(best & {passage.id for passage in found}) / K)
    return float(np.mean(shares))


def _spread(run: Callable[[int], object]) -> str:
    run(0)
    times = [1000 * _seconds(lambda n=n: run(n)) for n in range(QUESTIONS)]  # type: ignore[misc]
    return f"p50 {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms"


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="the address of a store that is not there yet")
    parser.add_argument("--passages", type=int, default=10_000)
    wanted = parser.parse_args()
    encoder = load_encoder()
    steps = entries(encoder, wanted.passages)
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            list(figures(place, encoder, steps)) for place in (str(Path(folder) / "store"), wanted.store)
        ]
    sys.stdout.write(f"| {wanted.passages:,} passages | in a folder | on Milvus |\n| --- | --: | --: |\n")
    held = [dict(table) for table in tables]
    for name in dict.fromkeys(name for table in tables for name, _ in table):
        sys.stdout.write(f"| {name} | {' | '.join(table.get(name, '–') for table in held)} |\n")


if __name__ == "__main__":
    main()
