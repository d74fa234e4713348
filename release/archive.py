"""Checksums and archives that come out the same, byte for byte, whenever and wherever they are made."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from pathlib import Path

CHECKSUMS = "SHA256SUMS"


def sha256(file: Path) -> str:
    """The file's digest, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_checksums(folder: Path) -> Path:
    """The file in `folder`, as `sha256sum --check` reads it, that names every other file below it."""
    written = folder / CHECKSUMS
    lines = [f"{sha256(file)}  {file.relative_to(folder)}\n" for file in _files(folder) if file != written]
    written.write_text("".join(lines), "utf-8")
    return written


def pack(folder: Path, archive: Path, made_at: int) -> None:
    """Write `folder` as the gzipped tar `archive`, and its checksum beside it.

    Files are sorted, owned by root, and bear one date, `made_at`, in seconds since 1970; what may be executed stays so.
    """
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=made_at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in _files(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{file.relative_to(folder)}")
            entry.size = file.stat().st_size
            entry.mtime = made_at
            entry.mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
            with file.open("rb") as stream:
                tar.addfile(entry, stream)
    archive.with_name(f"{archive.name}.sha256").write_text(f"{sha256(archive)}  {archive.name}\n", "utf-8")


def _files(folder: Path) -> list[Path]:
    """All files below, in an order that no locale changes."""
    return sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.as_posix())
