"""Sitemaps beside the files that they list: they say under which address a file was published.

https://www.sitemaps.org/protocol.html, with Google's extension for news. Nothing is fetched.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from index.errors import ReadError
from index.read.dates import iso
from index.read.files import SourceFile, suffix
from index.read.given import checked
from index.types import Given

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEAD = 65_536
_PAGES = ("", ".html", ".htm", "/index.html", "/index.htm", "index.html", "index.htm")
_FIELDS = {"name": "publisher", "title": "title", "publication_date": "published_at"}


@dataclass(frozen=True, slots=True)
class Listed:
    """What sitemaps say of files, by source; and what of each sitemap is refused."""

    given: Mapping[str, Given] = field(default_factory=lambda: MappingProxyType({}))
    refused: Mapping[str, Sequence[ReadError]] = field(default_factory=lambda: MappingProxyType({}))


def listed(folder: Path, names: Sequence[str], among: Sequence[str]) -> Listed:
    """What the sitemaps of these names say of files `among` those of the folder.

    A listed file lies where its address says: at its path, below a folder of the host's name or not, as in a copy of
    the site; or by its name beside the sitemap. A sitemap that cannot be read says nothing here: its reader refuses it.
    """
    given: dict[str, Given] = {}
    refused: dict[str, Sequence[ReadError]] = {}
    there = frozenset(among)
    for name in names:
        file = SourceFile(folder / name, name, folder)
        try:
            if suffix(name) == ".xml" and _is_sitemap(file):
                from index.read.xml import parsed  # only where there is a sitemap

                found, missing, outside = _listed(parsed(file), name, there)
                given = found | given
                refused[name] = [
                    *_summary(name, missing, "not beside it"),
                    *_summary(name, outside, "outside the folder"),
                ]
        except ReadError:
            continue
    return Listed(MappingProxyType(given), MappingProxyType(refused))


def _is_sitemap(file: SourceFile) -> bool:
    file.check()
    with file.stream() as stream:
        return b"urlset" in stream.read(_HEAD)


def _listed(root: Element, name: str, there: frozenset[str]) -> tuple[dict[str, Given], list[str], list[str]]:
    """What is said of files that are there; addresses whose file is not there; paths that lead out of the folder."""
    given: dict[str, Given] = {}
    missing: list[str] = []
    outside: list[str] = []
    for entry in root:
        said = {str(one.tag).rpartition("}")[2]: (one.text or "").strip() for one in entry.iter()}
        address = said.get("loc", "")
        places = list(_places(address, posixpath.dirname(name)))
        if found := next((place for place in places if place in there), None):
            given[found] = _given(address, said)
        elif not places:
            outside.append(address)
        else:
            missing.append(address)
    return given, missing, outside


def _places(address: str, base: str) -> Iterator[str]:
    """Where the file of an address may lie in the folder; none where it would lie outside."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    if parts.scheme not in ("http", "https", "") or (not parts.scheme and address.startswith("/")):
        return
    path = unquote(parts.path)
    path = path.lstrip("/") if parts.scheme else path
    for start in dict.fromkeys((path, f"{parts.hostname or ''}/{path}", posixpath.basename(path))):
        for ending in _PAGES:
            for packed in ("", ".gz"):
                place = posixpath.normpath(posixpath.join(base, start + ending + packed))
                if not place.startswith(("..", "/")):
                    yield place


def _given(address: str, said: Mapping[str, str]) -> Given:
    found = {"url": address} | {target: said[name] for name, target in _FIELDS.items() if said.get(name)}
    good: dict[str, str] = {}
    for name, value in found.items():
        try:
            good[name] = checked(name, iso(value) if name == "published_at" else value)
        except (TypeError, ValueError, OverflowError):
            continue
    return Given(**good)  # type: ignore[arg-type]  # no language among them


def _summary(name: str, addresses: Sequence[str], where: str) -> Iterator[ReadError]:
    if addresses:
        several = len(addresses) > 1
        said = f"{len(addresses):,} files {where}, this first" if several else f"a file {where}"
        yield ReadError(f"{name}#{addresses[0][:200]}", f"lists {said}; nothing is fetched")
