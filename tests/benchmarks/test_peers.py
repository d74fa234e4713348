"""The benchmark beside the peers: its arithmetic by hand, and Sanad measured by it at a tiny size."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.peers import inputs, limits, measures, plot, running, sanad, table
from benchmarks.peers.given import Given
from benchmarks.peers.running import Runner
from index.encoder import load_encoder
from index.store.embedded import EmbeddedStore

LOAD = {"p50": 10.0, "p95": 20.0, "p99": 30.0, "rate": 80.0, "answers": 100, "cpu_ms": 8.0}
SLOW = {"p50": 40.0, "p95": 50.0, "p99": 60.0, "rate": 20.0, "answers": 100, "cpu_ms": 24.0}
LIMITS = {
    "read": 1.536e9,
    "multiply": 1e12 * limits.WEIGHTS / 1e7,
    "trip_ms": 1.0,
    "trip_cpu_ms": 0.5,
    "encode_ms": 3.0,
    "encode_cpu_ms": 3.5,
    "cores": 2,
}
ABOUT = {"passages": 1000, "tokens": 50.0, "threads": 1, "load": 1.0}


def test_percentiles_are_values_that_were_measured() -> None:
    assert measures.spread([n / 1000 for n in range(100, 0, -1)]) == {"p50": 50, "p95": 95, "p99": 99}
    assert measures.spread([0.002]) == {"p50": 2, "p95": 2, "p99": 2}
    assert measures.spread([0.001, 0.003]) == {"p50": 1, "p95": 3, "p99": 3}


def test_recall_is_the_share_of_what_was_wanted() -> None:
    assert measures.recall([[1, 2], [3, 4], [9]], [[2, 1], [3, 5], [8]]) == 0.5
    assert measures.recall([[1]], [[1, 2, 3, 4]]) == 0.25


def test_threads_ask_every_question_and_count_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "LEAST", 6)
    asked: list[str] = []
    found = measures.threads(asked.append, ["a", "b", "c"], 2, 0.0)
    assert found["answers"] == len(asked) >= 6
    assert set(asked) == {"a", "b", "c"}


def test_the_exact_answer_is_brute_forces_over_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BLOCK", 7)
    chance = np.random.default_rng(1)
    rows, queries = (chance.standard_normal((count, 4)).astype(np.float32) for count in (50, 3))
    wanted = np.argsort(-(queries @ rows.T), axis=1)[:, :10]
    assert inputs.nearest(rows, queries).tolist() == wanted.tolist()


def test_limits_by_hand() -> None:
    # 2 × weights × 50 tokens ÷ (10⁵ × weights a second) = 1 ms; 1,000 × 384 × 4 bytes ÷ 1.536 GB/s = 1 ms
    assert limits.embedding_ms(LIMITS, 50) == pytest.approx(1)
    assert limits.exact_ms(LIMITS, 1000) == pytest.approx(1)
    assert limits.WEIGHTS == 10_616_832


def known() -> dict[str, Any]:
    """Figures of Sanad, of a peer that is half as fast, and of one that failed."""
    near = {"p50": 1.0, "p95": 1.0, "p99": 2.0, "cpu_ms": 2.0}
    loads = {"1": LOAD, "4": LOAD, "16": LOAD}
    of_sanad = {
        "build_s": 10.0,
        "build_cpu_s": 9.0,
        "disk": 4e6,
        "nearest": near,
        "recall": 1.0,
        "given": False,
        "http": {"by meaning": loads},
        "http_open_s": 1.25,
        "http_memory": 200e6,
        "memory": 1,
        "open_s": 1,
    }
    of_script = {
        "build_s": 30.0,
        "build_cpu_s": 27.0,
        "disk": 2e6,
        "nearest": near,
        "recall": 0.5,
        "given": False,
        "http": {"": {"1": LOAD, "4": SLOW, "16": SLOW}},
        "http_open_s": 5.0,
        "http_memory": 600e6,
    }
    found = {"sanad": of_sanad, "script": of_script, "lance": {"error": "build: not done in 600 s"}}
    return {
        "environment": "script 1",
        "limits": {"1k": LIMITS},
        "found": {"1k": {peer: {**ABOUT, **figures} for peer, figures in found.items()}},
    }


def test_the_table_says_what_was_measured_as_ratios_and_as_multiples() -> None:
    text = table.section(known())
    script = "script: sentence-transformers, FAISS flat, FastAPI"
    assert (
        "| Sanad, by meaning | over HTTP | 9.00 | 100 | 4.00 | 1.2 s | 200 | 8.00 | 10.0 / 20.0 / 30.0"
        " | 80.0 / 80.0 / 80.0 | 2.00 | 1.00 / 2.00 | 1.000 |"
    ) in text
    # 100 answers at 8 ms and 200 at 24: 18.7 ms
    assert (
        f"| {script} | over HTTP | 27.0 | 33.3 | 2.00 | 5.0 s | 600 | 18.7 | 10.0 / 20.0 / 30.0"
        " | 80.0 / 20.0 / 20.0 | 2.00 | 1.00 / 2.00 | 0.500 |"
    ) in text
    assert f"| {script} | 3.00 | 0.50 | 3.00 | 4.00 | 2.33 | 1.00 | 1.00 | 0.25 | 0.25 | 1.00 |" in text
    # 8 ÷ (0.5 + 3.5), 10 ÷ (1 + 3), 2 ÷ 1, 9 ÷ 1
    assert "| Sanad, by meaning | 2.00 | 2.50 | 2.00 | 9.00 |" in text
    assert "- Not measured of LanceDB: build: not done in 600 s." in text
    assert "load was 1 to 1 on 2 cores." in text
    assert [table.shown(value) for value in (None, 1234, 12.34, 1.234, 0.01234)] == [
        *("", "1,234", "12.3", "1.23", "0.012")
    ]


def test_the_plot_has_a_line_for_each_way_of_asking() -> None:
    lines = plot.points(known())
    assert {label: [x for x, _ in line] for label, line in lines.items()} == {
        "Sanad, by meaning": [1000],
        "script: sentence-transformers, FAISS flat, FastAPI": [1000],
    }
    assert plot.svg(lines).count("<circle") == 2


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Two short articles and three questions."""
    folder = tmp_path / "tiny"
    (folder / "articles").mkdir(parents=True)
    texts = ("The river flooded the old town after two days of rain.", "افتتح الوزير مدرسة جديدة في المدينة.")
    for number, text in enumerate(texts):
        (folder / "articles" / f"{number}.txt").write_text(f"# Title {number}\n\n{text}\n", "utf-8")
    (folder / "texts.txt").write_text("\n".join(texts), "utf-8")
    (folder / "questions.txt").write_text("where did it rain?\nمدرسة\nschool", "utf-8")
    return Given(folder, tmp_path / "store", tmp_path / "model")


