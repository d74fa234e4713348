"""What a release consists of, in `dist/`: sdist, wheel, bill of materials, licences: `make release-check`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from release import licences
from release.advisories import advisories
from release.build import build
from release.extras import of_extras
from release.sbom import bill
from release.source import ROOT, ReleaseError, Source, export, uncommitted


def environment(folder: Path, source: Source, package: Path) -> Path:
    """The Python of a clean environment with what the lock pins and `package`, a wheel or an sdist; pip stays outside.

    Raises: ReleaseError: something cannot be installed, or the lock is not what the package asks for.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    lock = str(source.tree / "requirements.lock")
    _pip(python, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", lock)
    _pip(python, "install", "--quiet", "--no-deps", str(package))
    _pip(python, "check")  # that the lock is what the package asks for
    return python


def _pip(python: Path, *words: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), *words]
    ran = subprocess.run(pip, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"pip {words[0]} failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")


def assemble(source: Source, work: Path, out: Path) -> list[str]:
    """Write all into `out`; a line for each thing that was made or looked at. Raises: ReleaseError."""
    sdist, wheel = build(source, out)
    python = environment(work / "environment", source, wheel)
    packages = [one for one in licences.of_packages(python) if one.name != "sanad-search"]
    extras = of_extras()
    added = [piece for pieces in extras.values() for piece in pieces]
    data = licences.of_data((source.tree / "training" / "DATA.md").read_text("utf-8"))
    allowed = licences.read_allowed(source.tree)
    if bad := licences.refused([*packages, *added], data, allowed):
        raise ReleaseError("licences that release/licences.toml does not allow:\n  " + "\n  ".join(bad))
    (out / "LICENSES.md").write_text(licences.page(packages, extras, data, allowed), "utf-8")
    document = bill(python, source.tree, packages, extras, data, allowed)
    (out / "sbom.cdx.json").write_text(document, "utf-8")
    return [
        *(f"{file.name}: {file.stat().st_size / 1_000_000:.1f} MB" for file in (sdist, wheel)),
        f"LICENSES.md: {len(packages)} packages, {len(set(added))} more of extras, {len(data)} sources of data;"
        " all allowed",
        "sbom.cdx.json: valid CycloneDX",
        advisories(source.tree / "requirements.lock"),
    ]


def main() -> int:
    """Assemble the release of the last commit in `dist/`; the process's exit code."""
    out = ROOT / "dist"
    out.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="sanad-release-") as work:
            source = export(Path(work, "tree"))
            if left_out := uncommitted():
                sys.stderr.write(
                    f"the release is of {source.commit[:12]}; {len(left_out)} uncommitted files are left out\n"
                )
            told = assemble(source, Path(work), out)
    except ReleaseError as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
