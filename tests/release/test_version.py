"""The version stands in one place and is told the same everywhere; the locks pin what they should."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from index.encoder import load_encoder
from index.store import create_store
from release.source import ROOT
from service.app import create_app
from service.settings import Settings

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
VERSION = PYPROJECT["project"]["version"]
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """Package → version, as this lock has it."""
    return dict(PIN.findall((ROOT / lock).read_text("utf-8")))


@pytest.mark.slow
def test_the_package_the_command_and_the_service_tell_the_version_of_pyproject(tmp_path: Path) -> None:
    assert metadata.version("sanad-search") == VERSION
    sanad = [sys.executable, "-m", "index", "--version"]
    assert (
        subprocess.run(sanad, cwd=ROOT, capture_output=True, text=True, check=True).stdout == f"{VERSION}\n"
    )
    create_store(str(tmp_path / "store"), load_encoder().key).close()
    with TestClient(create_app(Settings(store=str(tmp_path / "store")))) as client:
        assert client.get("/v1/info").json()["version"] == VERSION
        assert client.get("/openapi.json").json()["info"]["version"] == VERSION


def test_the_changelog_begins_with_it() -> None:
    headings = re.findall(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    version, date = headings[0]
    assert version == VERSION
    assert re.fullmatch(r"unreleased|\d{4}-\d{2}-\d{2}", date)


def test_what_is_deployed_is_of_this_version() -> None:
    texts = [file.read_text("utf-8") for file in (ROOT / "deploy").rglob("*") if file.is_file()]
    named = [
        tag for text in texts for tag in re.findall(r"(?:sanad-search-milvus:|newTag: )(\d[\w.]*)", text)
    ]
    assert len(named) >= 4
    assert set(named) == {VERSION}


def test_no_code_states_it_a_second_time() -> None:
    files = [
        *ROOT.glob("index/**/*.py"),
        *ROOT.glob("service/**/*.py"),
        *(path for path in ROOT.glob("release/*") if path.is_file()),
        ROOT / "Dockerfile",
    ]
    assert len(files) > 50
    stated = [str(file.relative_to(ROOT)) for file in files if f'"{VERSION}"' in file.read_text("utf-8")]
    assert stated == []


def test_all_that_is_installed_is_pinned_by_checksum_in_every_lock_alike() -> None:
    for lock in ("requirements.lock", "release/pip.lock"):
        blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text("utf-8"))
        unpinned = [block for block in blocks if PIN.match(block) and "--hash=sha256:" not in block]
        assert unpinned == []
    shipped, developed = pins("requirements.lock"), pins("requirements-dev.lock")
    assert len(shipped) > 30
    assert {name: developed.get(name) for name in shipped} == shipped
