"""Files to raw articles: one reader a format, what it cannot read refused by name with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from index.read.corpus import Corpus, sources
from index.read.formats import FORMATS, Item
from index.read.mapping import FieldMap

__all__ = ["FORMATS", "Corpus", "FieldMap", "Item", "read_folder", "sources"]


def read_folder(folder: Path) -> Iterator[Item]:
    """The articles of a folder and its subfolders, ordered by source; what is refused comes as the ReadError.

    Raises: ReadError when there is no such folder.
    """
    yield from Corpus.at(folder)
