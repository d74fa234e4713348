"""One archive that installs Sanad where there is no network: `make bundle`.

Wheels of all that the lock pins, ours with the model inside, the seeds, and a script that checks and installs them.
It is for the Python and the platform that make it; the script says so to all others.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from release.archive import pack, write_checksums
from release.build import build
from release.source import ROOT, ReleaseError, Source, export, uncommitted

FILES = ("requirements.lock", "LICENSE", "CHANGELOG.md")
GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_\w+")
OLD_NAMES = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
"""What the older tags promise (PEP 600)."""


def make_bundle(source: Source, work: Path, out: Path) -> Path:
    """The archive in `out`; its checksum lies beside it. `work` is an empty folder for what is in between.

    Raises: ReleaseError: something could not be built or fetched.
    """
    system = f"{platform.system().lower()}_{platform.machine()}"
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    name = f"sanad-{source.version}-offline-{python}-{system}"
    folder, wheels = work / name, work / name / "wheels"
    wheels.mkdir(parents=True)
    fetch(source.tree / "requirements.lock", wheels)
    fetch(source.tree / "release" / "pip.lock", wheels)
    fetched = [wheel.name for wheel in wheels.iterdir()]
    _, ours = build(source, work / "built")
    shutil.copy(ours, wheels)
    for file in FILES:
        shutil.copy(source.tree / file, folder)
    shutil.copytree(source.tree / "seeds", folder / "seeds")
    shutil.copy(source.tree / "release" / "install.sh", folder)
    (folder / "bundle.env").write_text(_facts(source, ours.name, fetched), "utf-8")
    write_checksums(folder)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{name}.tar.gz"
    pack(folder, archive, source.made_at)
    return archive


def fetch(lock: Path, wheels: Path) -> None:
    """Download the wheels that `lock` pins, each held to its checksum. Raises: ReleaseError: pip said no."""
    only = ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
    words = [sys.executable, "-m", "pip", "download", "--quiet", *only, "-r", str(lock), "-d", str(wheels)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"not all of {lock.name} can be fetched as wheels:\n{ran.stderr[-2000:]}")


def oldest_glibc(wheels: Iterable[str]) -> tuple[int, int]:
    """The glibc that the most demanding of these wheels needs; (0, 0) when none is bound to one.

    A wheel with several tags runs where the least demanding of them does.
    """
    needed = (0, 0)
    for wheel in wheels:
        platforms = wheel.removesuffix(".whl").rpartition("-")[2].split(".")
        asked = [(int(major), int(minor)) for major, minor in GLIBC.findall(" ".join(platforms))]
        asked += [glibc for tag in platforms for old, glibc in OLD_NAMES.items() if tag.startswith(f"{old}_")]
        if asked:
            needed = max(needed, min(asked))
    return needed


def _facts(source: Source, ours: str, fetched: list[str]) -> str:
    """What the script has to know, as a shell reads it."""
    (pip,) = (wheel for wheel in fetched if wheel.startswith("pip-"))
    facts = {
        "VERSION": source.version,
        "COMMIT": source.commit,
        "PYTHON_IS": f"CPython {sys.version_info.major}.{sys.version_info.minor}",
        "SYSTEM_IS": f"{platform.system()} {platform.machine()}",
        "GLIBC_AT_LEAST": "{}.{}".format(*oldest_glibc(fetched)),
        "SANAD_WHEEL": ours,
        "PIP_WHEEL": pip,
    }
    return "".join(f"{name}='{fact}'\n" for name, fact in facts.items())


def main() -> int:
    """Make the bundle in `dist/`; the process's exit code."""
    out = ROOT / "dist"
    try:
        with tempfile.TemporaryDirectory(prefix="sanad-bundle-") as work:
            source = export(Path(work, "tree"))
            if left_out := uncommitted():
                sys.stderr.write(
                    f"the bundle is of {source.commit[:12]}; {len(left_out)} uncommitted files are left out\n"
                )
            archive = make_bundle(source, Path(work), out)
    except ReleaseError as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stdout.write(f"{archive}: {archive.stat().st_size / 1_000_000:.0f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
