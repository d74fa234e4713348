"""What the bundle's script refuses, each in one line, before it has made anything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release.archive import write_checksums
from release.source import ROOT

pytestmark = pytest.mark.slow
HERE = {
    "VERSION": "0.0.1",
    "PYTHON_IS": f"CPython {sys.version_info.major}.{sys.version_info.minor}",
    "SYSTEM_IS": f"{platform.system()} {platform.machine()}",
    "GLIBC_AT_LEAST": "2.17",
}


def bundle(folder: Path, **facts: str) -> Path:
    """A bundle without wheels, whose facts are of this machine but for these; the script in it."""
    (folder / "wheels").mkdir(parents=True)
    (folder / "bundle.env").write_text("".join(f"{k}='{v}'\n" for k, v in (HERE | facts).items()), "utf-8")
    shutil.copy(ROOT / "release" / "install.sh", folder)
    write_checksums(folder)
    return folder / "install.sh"


def refusal(script: Path, *arguments: Path, python: str = sys.executable) -> str:
    """The one line it says; the exit code is 1 and stdout empty."""
    environment = {"PATH": os.environ["PATH"], "PYTHON": python}
    ran = subprocess.run(
        [script, *arguments],
        cwd=script.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    return ran.stderr


def test_no_folder(tmp_path: Path) -> None:
    script = bundle(tmp_path / "bundle")
    assert refusal(script) == "install.sh: name the folder to install into: ./install.sh FOLDER\n"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"SYSTEM_IS": "Plan9 mips"},
            f"this bundle is for Plan9 mips, and this machine is {HERE['SYSTEM_IS']}",
        ),
        (
            {"PYTHON_IS": "CPython 2.7"},
            f"this bundle is for CPython 2.7, and {sys.executable} is {HERE['PYTHON_IS']};"
            " name another with PYTHON=/path/to/python",
        ),
        (
            {"GLIBC_AT_LEAST": "9.100"},
            f"this bundle needs glibc 9.100 or newer, and this machine has {platform.libc_ver()[1]}",
        ),
    ],
    ids=["system", "python", "glibc"],
)
def test_another_machine(tmp_path: Path, facts: dict[str, str], said: str) -> None:
    target = tmp_path / "opt"
    assert refusal(bundle(tmp_path / "bundle", **facts), target) == f"install.sh: {said}\n"
    assert not target.exists()


def test_no_python(tmp_path: Path) -> None:
    assert refusal(bundle(tmp_path / "bundle"), tmp_path / "opt", python="python0") == (
        f"install.sh: this bundle needs {HERE['PYTHON_IS']}, and python0 does not run;"
        " name one with PYTHON=/path/to/python\n"
    )


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_file_that_is_not_what_was_shipped(tmp_path: Path, damage: str) -> None:
    script = bundle(tmp_path / "bundle")
    facts = script.parent / "bundle.env"
    if damage == "changed":
        facts.write_text(facts.read_text().replace("0.0.1", "0.0.2"))
    else:
        facts.unlink()
    told = refusal(script, tmp_path / "opt")
    assert told.startswith("install.sh: this bundle is damaged or was changed; unpack it anew (")
    assert "bundle.env" in told
    assert told.count("\n") == 1


def test_an_installation_that_is_there_already(tmp_path: Path) -> None:
    there = tmp_path / "opt" / "0.0.1"
    there.mkdir(parents=True)
    assert refusal(bundle(tmp_path / "bundle"), tmp_path / "opt") == (
        f"install.sh: {there} is there already; remove it, or install into another folder\n"
    )


def test_a_wheel_that_is_missing_leaves_nothing(tmp_path: Path) -> None:
    told = refusal(bundle(tmp_path / "bundle", PIP_WHEEL="pip.whl"), tmp_path / "opt")
    assert told.endswith("install.sh: what the lock pins could not all be installed\n")
    assert list((tmp_path / "opt").iterdir()) == []
