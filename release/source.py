"""What is shipped: the files of the last commit, whatever else lies in the folder."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


class ReleaseError(Exception):
    """Something is not fit to be shipped; one line."""


@dataclass(frozen=True)
class Source:
    """A commit's files in `tree`; what is built from it bears its date, `made_at`, in seconds since 1970."""

    tree: Path
    version: str
    commit: str
    made_at: int


def export(tree: Path) -> Source:
    """The last commit, written to the new folder `tree`. Raises: ReleaseError: this is no checkout."""
    commit, date = _git("log", "-1", "--format=%H %ct").decode().split()
    tree.mkdir(parents=True)
    files = _git("-c", "tar.umask=0022", "archive", "--format=tar", "HEAD")
    unpack = ["tar", "-x", "--same-permissions", "--no-same-owner", "-C", str(tree)]
    subprocess.run(unpack, input=files, check=True)  # tarfile does it safely from Python 3.11.4 on only
    project = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    return Source(tree=tree, version=project["version"], commit=commit, made_at=int(date))


def uncommitted() -> list[str]:
    """What differs from the last commit, and so is left out."""
    return _git("status", "--porcelain", "--untracked-files=no").decode().splitlines()


def _git(*words: str) -> bytes:
    ran = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"git failed, and only a checkout is shipped: {ran.stderr.decode().strip()}")
    return ran.stdout
