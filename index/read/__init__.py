"""Files to raw articles: one reader a format, what it cannot read refused by name with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from index.errors import ReadError
from index.read import text
from index.types import RawArticle

Reader = Callable[[Path, str], RawArticle]
"""A function of a file and its source name; raises ReadError with that name."""

READERS: Mapping[str, Reader] = MappingProxyType(
    {".txt": text.read, ".md": text.read, ".markdown": text.read}
)
"""The reader of each suffix, lower case."""

SIDECAR = text.SIDECAR


def read_folder(folder: Path) -> Iterator[RawArticle | ReadError]:
    """The articles of a folder and its subfolders, ordered by source; what is refused comes as the ReadError.

    `source` is the path relative to the folder with `/`. Hidden files and folders and `*.meta.json` sidecars are no
    sources; a file of an unknown suffix is refused, not passed over. Nothing for an empty folder.

    Raises: ReadError when there is no such folder.
    """
    for source in sources(folder):
        try:
            yield read_file(folder / source, source, folder)
        except ReadError as error:
            yield error


def sources(folder: Path) -> list[str]:
    """The files `read_folder` goes through, in its order, as paths relative to the folder with `/`.

    Raises: ReadError when there is no such folder.
    """
    if not folder.is_dir():
        raise ReadError(str(folder), "is not a folder; give the folder that holds the articles")
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder))


def read_file(path: Path, source: str, folder: Path) -> RawArticle:
    """The article of one file of a folder, under this source name.

    Raises: ReadError when the suffix is unknown, the name is not UTF-8, the file lies outside the folder or its
            reader refuses it.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise ReadError(source, f"no reader for {path.suffix or 'a name without suffix'}; there are {known}")
    try:
        source.encode()
        is_inside = path.resolve().is_relative_to(folder.resolve())
    except UnicodeEncodeError:
        raise ReadError(ascii(source), "has a name that is not UTF-8; rename it") from None
    except (OSError, RuntimeError) as error:  # a link to itself; RuntimeError before Python 3.13
        raise ReadError(source, f"cannot be read: {error}") from error
    if not is_inside:
        raise ReadError(source, "is a link to a file outside the folder; copy the file here instead")
    return reader(path, source)


def _files(folder: Path) -> Iterator[Path]:
    """The files under a folder; linked folders are not entered, so there are no cycles."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        is_hidden = any(part.startswith(".") for part in parts)
        if (
            not is_hidden
            and not path.name.lower().endswith(SIDECAR)
            and (path.is_symlink() or not path.is_dir())
        ):
            yield path
