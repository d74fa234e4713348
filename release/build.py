"""The sdist and the wheel of a commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from release.source import ReleaseError, Source


def build(source: Source, folder: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from the sdist, in `folder`. A commit gives the same wheel each time.

    Raises: ReleaseError: the build failed; its last lines.
    """
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(source.made_at)}
    words = [sys.executable, "-m", "build", "--outdir", str(folder), str(source.tree)]
    # A wheel keeps the modes of files that the build writes.
    ran = subprocess.run(words, env=environment, umask=0o022, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"the build failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    name = f"sanad_search-{source.version}"
    return folder / f"{name}.tar.gz", folder / f"{name}-py3-none-any.whl"
