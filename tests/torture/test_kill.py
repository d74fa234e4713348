"""SIGKILL, again and again: what was acknowledged is there, nothing else is, and the store is whole."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from index.duplicates import near, telling
from index.store.embedded import EmbeddedStore
from index.store.verify import verify
from tests.index.store.corpus import unit_rows
from tests.index.store.reference import numpy_nearest
from tests.torture.steps import DIM, KEYS, Expected, embed, follow
from tests.torture.victim import POINTS, TUNING, live

pytestmark = pytest.mark.torture

AT_RANDOM = 140
AT_EACH_POINT = 10


@pytest.mark.timeout(3600)
def test_nothing_is_lost_to_200_kills(tmp_path: Path, record_figure: Callable[[str, object], None]) -> None:
    folder, chance = tmp_path / "store", random.Random(4)
    EmbeddedStore.create(folder, KEYS[0], TUNING).close()
    plan: list[str | None] = [None] * AT_RANDOM + [point for point in POINTS for _ in range(AT_EACH_POINT)]
    chance.shuffle(plan)
    expected, step, kills, outcomes = Expected(), 0, Counter[str](), Counter[str]()
    for number, point in enumerate(plan):
        before = _revision(folder)
        journal = tmp_path / f"journal-{number}"
        killed = _run(folder, journal, step, point, chance)
        done = [
            tuple(map(int, line.split())) for line in journal.read_text().split("\n") if line[:1].isdigit()
        ]
        for made, _ in done:
            expected = follow(expected, made)
        acknowledged = done[-1][1] if done else before
        step = done[-1][0] + 1 if done else step
        if killed:
            kills[point or "at random"] += 1
        stored = _stored(folder)
        assert stored.revision in (acknowledged, acknowledged + 1), (number, point)
        if _matches(stored, expected):
            outcomes["the step in flight left nothing"] += 1
        else:
            expected = follow(expected, step)
            step += 1
            assert _matches(stored, expected), (number, point)
            outcomes["the step in flight was whole"] += 1
        assert verify(folder).damages == (), (number, point)
        _check_answers(folder, expected, number)
        _check_duplicates(stored)
        journal.unlink()
    assert sum(kills.values()) >= 200
    assert set(kills) == {"at random", *POINTS}
    record_figure("kills survived", {**kills, "all": sum(kills.values()), "steps done": step, **outcomes})


def _run(folder: Path, journal: Path, step: int, point: str | None, chance: random.Random) -> bool:
    """Let a process live until it dies at the point, or at random; whether it was killed."""
    journal.touch()
    process = CONTEXT.Process(
        target=live, args=(folder, journal, step, step + 60, point, chance.randint(0, 3))
    )
    process.start()
    if point is None:
        while process.is_alive() and not journal.read_bytes():
            time.sleep(0.001)
        time.sleep(chance.random() * 0.5)
        process.kill()
    process.join()
    if point is not None and process.exitcode == 0:
        return False  # the point was not passed often enough in these steps
    assert process.exitcode in (-9, 0), f"the process failed by itself at {point}"
    return process.exitcode == -9


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.torture.victim"])


class _Stored:
    """What a reopened store holds."""

    def __init__(self, store: EmbeddedStore) -> None:
        view = store.view()
        self.revision, self.key = view.revision, store.encoder_key
        self.rows = dict(zip(view.memory.alive().tolist(), _all(view), strict=True))
        self.contents = dict(zip(self.rows, view.contents(list(self.rows)), strict=True))
        self.texts = sorted(passage.text for passage in self.rows.values())
        self.ids = sorted(store.digests())
        page, total = view.articles(1000)
        assert total == len(page) == view.article_count == len(self.ids)
        assert sum(count for _, _, count in page) == view.passage_count == len(self.rows)


def _all(view):  # type: ignore[no-untyped-def]
    return view.passages(view.memory.alive().tolist())


def _stored(folder: Path) -> _Stored:
    with EmbeddedStore.open(folder, read_only=True, tuning=TUNING) as store:
        return _Stored(store)


def _revision(folder: Path) -> int:
    with EmbeddedStore.open(folder, read_only=True, tuning=TUNING) as store:
        return store.view().revision


def _matches(stored: _Stored, expected: Expected) -> bool:
    return (stored.texts, stored.key) == (expected.texts(), expected.key)


def _check_duplicates(stored: _Stored) -> None:
    """Which passages say the same, or nearly, is known of all of them and of no others."""
    told = {row: telling(passage.text) for row, passage in stored.rows.items()}
    for one, other in combinations(stored.rows, 2):
        first, second, same = (
            stored.contents[one],
            stored.contents[other],
            told[one].digest == told[other].digest,
        )
        assert (first.number == second.number) == same
        assert (second.number in first.near) == (first.number in second.near)
        assert (second.number in first.near) == (not same and near(told[one], told[other]))


def _check_answers(folder: Path, expected: Expected, seed: int) -> None:
    """Scores come from the embeddings that each text has by the live encoder."""
    query = unit_rows(1, DIM, seed)[0]
    with EmbeddedStore.open(folder, read_only=True, tuning=TUNING) as store:
        view = store.view()
        rows = view.memory.alive()
        if not len(rows):
            return
        texts = [passage.text for passage in view.passages(rows.tolist())]
        wanted = dict(numpy_nearest(rows, embed(expected.key, texts), query, len(rows)))
        found = view.nearest(query, len(rows))
        assert {c.row: c.score for c in found} == wanted
        assert np.all(np.diff([c.score for c in found]) <= 0)
