"""What the tests of readers share: a file made, read in this process, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.formats import Item
from index.types import RawArticle

Reader = Callable[[SourceFile], Iterator[Item]]


def file(folder: Path, name: str, content: bytes | str) -> SourceFile:
    """A file of this content in the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return SourceFile(path, name, folder)


def only(items: Iterator[Item]) -> RawArticle:
    """The one article that there is."""
    (item,) = items
    assert isinstance(item, RawArticle), item
    return item


def refusal(read: Reader, source: SourceFile) -> str:
    """Why the file is refused: one line that begins with its name."""
    with pytest.raises(ReadError) as raised:
        list(read(source))
    message = str(raised.value)
    assert message.startswith(f"{source.source}: ")
    assert "\n" not in message
    return message.removeprefix(f"{source.source}: ")
