"""The README: short, every command in it real, every example run and its output compared."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.testclient import TestClient

from index.__main__ import build
from service.app import create_app
from service.settings import Settings
from tests.test_cli import Sanad, sanad, seeded

__all__ = ["sanad", "seeded"]  # fixtures of the command line's tests, used here too

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
VOLATILE = {"request_id", "took_ms"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    """The words of every line of the shell blocks, comments dropped."""
    for block in blocks("sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def names(app: typer.Typer) -> set[str]:
    group: Any = typer.main.get_command(app)
    found = set()
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner} if inner else {name}
    return found


def test_it_is_under_150_lines() -> None:
    assert len(README.splitlines()) < 150


def test_every_command_is_named_and_every_named_one_exists() -> None:
    real = names(build())
    groups = {name.partition(" ")[0] for name in real if " " in name}
    shown = [row.split() for row in re.findall(r"`sanad ([a-z][^`]*)`", README)]
    said = {f"{words[0]} {words[1]}" if words[0] in groups else words[0] for words in shown}
    assert said == real


def test_the_make_targets_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets


def test_the_curl_example_answers_as_printed(seeded: Path) -> None:
    (url,) = (words[1] for words in commands() if words[0] == "curl")
    with TestClient(create_app(Settings(store=str(seeded)))) as client:
        answered = client.get(url.removeprefix("localhost:8000")).json()
    (printed,) = (json.loads(block) for block in blocks("json") if "request_id" in block)
    assert {k: v for k, v in printed.items() if k not in VOLATILE} == {
        k: v for k, v in answered.items() if k not in VOLATILE
    }


def test_the_search_example_runs(sanad: Sanad, seeded: Path) -> None:
    (question,) = (words[2] for words in commands() if words[:2] == [".venv/bin/sanad", "search"])
    ran = sanad("search", question, "--store", seeded)
    assert ran.code == 0
    assert ran.out.startswith(" 1. ")


def test_the_sidecar_example_is_read(tmp_path: Path) -> None:
    from index.read import read_folder
    from index.types import RawArticle

    (sidecar,) = (json.loads(block) for block in blocks("json") if "request_id" not in block)
    sidecar["url"] = "https://press.example/1"
    (tmp_path / "a.txt").write_text("A sentence that is long enough to be a paragraph.", "utf-8")
    (tmp_path / "a.meta.json").write_text(json.dumps(sidecar), "utf-8")
    (raw,) = read_folder(tmp_path)
    assert isinstance(raw, RawArticle)
    assert raw.given.published_at == sidecar["published_at"]


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
