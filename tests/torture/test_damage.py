"""One flipped byte in every file of a store, one at a time: noticed or without effect, never a wrong answer."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from index.errors import StoreError
from index.store.embedded import EmbeddedStore
from index.store.repair import repair
from index.store.verify import verify
from index.types import Filters, View
from tests.index.store.corpus import ENCODER, entry
from tests.torture.steps import COPIES

pytestmark = pytest.mark.torture

FLIPS = 500
"""In a file of more bytes, so many are flipped, drawn at random, and its first 200; in a smaller one, all."""

QUESTIONS = ("summit", "water law", "طائرات", "trade visit minerals")
FILTERS = (
    Filters(),
    Filters(lang="ar"),
    Filters(publisher="Erem", date_from="2025-11-01"),
    Filters(source="1.txt"),
)


def fill(store: EmbeddedStore) -> None:
    """Six articles, one replaced, one removed."""
    for number in range(6):
        words = QUESTIONS[number % 4]
        store.put(
            [
                entry(
                    f"{number}.txt",
                    *(f"{words} passage {part} of {number} " + "and so on " * 9 for part in range(4)),
                    publisher="Erem" if number % 2 else None,
                    published_at=f"2025-1{number % 3}-09",
                    lang="ar" if number % 3 == 0 else "en",
                    heading="On water" if number == 2 else None,
                )
            ],
            root="/corpus",
        )
    store.put([entry("2.txt", "law", "trade", *COPIES)], root="/corpus")
    store.put([entry("7.txt", *COPIES[:2])], root="/corpus")
    store.delete([entry("3.txt").article.id])


def everything(folder: Path) -> list[object]:
    """All that a reader can be told."""
    with EmbeddedStore.open(folder, ENCODER.key, read_only=True) as store:
        view = store.view()
        told: list[object] = [view.passage_count, view.article_count, view.revision, view.publishers()]
        told += duplicates(view)
        for filters in FILTERS:
            told.append(view.articles(100, filters=filters))
            for question in QUESTIONS:
                found = view.nearest(ENCODER.encode_queries([question])[0], 5, filters)
                told += [(c.row, c.score) for c in found] + view.passages([c.row for c in found])
        for key in sorted(store.digests()):
            told += [view.article(key), passages := view.article_passages(key), view.provenance([key])]
            told += [view.passage(passage.id) for passage in passages]
            told += [(name, heading, row.tolist()) for name, (heading, row) in store.embeddings(key).items()]
        return told


def duplicates(view: View) -> list[object]:
    """Which passages say the same, or nearly: numbers are given anew, in the order of rows."""
    contents = view.contents(view.memory.alive().tolist())
    names = {
        number: name for name, number in enumerate(dict.fromkeys(content.number for content in contents))
    }
    return [(names[c.number], sorted(names[other] for other in c.near if other in names)) for c in contents]


def flips(size: int, count: int) -> Iterator[tuple[int, int]]:
    """Places and the bit that is flipped there."""
    chance = random.Random(size)
    places = range(size) if size <= count else sorted({*range(200), *chance.sample(range(size), count)})
    for place in places:
        yield place, 1 << chance.randrange(8)


def make(folder: Path, *, clean: bool) -> Path:
    """A store that was closed, or a copy of one that was not: its commits are still in the write-ahead log."""
    with EmbeddedStore.create(folder / "whole", ENCODER.key) as store:
        fill(store)
        if not clean:
            store.upkeep.fold()
            store.put([entry("9.txt", "the last words: summit", "water")])
            shutil.copytree(folder / "whole", folder / "killed")
            return folder / "killed"
    return folder / "whole"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("clean", "name", "times"),
    [
        (True, "sanad.db", 4),
        (True, "main-*.faiss", 1),
        (True, "words-*.npy", 1),
        (True, "head", 1),
        (True, "lock", 1),
        (False, "sanad.db", 1),
        (False, "sanad.db-wal", 1),
        (False, "sanad.db-shm", 1),
    ],
)
def test_a_flipped_byte_never_changes_an_answer_in_silence(
    tmp_path: Path, clean: bool, name: str, times: int, record_figure: Callable[[str, object], None]
) -> None:
    whole = make(tmp_path, clean=clean)
    right = everything(whole)
    (file,) = whole.glob(name)
    data, outcomes = file.read_bytes(), Counter[str]()
    victim = tmp_path / "victim"
    for place, bit in flips(len(data), times * FLIPS):
        shutil.copytree(whole, victim)
        damaged = bytearray(data)
        damaged[place] ^= bit
        (victim / file.name).write_bytes(damaged)
        outcomes[_outcome(victim, right, place)] += 1
        shutil.rmtree(victim)
    record_figure(f"flipped bytes in {name}{'' if clean else ' after a kill'}", dict(outcomes))


def _outcome(folder: Path, right: list[object], place: int) -> str:
    refused = False
    try:
        assert everything(folder) == right, f"a wrong answer: byte {place}"
    except StoreError:
        refused = True
    try:
        noticed = bool(verify(folder).damages)
    except StoreError:
        noticed = True
    assert noticed or not refused, f"byte {place} stops answers, but verify finds nothing"
    if not noticed:
        return "harmless"
    with suppress(StoreError):
        _, after = repair(folder)
        if not after.damages:
            return "noticed, repaired" + (" with all answers" if _answers_all(folder, right) else "")
    return "noticed"


def _answers_all(folder: Path, right: list[object]) -> bool:
    return everything(folder)[3:] == right[3:]
