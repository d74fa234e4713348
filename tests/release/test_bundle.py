"""The bundle of `make bundle`: the same bytes each time, and installed and served from it with no network."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from release.archive import sha256
from release.bundle import make_bundle
from release.source import ROOT, export
from tests.release.offline import run_offline

pytestmark = pytest.mark.shipping
SMOKE = Path(__file__).with_name("smoke.py")
DREAMLINER = "22 طائرة عريضة البدن من طراز 787 دريملاينر"


@dataclass(frozen=True)
class Bundle:
    """The archive, and the folder it unpacks to."""

    archive: Path
    folder: Path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """That of `make bundle`, unpacked as its user would."""
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    (archive,) = (ROOT / "dist").glob(f"sanad-*-offline-{version}-linux_{platform.machine()}.tar.gz")
    subprocess.run(
        ["sha256sum", "--check", "--quiet", f"{archive.name}.sha256"], cwd=archive.parent, check=True
    )
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    (unpacked,) = folder.iterdir()
    return Bundle(archive, unpacked)


def test_it_installs_serves_and_answers_with_no_network(bundle: Bundle, tmp_path: Path) -> None:
    target, work = tmp_path / "opt", tmp_path / "work"
    work.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": sys.executable}
    installed = run_offline([bundle.folder / "install.sh", target], tmp_path, environment)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    current = target / "current"
    smoke = [sys.executable, SMOKE, current / "bin", current / "seeds", work]
    ran = run_offline(smoke, work, environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["interfaces"] == ["lo"]
    assert seen["version"] == seen["openapi"] == seen["info"] == current.resolve().name
    assert seen["synced"].startswith("5 added, 0 changed, 0 unchanged, 0 removed, 0 refused")
    assert DREAMLINER in seen["hit"]
    assert (seen["page"], seen["box"]) == (True, True)
    assert all(str(target) in file for file in seen["files"])
    assert sorted(file.name for file in work.iterdir()) == ["log", "store"]

    again = run_offline([bundle.folder / "install.sh", target], tmp_path, environment)
    assert (again.returncode, again.stderr) == (
        1,
        f"install.sh: {current.resolve()} is there already; remove it, or install into another folder\n",
    )


def test_it_holds_what_it_promises_and_every_file_is_in_its_checksums(bundle: Bundle) -> None:
    listed = [line.split("  ")[1] for line in (bundle.folder / "SHA256SUMS").read_text().splitlines()]
    files = [str(file.relative_to(bundle.folder)) for file in bundle.folder.rglob("*") if file.is_file()]
    assert sorted([*listed, "SHA256SUMS"]) == sorted(files)
    assert {file.split("/")[0] for file in files} == {
        *(
            "CHANGELOG.md",
            "LICENSE",
            "SHA256SUMS",
            "bundle.env",
            "install.sh",
            "requirements.lock",
            "seeds",
            "wheels",
        ),
    }
    assert not [file for file in files if file.startswith(("wheels/torch", "wheels/nvidia"))]


def test_an_installation_that_fails_leaves_nothing(bundle: Bundle, tmp_path: Path) -> None:
    """A wheel that the lock does not know is not taken for one that it does, though the sums were made anew."""
    from release.archive import write_checksums

    other = tmp_path / "other"
    subprocess.run(["cp", "-R", bundle.folder, other], check=True)
    (wheel,) = (other / "wheels").glob("rich-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    write_checksums(other)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": sys.executable}
    ran = run_offline([other / "install.sh", tmp_path / "opt"], tmp_path, environment)
    assert ran.returncode == 1
    assert "HASHES" in ran.stderr
    assert list((tmp_path / "opt").iterdir()) == []


def test_the_same_commit_gives_the_same_archive(bundle: Bundle, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = make_bundle(export(tmp_path / "tree"), tmp_path / "work", tmp_path / "out")
    finally:
        os.umask(before)
    with tarfile.open(again) as one, tarfile.open(bundle.archive) as other:
        assert [(entry.name, entry.mode, entry.size) for entry in one] == [
            (entry.name, entry.mode, entry.size) for entry in other
        ]
    sums = (tmp_path / "work" / bundle.folder.name / "SHA256SUMS").read_text()
    assert sums == (bundle.folder / "SHA256SUMS").read_text()
    assert sha256(again) == sha256(bundle.archive)
