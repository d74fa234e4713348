"""The store's commands: what they print, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.commands import change, upkeep
from index.store.embedded import EmbeddedStore
from tests.commands import Sanad, runner
from tests.fakes import ConceptEncoder
from tests.index.store.corpus import ENCODER, entry

OTHER = ConceptEncoder(revision="2")


@pytest.fixture
def sanad(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sanad:
    """Run a command with concept encoders in the place of models; exit code, stdout, stderr."""
    encoders = {None: ENCODER, "concepts": ENCODER, "other": OTHER}
    for module in (upkeep, change):
        monkeypatch.setattr(module, "load_encoder", lambda name=None: encoders[name])
    return runner(monkeypatch, capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as store:
        store.put([entry("a.txt", "summit", "water"), entry("b.txt", "قمة")], root="/corpus")
    return tmp_path / "store"


def test_verify_says_that_a_store_is_whole(folder: Path, sanad: Sanad) -> None:
    code, out, _ = sanad("verify", "--recall", "--store", folder)
    assert (code, out) == (
        0,
        "whole: 2 articles, 3 passages, revision 1\nrecall@10 against exact search: 1.000\n",
    )


def test_verify_lists_damage_exits_with_3_and_repairs(folder: Path, sanad: Sanad) -> None:
    (folder / "main-1-1.faiss").write_bytes(b"rubbish")
    code, out, _ = sanad("verify", "--store", folder)
    assert code == 3
    assert out == (
        "damaged: main-1-1.faiss: its SHA-256 does not hold\n"
        "  --repair would: rebuild the search index from the database\n"
    )
    code, out, _ = sanad("verify", "--json", "--store", folder)
    assert (code, json.loads(out)["left"]) == (3, ["main-1-1.faiss: its SHA-256 does not hold"])
    code, out, _ = sanad("verify", "--repair", "--store", folder)
    assert (code, out.splitlines()[-1]) == (0, "repaired; all is whole now")
    assert sanad("verify", "--store", folder)[0] == 0


def test_an_export_imports_into_a_new_store_and_exports_the_same(
    folder: Path, tmp_path: Path, sanad: Sanad
) -> None:
    file, again = tmp_path / "corpus.jsonl", tmp_path / "again.jsonl"
    assert sanad("export", file, "--store", folder)[0] == 0
    code, _, err = sanad("import", file, "--store", tmp_path / "new")
    assert (code, err) == (0, "put 2 articles; revision 1\n")
    assert sanad("export", again, "--store", tmp_path / "new")[0] == 0
    assert again.read_bytes() == file.read_bytes()


def test_an_import_of_something_else_names_the_line(folder: Path, tmp_path: Path, sanad: Sanad) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text("{}\n", "utf-8")
    code, _, err = sanad("import", file, "--store", folder)
    assert code == 1
    assert err.startswith("sanad: line 1 of the export cannot be read")


def test_the_model_is_changed_and_rolled_back(folder: Path, sanad: Sanad) -> None:
    code, _, err = sanad("model", "use", "other", "--store", folder)
    assert code == 0
    assert "is now searched with concepts (2); revision 2" in err
    assert "is already embedded with concepts (2)" in sanad("model", "use", "other", "--store", folder)[2]
    code, _, err = sanad("model", "rollback", "--store", folder)
    assert code == 0
    assert "is searched with concepts (1) again; revision 3" in err
    assert sanad("verify", "--store", folder)[0] == 0


def judged(tmp_path: Path, contains: str) -> Path:
    """One question about a summit, answered by the passage of this text."""
    file = tmp_path / "judged.jsonl"
    record: dict[str, Any] = {
        "id": "q1",
        "lang": "en",
        "query": "summit",
        "relevant": [{"article": "a.txt", "contains": contains, "grade": 1}],
    }
    file.write_text(json.dumps(record) + "\n", "utf-8")
    return file


def test_a_worse_model_is_refused_and_the_store_keeps_its_own(
    folder: Path, tmp_path: Path, sanad: Sanad
) -> None:
    options = ("--judge", judged(tmp_path, "water"), "--min-ndcg", 0.99, "--store", folder)
    code, _, err = sanad("model", "use", "other", *options)
    assert code == 1
    assert "the store keeps its model" in err
    with EmbeddedStore.open(folder, ENCODER.key) as store:
        assert store.view().revision == 1


def test_a_model_that_is_as_good_passes_the_gate(folder: Path, tmp_path: Path, sanad: Sanad) -> None:
    file = judged(tmp_path, "summit")
    code, _, err = sanad("model", "use", "other", "--judge", file, "--store", folder)
    assert code == 0, err
    assert "at least" in err


def test_a_minimum_needs_something_to_judge_by(folder: Path, sanad: Sanad) -> None:
    assert sanad("model", "use", "other", "--min-ndcg", 0.5, "--store", folder)[0] == 2
