"""The command line as a person and a script meet it: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from index.identity import article_id
from tests.commands import Sanad, runner

ROOT = Path(__file__).parent.parent
DREAMLINER = "22 طائرة عريضة البدن من طراز 787 دريملاينر"
SEED_003 = "003_c2fb815239659cbe.txt"


@pytest.fixture
def sanad(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sanad:
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the five seed articles, made once by the bundled encoder."""
    from index.encoder import load_encoder
    from index.store import create_store
    from index.sync import sync

    folder = tmp_path_factory.mktemp("seeded") / "store"
    encoder = load_encoder()
    with create_store(folder, encoder.key) as store:
        sync(ROOT / "seeds", store, encoder)
    return folder


@pytest.mark.parametrize("program", ["index.__main__", "service.__main__"])
def test_numpy_is_told_of_one_thread_before_it_is_imported(program: str) -> None:
    code = (
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy': print(os.environ.get('OPENBLAS_NUM_THREADS'))\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"import {program}\n"
    )
    for given, told in ((None, "1"), ("2", "2")):
        env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
        env |= {"OPENBLAS_NUM_THREADS": given} if given else {}
        ran = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        assert ran.stdout.split() == [told]


def test_sync_prints_a_table_and_a_second_sync_embeds_nothing(sanad: Sanad, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = sanad("sync", ROOT / "seeds", "--store", store)
    assert first.code == 0
    assert "5 added, 0 changed, 0 unchanged, 0 removed, 0 refused" in first.out
    assert SEED_003 in first.out
    again = sanad("sync", ROOT / "seeds", "--store", store)
    assert "0 added, 0 changed, 5 unchanged, 0 removed, 0 refused; 0 passages embedded" in again.out


def test_a_folder_given_twice_is_the_same_corpus(sanad: Sanad, seeded: Path) -> None:
    ran = sanad("sync", ROOT / "seeds", ROOT / "tests" / ".." / "seeds", "--store", seeded, "--json")
    (report,) = ran.json.values()
    assert [change["kind"] for change in report["changes"]] == ["unchanged"] * 5


def test_a_dry_run_makes_no_store(sanad: Sanad, tmp_path: Path) -> None:
    ran = sanad("sync", ROOT / "seeds", "--store", tmp_path / "store", "--dry-run")
    assert "5 added" in ran.out
    assert not (tmp_path / "store").exists()


def test_a_search_in_english_prints_the_arabic_paragraph_with_its_source(sanad: Sanad, seeded: Path) -> None:
    ran = sanad("search", "How many Dreamliner jets were ordered", "-n", 2, "--store", seeded)
    assert ran.code == 0
    assert DREAMLINER in " ".join(ran.out.split())
    assert SEED_003 in ran.out
    assert "\u2068" not in ran.out  # isolates are for terminals


def test_search_json_is_what_the_service_answers_and_offsets_are_exact(sanad: Sanad, seeded: Path) -> None:
    hit = sanad("search", "شراء طائرات دريملاينر", "--store", seeded, "--json").json["hits"][0]
    whole = sanad("show", SEED_003, "--store", seeded, "--json").json
    assert hit["article"]["id"] == whole["id"] == article_id(SEED_003)
    assert whole["text"][hit["locator"]["start"] : hit["locator"]["end"]] == hit["text"]
    assert hit["text"] in [passage["text"] for passage in whole["passages"]]


def test_show_prints_provenance_and_says_what_was_inferred(sanad: Sanad, seeded: Path) -> None:
    out = sanad("show", SEED_003, "--store", seeded).out
    assert "publisher: إرم ميديا - Erem Media FZ LLC (inferred)" in out
    assert "[1] 0–" in out


def test_status_counts(sanad: Sanad, seeded: Path) -> None:
    facts = sanad("status", "--store", seeded, "--json").json
    assert facts["articles"] == 5
    assert facts["encoder"] == "sanad-minilm-ar-en"
    assert facts["dimensions"] == 384


def test_evaluate_prints_a_row_a_language_pair(sanad: Sanad, seeded: Path) -> None:
    ran = sanad("evaluate", ROOT / "tests" / "seeds_dev.jsonl", "--store", seeded, "--json")
    (evaluation,) = ran.json["evaluations"]
    assert [(row["pair"], row["questions"]) for row in evaluation["rows"]] == [
        ("ar→ar", 11),
        ("en→ar", 21),
        ("all", 32),
    ]
    assert evaluation["unanswerable"] == 10
    assert evaluation["unresolved"] == []


@pytest.mark.parametrize("command", [("search", "x"), ("show", "x"), ("status",), ("serve", "--port", 0)])
def test_without_a_store_one_line_says_what_to_do(
    sanad: Sanad, tmp_path: Path, command: tuple[object, ...]
) -> None:
    ran = sanad(*command, "--store", tmp_path / "none")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert "sanad sync FOLDER" in ran.err


def test_a_store_of_another_encoder_is_refused_with_the_fix(sanad: Sanad, tmp_path: Path) -> None:
    from index.store import create_store
    from tests.fakes import ConceptEncoder

    with create_store(tmp_path / "store", ConceptEncoder().key):
        pass
    for command in (("search", "x"), ("sync", ROOT / "seeds"), ("serve", "--port", 0)):
        ran = sanad(*command, "--store", tmp_path / "store")
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert "concepts" in ran.err
        assert "SANAD_MODEL" in ran.err


def test_an_unknown_article_and_a_missing_folder_fail_in_one_line(
    sanad: Sanad, seeded: Path, tmp_path: Path
) -> None:
    missing = sanad("show", "none.txt", "--store", seeded)
    assert (missing.code, missing.err) == (1, "sanad: no article has the id or source none.txt\n")
    ran = sanad("sync", tmp_path / "none", "--store", tmp_path / "store")
    assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_wrong_usage_exits_with_2(sanad: Sanad, seeded: Path) -> None:
    assert sanad("search").code == 2
    assert sanad("search", "x", "-n", 51, "--store", seeded).code == 2
    assert sanad("nonsense").code == 2
    for question in ("", " ", "x" * 513):
        ran = sanad("search", question, "--store", seeded)
        assert (ran.code, ran.err.count("\n")) == (2, 1)


def test_strict_turns_a_refusal_into_a_failure(sanad: Sanad, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "empty.txt").touch()
    words = ("sync", tmp_path / "articles", "--store", tmp_path / "store")
    assert sanad(*words).code == 0
    ran = sanad(*words, "--strict")
    assert ran.code == 1
    assert "empty.txt" in ran.out


@pytest.mark.parametrize(
    "dates",
    [
        ("--date-from", "2025-99-99"),
        ("--date-to", "soon"),
        ("--date-from", "2025-02-01", "--date-to", "2025-01-01"),
    ],
)
def test_a_date_that_is_none_is_wrong_usage(sanad: Sanad, seeded: Path, dates: tuple[str, ...]) -> None:
    ran = sanad("search", "uranium", *dates, "--store", seeded)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "date_" in ran.err


def test_a_port_that_is_taken_is_told_in_one_line(sanad: Sanad, seeded: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = sanad("serve", "--port", port, "--store", seeded)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith(f"sanad: cannot listen on 127.0.0.1:{port}: ")