@pytest.mark.slow
def test_sanad_is_measured_from_texts_to_answers_over_http(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SECONDS", 0.1)
    monkeypatch.setattr(measures, "LEAST", 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = Runner(Path(sys.executable), "sanad", given, 200).measured({})
    assert "error" not in found
    assert (found["recall"], found["questions"]) == (1.0, 3)
    assert {mode: sorted(loads) for mode, loads in found["http"].items()} == {
        mode: ["1", "16", "4"] for mode in ("by meaning", "by meaning and words", "by words")
    }
    assert all(load["answers"] >= 2 for loads in found["http"].values() for load in loads.values())
    assert 0 < found["disk"] <= measures.size(given.store)
    assert found["build_cpu_s"] > 0 < found["http_memory"]


@pytest.mark.slow
def test_given_embeddings_are_put_and_gone_on_with(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanad, "PER_ARTICLE", 2)
    monkeypatch.setattr(sanad, "PER_PUT", 4)
    (given.folder / "articles").rename(given.folder / "elsewhere")
    rows = np.eye(10, 384, dtype=np.float32)
    np.save(given.folder / "vectors.npy", rows)
    (given.folder / "texts.txt").write_text("\n".join(f"text {number}" for number in range(10)), "utf-8")
    with monkeypatch.context() as broken:
        broken.setattr(EmbeddedStore, "put", _failing(EmbeddedStore.put))
        with pytest.raises(RuntimeError, match="broken off"):
            sanad.build(given)
    sanad.build(given)
    with EmbeddedStore.open(given.store, load_encoder().key, read_only=True) as store:
        assert (store.view().revision, store.view().passage_count) == (3, 10)
    assert [next(iter(sanad.Open(given).nearest(row))) for row in rows] == list(range(10))


def _failing(put: Any) -> Any:
    """A put that breaks off at the second step."""
    calls: list[int] = []

    def broken(self: EmbeddedStore, entries: Any) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("broken off")
        revision: int = put(self, entries)
        return revision

    return broken


@pytest.mark.slow
def test_what_fails_is_a_reason_and_no_end_of_the_run(given: Given) -> None:
    np.save(given.folder / "vectors.npy", np.eye(2, 384, dtype=np.float32))
    found = Runner(Path(sys.executable), "chroma", given, 200).measured({"load": 1.0})
    assert re.fullmatch(
        r"build: ended with 1: ModuleNotFoundError: No module named 'chromadb'", found["error"]
    )
    assert found["load"] == 1.0
