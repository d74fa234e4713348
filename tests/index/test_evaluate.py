"""Judged questions become measures, intervals, comparisons and a picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.compare import compare
from index.errors import ReadError
from index.evaluate import Evaluation, evaluate, interval, load_questions
from index.plot import plot
from index.relevance import Calibration
from index.search import Searcher
from index.store.embedded import EmbeddedStore
from index.translation import Translations
from tests.index.store.corpus import ENCODER, entry


@pytest.fixture
def searcher(tmp_path: Path) -> Iterator[Searcher]:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as store:
        store.put([entry("news/a.txt", "summit", "summit minerals", "water")])
        store.put([entry("news/b.txt", "قمة", lang="ar"), entry("c.txt", "trade visit law")])
        yield Searcher(store, ENCODER, translations=Translations({}), calibration=Calibration())


def questions(folder: Path, *records: dict[str, object]) -> Path:
    file = folder / "questions.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in records) + "\n")
    return file


def ask(folder: Path, searcher: Searcher, *records: dict[str, object]) -> Evaluation:
    return evaluate(load_questions(questions(folder, *records)), searcher, "semantic")


MINERALS = {
    "id": "1",
    "lang": "en",
    "query": "summit",
    "relevant": [{"file": "a.txt", "contains": "minerals"}],
}


def test_measures_by_hand(tmp_path: Path, searcher: Searcher) -> None:
    # Ranked: summit and قمة with cosine 1 (rows 1 and 4), then "summit minerals" third.
    measured = ask(tmp_path, searcher, MINERALS)
    (pair, overall) = measured.rows
    assert (pair.pair, pair.questions, overall.pair) == ("en→en", 1, "all")
    assert {name: value.mean for name, value in pair.measures.items()} == pytest.approx(
        {"nDCG@10": 1 / np.log2(4), "Recall@1": 0, "Recall@5": 1, "Recall@10": 1, "MRR@10": 1 / 3}
    )
    assert measured.questions["1"].pair == "en→en"


def test_pairs_are_told_apart_and_what_nothing_answers_is_counted(tmp_path: Path, searcher: Searcher) -> None:
    across = {
        "id": "2",
        "lang": "en",
        "query": "summit",
        "relevant": [{"file": "news/b.txt", "contains": "قمة"}],
    }
    nothing = {"id": "3", "lang": "en", "query": "bread", "relevant": []}
    measured = ask(tmp_path, searcher, MINERALS, across, nothing)
    assert [(row.pair, row.questions) for row in measured.rows] == [("en→ar", 1), ("en→en", 1), ("all", 2)]
    assert (measured.unanswerable, measured.told_apart, measured.unresolved) == (1, None, ())


def test_an_answer_that_is_not_stored_is_a_miss_and_named(tmp_path: Path, searcher: Searcher) -> None:
    measured = ask(tmp_path, searcher, {**MINERALS, "relevant": ["nowhere"]})
    assert measured.unresolved == ("1",)
    assert measured.rows[-1].measures["nDCG@10"].mean == 0


def test_how_many_were_rightly_called_answerable(tmp_path: Path, searcher: Searcher) -> None:
    searcher.calibration = Calibration(answers={"semantic/en-en": [-5.0, 10.0, 0, 0, 0, 0, 0, 0]})
    bread = {"id": "3", "lang": "en", "query": "bread", "relevant": []}
    law = {"id": "4", "lang": "en", "query": "law", "relevant": [{"file": "c.txt", "contains": "law"}]}
    # summit scores 1, bread 0, law 1/√3 = .577: all three are called rightly.
    assert ask(tmp_path, searcher, MINERALS, bread, law).told_apart == 1.0
    water = {"id": "5", "lang": "en", "query": "water", "relevant": []}
    assert ask(tmp_path, searcher, bread, water).told_apart == 0.5


def test_grades_weigh(tmp_path: Path, searcher: Searcher) -> None:
    graded = {
        **MINERALS,
        "relevant": [
            {"file": "a.txt", "contains": "minerals", "grade": 3},
            {"file": "c.txt", "contains": "law", "grade": 1},
        ],
    }
    gain = 3 / np.log2(4) + 1 / np.log2(5 + 1)  # ranks 3 and 5: "water" has the lower row at cosine 0
    ideal = 3 / np.log2(2) + 1 / np.log2(3)
    assert ask(tmp_path, searcher, graded).rows[-1].measures["nDCG@10"].mean == pytest.approx(gain / ideal)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no question"),
        ('{"id": 1}', "line 1 is not a judged question"),
        ("not json", "line 1 is not a judged question"),
        ('{"id": 1, "lang": "en", "query": "x", "relevant": []}\n' * 2, "the same question id twice"),
    ],
)
def test_what_is_not_judged_questions_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(text)
    with pytest.raises(ReadError, match=said):
        load_questions(file)


def test_an_interval_holds_its_mean_and_is_reproducible() -> None:
    values = [0.0, 0.5, 1.0, 1.0]
    one = interval(values)
    assert one.mean == 0.625
    assert one.low < one.mean < one.high
    assert interval(values) == one
    assert (interval([0.5]).low, interval([0.5]).high) == (0.5, 0.5)


def evaluation(tmp_path: Path, searcher: Searcher) -> Evaluation:
    return ask(tmp_path, searcher, MINERALS, {**MINERALS, "id": "2", "query": "minerals"})


def test_a_comparison_is_question_by_question(tmp_path: Path, searcher: Searcher) -> None:
    one = evaluation(tmp_path, searcher)
    worse = {
        id_: replace(scores, measures={name: value - 0.25 for name, value in scores.measures.items()})
        for id_, scores in one.questions.items()
    }
    (pair, overall) = compare(one, replace(one, questions=worse))
    assert (pair.pair, overall.pair, overall.questions) == ("en→en", "all", 2)
    assert pair.measures["nDCG@10"].mean == pytest.approx(0.25)
    assert pair.measures["nDCG@10"].low == pytest.approx(0.25)
    assert pair.p == 0.0
    same = compare(one, one)[-1]
    assert (same.measures["nDCG@10"].mean, same.p) == (0.0, 1.0)


def test_the_plot_is_an_svg_with_a_bar_a_pair_and_mode(tmp_path: Path, searcher: Searcher) -> None:
    one = evaluation(tmp_path, searcher)
    root = ElementTree.fromstring(plot([one, replace(one, name="other <model>")]))
    bars = [shape for shape in root.iter() if shape.tag.endswith("rect") and shape.get("height") == "18"]
    words = [shape.text for shape in root.iter() if shape.tag.endswith("text")]
    assert len(bars) == 4
    assert {"nDCG@10", "semantic", "other <model>", "en→en", "all"} <= set(words)
