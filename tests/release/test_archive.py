"""Checksums and archives: the same bytes for the same files; and which glibc a set of wheels needs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from release.archive import pack, sha256, write_checksums
from release.bundle import oldest_glibc

FILES = {"b.txt": "two", "a/deep.txt": "one", "a b.txt": "three"}


def folder(place: Path) -> Path:
    made = place / "bundle"
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    (made / "b.txt").chmod(0o755)
    return made


def test_checksums_name_every_other_file_as_sha256sum_reads_them(tmp_path: Path) -> None:
    made = folder(tmp_path)
    write_checksums(made)
    written = write_checksums(made)  # once more: it leaves itself out
    digests = [hashlib.sha256(FILES[name].encode()).hexdigest() for name in sorted(FILES)]
    assert written.read_text() == "".join(f"{d}  {n}\n" for d, n in zip(digests, sorted(FILES), strict=True))
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", written.name], cwd=made, check=True)


def test_an_archive_is_the_same_whoever_makes_it_whenever(tmp_path: Path) -> None:
    first, second = tmp_path / "1.tar.gz", tmp_path / "x" / "1.tar.gz"
    second.parent.mkdir()
    made = folder(tmp_path)
    pack(made, first, made_at=1_700_000_000)
    os.utime(made / "b.txt", (1, 1))
    (made / "a" / "deep.txt").chmod(0o600)
    pack(made, second, made_at=1_700_000_000)
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "1.tar.gz.sha256").read_text() == f"{sha256(first)}  1.tar.gz\n"


def test_an_archive_holds_sorted_files_of_one_date_that_root_owns(tmp_path: Path) -> None:
    archive = tmp_path / "1.tar.gz"
    pack(folder(tmp_path), archive, made_at=1_700_000_000)
    with tarfile.open(archive) as tar:
        entries = [(one.name, one.mode, one.mtime, one.uid, one.gid, one.uname) for one in tar]
    assert entries == [
        ("bundle/a b.txt", 0o644, 1_700_000_000, 0, 0, ""),
        ("bundle/a/deep.txt", 0o644, 1_700_000_000, 0, 0, ""),
        ("bundle/b.txt", 0o755, 1_700_000_000, 0, 0, ""),
    ]


@pytest.mark.parametrize(
    ("wheels", "needed"),
    [
        (["a-1-py3-none-any.whl"], (0, 0)),
        (["a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"], (2, 17)),
        (["a-1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"], (2, 27)),
        (["a-1-cp311-cp311-manylinux2014_x86_64.whl", "b-1-cp311-abi3-manylinux_2_28_x86_64.whl"], (2, 28)),
        (["a-1-cp39-abi3-manylinux1_x86_64.whl"], (2, 5)),
    ],
)
def test_the_oldest_glibc_is_that_of_the_most_demanding_wheel(
    wheels: list[str], needed: tuple[int, int]
) -> None:
    assert oldest_glibc(wheels) == needed
