"""Nothing that is held out is trained on."""

from __future__ import annotations

import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from training.config import Config, Data
from training.heldout import Held, fold, shingles

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "training/data/written_queries.jsonl.xz"


def given() -> Config:
    """The configuration over the real data. Skips where it does not lie beside the repository."""
    config = Config()
    if not config.data.judged.exists() or not config.data.folder.exists():
        pytest.skip("the data is not here: it lies outside the repository")
    return config


def test_spelling_does_not_hide_an_overlap() -> None:
    held = Held(frozenset(shingles("قال الرئيس إن القمة ستعقد في المدينة القديمة غدا صباحا", 10)), 10)
    assert held.overlaps("وأضاف: قالَ الرئيسُ ان القمه ستعقد في المدينه القديمه غداً صباحاً.")
    assert not held.overlaps("قال الرئيس إن القمة لن تعقد في المدينة القديمة غدا صباحا")


def test_shingles_of_a_short_text_are_the_text() -> None:
    assert list(shingles("A small TEXT", 10)) == ["a small text"]
    assert fold("ﻻ") == "لا"


def test_the_written_passages_overlap_no_development_text() -> None:
    held = Held.read(given())
    with lzma.open(WRITTEN, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    texts = [row[name] for row in rows for name in ("passage", "query_en", "query_ar", "digest_en")]
    assert len(rows) == 5_914
    assert [text for text in texts if held.overlaps(text)] == []


@pytest.mark.slow
def test_nothing_that_is_trained_on_overlaps_a_development_text() -> None:
    from training import data

    config = given()
    held = Held.read(config)
    passages = [j.passage for j in data.judged_passages(config)]
    paragraphs = [p for a in data.articles(config) for p in a.paragraphs]
    sentences = [text for p in data.sentence_pairs(config) for text in (p.known, p.added)]
    assert [text for text in passages + paragraphs + sentences if held.overlaps(text)] == []


@pytest.mark.slow
def test_held_names_and_questions_are_in_no_training_text() -> None:
    from training import data
    from training.heldout import held_names

    config = given()
    trained = data.name_pairs(config)
    held = held_names(config)
    assert len(held) == config.data.held_names
    assert {fold(k) for k, _ in held} & {fold(p.known) for p in trained} == set()
    assert {fold(a) for _, a in held} & {fold(p.added) for p in trained} == set()
    asked = data.tydi_questions(config)[: config.data.held_questions]
    assert {q for q, _ in asked} & {q for q, _ in data.known_questions(config)} == set()


def test_the_overlap_test_reads_the_configured_folders(tmp_path: Path) -> None:
    config = Config(data=replace(Data(), folder=tmp_path, judged=tmp_path))
    with pytest.raises(FileNotFoundError):
        Held.read(config)
