"""A base image from Debian's packages alone, for where no registry can be reached: made by debootstrap, slimmed as the
official slim images are.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.container.engine import Engine

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "python3,python3-venv,ca-certificates"
LEFT_OUT = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
    "dev",
)
"""Folders whose content no service reads."""


def make_base(engine: Engine, folder: Path) -> str:
    """The base image, by its digest, as the build argument takes it. `folder` holds what is in between."""
    tree, archive = folder / "tree", folder / "base.tar"
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(tree), MIRROR],
        check=True,
        capture_output=True,
    )
    excluded = [f"--exclude=./{name}/*" for name in LEFT_OUT]
    subprocess.run(["tar", "-C", str(tree), *excluded, "-cf", str(archive), "."], check=True)
    return import_base(engine, archive)


def import_base(engine: Engine, archive: Path) -> str:
    """The image of a file tree in `archive`, by its digest."""
    engine.run("import", archive, "localhost/sanad-base")
    digest = engine.inspect("image", "localhost/sanad-base")["Digest"]
    return f"localhost/sanad-base@{digest}"
