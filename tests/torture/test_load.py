"""Eight threads search while one writes: every answer is brute force's for the revision it names."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from index.duplicates import near, telling
from index.store.embedded import EmbeddedStore
from index.store.main_index import Tuning
from index.types import Embeddings, EncoderKey, Entry, View
from tests.index.store.corpus import entry, unit_rows
from tests.index.store.reference import numpy_nearest
from tests.torture.steps import DIM, KEYS, Expected, do, embed, follow

pytestmark = pytest.mark.torture

SECONDS = 120
THREADS = 8
K = 10


@cache
def direction(key: EncoderKey, text: str) -> Embeddings:
    """An encoder's embedding of a text, as float16 keeps it."""
    return embed(key, [text])[0]


class Truth:
    """What each revision holds, kept by the writer, asked by the searchers."""

    def __init__(self, base: list[str]) -> None:
        self._base, self._expected = base, Expected()
        self._held: dict[int, tuple[list[str], EncoderKey]] = {}

    def advance(self, revision: int, step: int | None = None) -> None:
        """Note what the revision that this step made holds."""
        if step is not None:
            self._expected = follow(self._expected, step)
        self._held[revision] = (self._base + self._expected.texts(), self._expected.key)

    def nearest(self, revision: int, query: Embeddings) -> list[tuple[str, float]]:
        """Texts and scores; waits until the writer has noted the revision that it has just made."""
        while revision not in self._held:
            time.sleep(0.001)
        texts, key = self._held[revision]
        rows = np.stack([direction(key, text) for text in texts]) if texts else np.zeros((0, DIM))
        return [(texts[row], score) for row, score in numpy_nearest(np.arange(len(texts)), rows, query, K)]


def base_article(number: int) -> Entry:
    """One of the articles that stay."""
    made = entry(f"base {number}", *(f"base {number}, {paragraph}" for paragraph in range(50)))
    return replace(made, embeddings=embed(KEYS[0], [passage.text for passage in made.passages]))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("kind", "articles", "tuning"),
    [("exact", 60, Tuning(fold_at=40)), ("compact", 0, Tuning(exact_below=120, fold_at=30))],
)
def test_eight_threads_search_what_one_writes(
    tmp_path: Path,
    kind: str,
    articles: int,
    tuning: Tuning,
    record_figure: Callable[[str, object], None],
) -> None:
    base = [base_article(number) for number in range(articles)]
    truth = Truth([passage.text for article in base for passage in article.passages])
    with EmbeddedStore.create(tmp_path / "store", KEYS[0], tuning) as store:
        truth.advance(store.put(base))
        until, took, errors = time.monotonic() + SECONDS, list[float](), list[BaseException]()
        threads = [
            threading.Thread(target=_search, args=(store, truth, until, number, took, errors))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        step = 0
        while time.monotonic() < until and not errors:
            do(store, step)
            truth.advance(store.view().revision, step)
            step += 1
        for thread in threads:
            thread.join()
        assert errors == []
        record_figure(
            f"searches against a writer, {kind} index",
            {
                "searches": len(took),
                "revisions": store.view().revision,
                "p50 ms": round(float(np.percentile(took, 50)) * 1000, 2),
                "p99 ms": round(float(np.percentile(took, 99)) * 1000, 2),
            },
        )


def _search(
    store: EmbeddedStore,
    truth: Truth,
    until: float,
    seed: int,
    took: list[float],
    errors: list[BaseException],
) -> None:
    chance = random.Random(seed)
    try:
        while time.monotonic() < until:
            query = unit_rows(1, DIM, chance.randrange(1000))[0]
            start = time.perf_counter()
            view = store.view()
            found = view.nearest(query, K)
            texts = [passage.text for passage in view.passages([candidate.row for candidate in found])]
            took.append(time.perf_counter() - start)
            assert _same(view, [candidate.row for candidate in found]) == _same_texts(texts)
            answer = [(text, candidate.score) for text, candidate in zip(texts, found, strict=True)]
            assert answer == truth.nearest(view.revision, query), f"revision {view.revision}"
    except BaseException as error:  # whatever it is, the test must tell
        errors.append(error)


def _same(view: View, rows: list[int]) -> list[list[bool]]:
    """Which of these passages say the same, as the store knows it."""
    contents = view.contents(rows)
    return [[o.number == c.number or o.number in c.near for o in contents] for c in contents]


def _same_texts(texts: list[str]) -> list[list[bool]]:
    """The same by comparing the texts."""
    told = [_told(text) for text in texts]
    return [[o.digest == t.digest or near(t, o) for o in told] for t in told]


_told = cache(telling)
