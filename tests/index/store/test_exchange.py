"""Exports: the same bytes for the same corpus, and all of it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import StoreError
from index.store.embedded import EmbeddedStore
from index.store.exchange import exported, imported
from tests.index.store.corpus import ENCODER, entry

ENTRIES = [
    entry(
        "b.txt",
        "قمة آسيا",
        "summit\u2028talks",
        heading="العنوان",
        publisher="إرم",
        published_at="2025-11-09",
    ),
    entry("a.txt", "water", "law"),
]


def embed(passages):  # type: ignore[no-untyped-def]
    return ENCODER.encode_queries([passage.text for passage in passages])


def test_an_export_is_stable_and_comes_back_whole(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path / "one", ENCODER.key) as one:
        one.put([ENTRIES[0]], root="/corpus")
        one.put([entry("z.txt", "trade"), ENTRIES[1]])
        one.delete([entry("z.txt").article.id])
        lines = list(exported(one))
        digests, roots = one.digests(), one.roots()
    with EmbeddedStore.create(tmp_path / "two", ENCODER.key) as two:
        assert imported(two, lines, embed) == 2
        assert list(exported(two)) == lines
        assert (two.digests(), two.roots()) == (digests, roots)
        assert imported(two, lines, embed) == 2
        assert two.view().revision == 2
    assert len(lines) == 3
    assert '"source": "a.txt"' in lines[1]
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{}"], "line 1 .*: an export starts with"),
        (["not json"], "line 1"),
        (['{"format": "sanad-export", "version": 1}', "{}"], "line 2 .* no field .provenance"),
    ],
)
def test_what_is_no_export_is_refused_by_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with EmbeddedStore.create(tmp_path, ENCODER.key) as store, pytest.raises(StoreError, match=message):
        imported(store, lines, embed)
