"""A writer killed at any point: what it committed stays, what it did not is never seen, and the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import StoreMissingError
from index.store import create_store, open_store
from index.types import Store
from tests.index.store.corpus import ENCODER, entry

ROOT = Path(__file__).parents[2]
SUMMIT = ENCODER.encode_queries(["summit"])[0]


def killed(place: str, point: str) -> None:
    """Run the victim until it dies."""
    command = [sys.executable, "-m", "tests.milvus.victim", place, point]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def held(store: Store) -> dict[str, list[str]]:
    """Source → texts, read in every way there is; these must agree."""
    view = store.view()
    listed, total = view.articles(100)
    by_article = {one.source: [p.text for p in view.article_passages(id_)] for id_, one, _ in listed}
    found = view.passages([candidate.row for candidate in view.nearest(SUMMIT, 100)])
    assert sorted(p.text for p in found) == sorted(text for texts in by_article.values() for text in texts)
    assert len(found) == view.passage_count
    assert len(store.digests()) == total == view.article_count
    return by_article


BEFORE = {"a.txt": ["summit", "water"], "b.txt": ["minerals"]}
AFTER = {"a.txt": ["law", "trade"], "b.txt": ["minerals"], "new.txt": ["visit"]}


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ("nothing written", BEFORE),
        ("passages written", BEFORE),
        ("articles written", BEFORE),
        ("log written in part", BEFORE),
        ("committed", AFTER),
    ],
)
def test_a_commit_is_there_whole_or_not_at_all(
    milvus_place: str, point: str, expected: dict[str, list[str]]
) -> None:
    with create_store(milvus_place, ENCODER.key) as store:
        store.put([entry("a.txt", "summit", "water"), entry("b.txt", "minerals")], root="/corpus")
    killed(milvus_place, point)
    with open_store(milvus_place, ENCODER.key, read_only=True) as reader:
        assert held(reader) == expected
        assert reader.view().revision == (2 if expected is AFTER else 1)
    with open_store(milvus_place, ENCODER.key) as writer:  # the lock of the dead is taken over
        assert held(writer) == expected
        writer.put([entry("c.txt", "aircraft")])
        assert held(writer) == {**expected, "c.txt": ["aircraft"]}
        rows = [candidate.row for candidate in writer.view().nearest(SUMMIT, 100)]
        assert len(set(rows)) == len(rows)
    with open_store(milvus_place, ENCODER.key, read_only=True) as reader:
        assert held(reader) == {**expected, "c.txt": ["aircraft"]}


def test_a_store_that_was_not_made_to_its_end_is_made_again(milvus_place: str) -> None:
    killed(milvus_place, "made in part")
    with pytest.raises(StoreMissingError, match="not made to its end"):
        open_store(milvus_place, ENCODER.key)
    with create_store(milvus_place, ENCODER.key) as store:
        store.put([entry("a.txt", "summit")])
        assert held(store) == {"a.txt": ["summit"]}
