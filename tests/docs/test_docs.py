"""The documentation: it builds without a warning, and every command in it runs and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from index.__main__ import build
from tests.docs.walk import ROOT, blocks, walked

DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if blocks(page))
ELSEWHERE = {
    "sanad model use": "tests/index",
    "sanad model rollback": "tests/index",
    "sanad model export": "tests/index",
}
"""What the blocks called `console` show and no walk runs, since it needs torch or a hub; and where it is tested."""


def test_the_walks_cover_the_tutorial() -> None:
    assert DOCS / "tutorial.md" in PAGES


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_command_runs_and_prints_what_the_page_says(page: Path, tmp_path: Path) -> None:
    with walked(page, tmp_path) as walk:
        assert len(walk.outputs) == len([b for b in blocks(page) if b.title != "install"])
        assert "Traceback" not in "".join(walk.outputs)


def test_what_is_only_shown_exists_and_is_tested_elsewhere() -> None:
    shown = re.findall(r"^\$ (sanad (?:model |keys )?[a-z]+)", "\n".join(_read()), re.MULTILINE)
    assert set(shown) <= set(ELSEWHERE)
    for command in shown:
        tests = (path.read_text("utf-8") for path in (ROOT / ELSEWHERE[command]).rglob("test_*.py"))
        words = [f'"{word}"' for word in command.split()[1:]]
        assert any(all(word in text for word in words) for text in tests), command


def test_every_command_named_exists() -> None:
    real = set(_names(typer.main.get_command(build()), ""))
    groups = {name.split()[0] for name in real if " " in name}
    for command in re.findall(r"`sanad ([a-z][a-z ]*)", "\n".join(_read())):
        words = command.split()
        assert " ".join(words[: 2 if words[0] in groups else 1]) in real, command


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "SANAD_CORS_ORIGINS" in (tmp_path / "site/reference/settings/index.html").read_text("utf-8")
    assert "/v1/articles:batch" in (tmp_path / "site/reference/api/index.html").read_text("utf-8")
    fetched = [
        link
        for page in (tmp_path / "site").rglob("*.html")
        for link in re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text("utf-8")
        )
    ]
    assert fetched == [], "a page of the site loads something from another host"


def _read() -> list[str]:
    return [page.read_text("utf-8") for page in sorted(DOCS.rglob("*.md"))]


def _names(command: typer.core.TyperGroup | object, prefix: str) -> list[str]:
    inner = getattr(command, "commands", {})
    return [
        name
        for word, child in inner.items()
        for name in (_names(child, f"{prefix}{word} ") or [f"{prefix}{word}"])
    ]
