"""What is synced: the articles of a folder and its subfolders, of one file, or of some files of a folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from index.errors import ReadError
from index.read.apart import Apart
from index.read.files import SourceFile, suffix
from index.read.formats import FORMATS, Item, at_most, holds_many, is_read_apart, reader
from index.read.given import merged
from index.read.mapping import MAPPING, FieldMap
from index.read.sidecar import SIDECAR, sidecar
from index.read.sitemap import Listed, listed
from index.types import Given

_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files of articles in order: `names` are their paths in `folder` with `/`, which are their sources.

    `root` is what the store knows the corpus by. `only` names files, there or gone, when these alone are looked at.
    """

    root: Path
    folder: Path
    names: tuple[str, ...]
    fields: FieldMap
    sitemaps: Listed
    only: frozenset[str] | None = None

    @classmethod
    def at(cls, path: Path, fields: FieldMap | None = None) -> Self:
        """All articles of a folder, or those of one file; of a sitemap, those of the files that it lists.

        Hidden files and folders, sidecars, field mappings and lock files of office programs are no sources. A file of
        an unknown suffix is: it is refused by name, not passed over.
        Raises: ReadError: there is no such folder or file, or the file is a sitemap that cannot be read.
        """
        path = path.resolve()
        if path.is_dir():
            names = sources(path)
            return cls(path, path, names, fields or FieldMap(), listed(path, names, names))
        if not path.is_file():
            raise ReadError(str(path), "is not a folder or file; give what holds the articles")
        is_sitemap = suffix(path.name) == ".xml"
        sitemaps = listed(path.parent, (path.name,), sources(path.parent) if is_sitemap else ())
        names = tuple(sorted(dict.fromkeys((path.name, *sitemaps.given))))
        return cls(path, path.parent, names, fields or FieldMap(), sitemaps)

    @classmethod
    def some(cls, folder: Path, names: Collection[str], fields: FieldMap | None = None) -> Self:
        """Only these files of a folder; those that are gone are taken as removed. Raises: ReadError: no such folder."""
        whole = cls.at(folder, fields)
        there = tuple(name for name in whole.names if name in names)
        return replace(whole, names=there, only=frozenset(names))

    def __iter__(self) -> Iterator[Item]:
        """The articles of all files in order; what is refused comes as the ReadError."""
        for items in self.files():
            yield from items

    def files(self) -> Iterator[Iterator[Item]]:
        """The articles of each file in order, to be gone through before the next; refusals never end the others."""
        with Apart() as apart:
            for name in self.names:
                yield self._read(name, apart)

    def _read(self, name: str, apart: Apart) -> Iterator[Item]:
        file = SourceFile(self.folder / name, name, self.folder)
        try:
            file.check()
            beside, many = sidecar(file), holds_many(name)
            items = apart.read(file, self.fields) if is_read_apart(name) else reader(file, self.fields)(file)
            for item in items:
                if isinstance(item, ReadError):
                    yield item
                elif found := _NO_TEXT.search(item.text):
                    yield ReadError(item.source, f"text: holds U+{ord(found[0]):04X}, which is no text")
                else:
                    given = merged(item.given, beside) if many else merged(beside, item.given)
                    yield replace(item, given=merged(given, self.sitemaps.given.get(name, Given())))
        except ReadError as error:
            yield error
        yield from self.sitemaps.refused.get(name, ())

    def at_most(self) -> int:
        """No fewer than the articles that it holds: a file each, or the records and items in it."""
        return sum(self._at_most(name) for name in self.names)

    def _at_most(self, name: str) -> int:
        file = SourceFile(self.folder / name, name, self.folder)
        try:
            file.check()
            return at_most(file)
        except ReadError:
            return 1

    def is_gone(self, source: str, refused: Collection[str]) -> bool:
        """Whether a stored article of this corpus, not met when it was read, is gone.

        It is not when it may stand in what could not be read: `refused` are the sources that were refused.
        """
        file = _file_of(source)
        if self.only is not None and file not in self.only:
            return False
        unread = [name for name in refused if holds_many(name) and _file_of(name) == name]
        return not unread or (file is not None and file not in unread)


def sources(folder: Path) -> tuple[str, ...]:
    """The files of a folder and its subfolders that hold articles, or should, in order, as paths with `/`.

    Linked folders are not entered, so there are no cycles. Raises: ReadError: there is no such folder.
    """
    if not folder.is_dir():
        raise ReadError(str(folder), "is not a folder; give the folder that holds the articles")
    return tuple(
        sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_source(path, folder))
    )


def _is_source(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    if any(part.startswith((".", "~$")) for part in parts) or path.name.lower().endswith((SIDECAR, MAPPING)):
        return False
    return path.is_symlink() or not path.is_dir()


def _file_of(source: str) -> str | None:
    """The file that a source names; None for one that a record gave itself."""
    if "://" in source:
        return None
    ends = (place for place, char in enumerate(source) if char == "#")
    file = next((source[:end] for end in ends if holds_many(source[:end])), source)
    return file if suffix(file) in FORMATS else None
