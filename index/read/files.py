"""A file as readers meet it: its name, its bytes within bounds, unpacked where it is gzip."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from index.errors import ReadError

MAX_BYTES = 10_000_000
"""A larger article is refused before it is read; so is a smaller one that unpacks to more."""
MAX_RECORDS_BYTES = 20_000_000_000
"""What a file of many records may unpack to; records are read one at a time."""
MAX_RATIO, RATIO_FREE = 200, 1_000_000
"""Gzip may unpack to so many times its size; text comes to 20. Files that unpack to less than `RATIO_FREE` are free."""

_GZIP = ".gz"


class Content(NamedTuple):
    """The bytes of a file, unpacked, and SHA-256 in hex of those that lie on the disk."""

    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on its way to a reader: where it lies, the source name it is known by, the folder it must lie in."""

    path: Path
    source: str
    folder: Path

    @property
    def is_gzipped(self) -> bool:
        """Whether the name says that it is packed."""
        return self.path.suffix.lower() == _GZIP

    @property
    def suffix(self) -> str:
        """The suffix that tells the format, lower case: `.html` for `a.HTML` and `a.html.gz`."""
        return suffix(self.path.name)

    def check(self) -> None:
        """Raises: ReadError: the name is not UTF-8, or the file lies outside its folder."""
        try:
            self.source.encode()
            is_inside = self.path.resolve().is_relative_to(self.folder.resolve())
        except UnicodeEncodeError:
            raise ReadError(ascii(self.source), "has a name that is not UTF-8; rename it") from None
        except (OSError, RuntimeError) as error:  # a link to itself; RuntimeError before Python 3.13
            raise ReadError(self.source, f"cannot be read: {error}") from error
        if not is_inside:
            raise ReadError(self.source, "is a link to a file outside the folder; copy the file here instead")

    def beside(self, ending: str) -> SourceFile | None:
        """The file that goes with this one: named like it, whole or less its suffixes, with this ending.

        Raises: ReadError: it lies outside the folder.
        """
        names = [self.path.name, self.path.stem]
        if self.is_gzipped:
            names.append(Path(self.path.stem).stem)
        for name in names:
            path = self.path.with_name(name + ending)
            if path.is_file():
                other = SourceFile(path, path.name, self.folder)
                other.check()
                return other
        return None

    def content(self, most: int = MAX_BYTES) -> Content:
        """All bytes. Raises: ReadError: there are more than `most`, packed or unpacked, or they cannot be read."""
        packed = self._packed(most)
        sha256 = hashlib.sha256(packed).hexdigest()
        if not self.is_gzipped:
            return Content(packed, sha256)
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
                return Content(_Bounded(stream, self.source, most, len(packed)).readall(), sha256)
        except (OSError, EOFError, zlib.error) as error:
            raise ReadError(self.source, f"is not whole gzip: {error}") from error

    def _packed(self, most: int) -> bytes:
        try:
            if not self.path.is_file():
                raise ReadError(self.source, "is not a file (a broken link, a device or a linked folder)")
            size = self.path.stat().st_size
            if size > most:
                raise ReadError(
                    self.source, f"has {size:,} bytes, the limit is {most:,}; split it into articles"
                )
            with self.path.open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise ReadError(self.source, f"cannot be read: {error.strerror or error}") from error
        if len(content) > most:
            raise ReadError(self.source, f"grew beyond {most:,} bytes while it was read")
        return content

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The bytes, unpacked, to be read piece by piece. Raises: ReadError, here and while it is read."""
        try:
            if not self.path.is_file():
                raise ReadError(self.source, "is not a file (a broken link, a device or a linked folder)")
            with self.path.open("rb") as file:
                if not self.is_gzipped:
                    yield file
                    return
                size = self.path.stat().st_size
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield io.BufferedReader(_Bounded(unpacked, self.source, MAX_RECORDS_BYTES, size))
        except OSError as error:
            raise ReadError(self.source, _why(error)) from error
        except (EOFError, zlib.error) as error:
            raise ReadError(self.source, f"is not whole gzip: {error}") from error


def suffix(name: str) -> str:
    """The suffix that tells the format of a file of this name, lower case; empty for none."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == _GZIP else path.suffix


class _Bounded(io.RawIOBase):
    """What gzip unpacks, until it is more than it may be. Raises: ReadError then."""

    def __init__(self, stream: gzip.GzipFile, source: str, most: int, packed: int) -> None:
        self._stream, self._source, self._most = stream, source, most
        self._ratio, self._count = max(RATIO_FREE, MAX_RATIO * packed), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's buffer is wider
        piece = self._stream.read1(len(buffer))
        buffer[: len(piece)] = piece
        self._count += len(piece)
        if self._count > self._most:
            raise ReadError(self._source, f"unpacks to more than {self._most:,} bytes, the limit")
        if self._count > self._ratio:
            raise ReadError(self._source, f"unpacks to more than {MAX_RATIO} times its size, as no text does")
        return len(piece)


def _why(error: OSError) -> str:
    if isinstance(error, gzip.BadGzipFile):
        return f"is not whole gzip: {error}"
    return f"cannot be read: {error.strerror or error}"
