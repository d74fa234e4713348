"""Probabilities from scores: exact features, exact logistic values, and when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from index.errors import EncoderError
from index.rank import Evidence, ranked
from index.relevance import ANSWER_FEATURES, HIT_FEATURES, Calibration, answer_features, hit_features
from index.types import EncoderKey

KEY = EncoderKey("concepts", "1", 8)


def evidence(coverage: float = 0.5) -> Evidence:
    """Three candidates; at weight .5 their scores are .6, .5 and .1."""
    return Evidence(
        query_lang="en",
        rows=np.array([7, 8, 9]),
        langs=["ar", "ar", "ar"],
        cosines=np.array([0.2, 0.8, 0.6]),
        lexical=np.array([0.0, 0.4, 0.4]),
        rarity=(1.0,),
        coverage=coverage,
    )


def test_features_of_hits() -> None:
    ranking = ranked(evidence(), "hybrid", {"en-ar": 0.5})
    assert ranking.order.tolist() == [1, 2, 0]
    rows = hit_features(evidence(), ranking)
    assert rows.shape == (3, len(HIT_FEATURES))
    assert rows.tolist() == [
        pytest.approx([1, 0.6, 0.8, 0.4, 0.2, 0.2, 0.0]),
        pytest.approx([1, 0.5, 0.6, 0.4, 0.2, 0.0, -0.1]),
        pytest.approx([1, 0.1, 0.2, 0.0, 0.0, -0.4, -0.5]),
    ]


def test_features_of_an_answer() -> None:
    row = answer_features(evidence(), ranked(evidence(), "hybrid", {"en-ar": 0.5}))
    assert row.tolist() == pytest.approx([1, 0.6, 0.8, 0.4, 0.2, 0.2, 0.8, 0.6 - 0.3])
    assert len(row) == len(ANSWER_FEATURES)


def test_relevance_is_logistic_in_the_features() -> None:
    fitted = Calibration(KEY, {"en-ar": 0.5}, {"hybrid/en-ar": [-1.0, 2.0, 0, 0, 0, 0, 0]}, {})
    known = evidence()
    relevance = fitted.relevance(known, ranked(known, "hybrid", fitted.lexical_weights), "hybrid")
    assert relevance == pytest.approx([1 / (1 + np.exp(1 - 2 * score)) for score in (0.6, 0.5, 0.1)])


def test_there_is_no_probability_where_nothing_was_fitted() -> None:
    known = evidence()
    ranking = ranked(known, "semantic", {})
    fitted = Calibration(KEY, {}, {"hybrid/en-ar": [0.0] * 7}, {"hybrid/en-ar": [0.0] * 8})
    assert fitted.relevance(known, ranking, "semantic") == [None, None, None]
    assert fitted.answerable(known, ranking, "semantic") is None
    assert fitted.answerable(known, ranking, "hybrid") == 0.5


def test_no_candidate_at_all_answers_nothing() -> None:
    nothing = Evidence("en", np.zeros(0, dtype=np.int64), [], np.zeros(0), np.zeros(0), (), 0.0)
    ranking = ranked(nothing, "lexical", {})
    assert (
        Calibration(KEY, {}, {}, {"lexical/en-ar": [0.0] * 8}).answerable(nothing, ranking, "lexical") == 0.0
    )
    assert Calibration().answerable(nothing, ranking, "lexical") is None
    assert Calibration().relevance(nothing, ranking, "lexical") == []


def write(file: Path, **changes: object) -> Path:
    record = {
        "encoder": {"id": "concepts", "revision": "1", "dim": 8},
        "lexical_weights": {"en-ar": 0.7},
        "hits": {"hybrid/en-ar": [0.0] * 7},
        "answers": {"hybrid/en-ar": [0.0] * 8},
        "threshold": 0.4,
    }
    file.write_text(json.dumps(record | changes))
    return file


def test_a_calibration_is_read_for_its_encoder_only(tmp_path: Path) -> None:
    file = write(tmp_path / "relevance.json")
    assert Calibration.load(KEY, file).lexical_weights == {"en-ar": 0.7}
    assert Calibration.load(EncoderKey("concepts", "2", 8), file) == Calibration()
    assert Calibration.load(KEY, tmp_path / "none.json") == Calibration()


@pytest.mark.parametrize("changes", [{"hits": {"hybrid/en-ar": [1.0]}}, {"encoder": {}}, {"more": 1}])
def test_a_damaged_calibration_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(EncoderError, match="is no calibration"):
        Calibration.load(KEY, write(tmp_path / "relevance.json", **changes))
