"""A folder that is watched: which of its files have changed and come to rest, told so that each is synced once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from index.errors import ReadError
from index.read import Corpus, FieldMap
from index.read.formats import holds_many
from index.read.mapping import MAPPING
from index.read.sidecar import SIDECAR

TICK_S = 0.25
"""How often to look whether files that changed have come to rest."""
PATIENCE_S = 30.0
"""How long files that never come to rest hold up what needs all of the folder."""

Stamp: TypeAlias = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, and inode of a file."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a file is now, None for one that is gone; since when it is so, and since when it is not what was taken."""

    stamp: Stamp | None
    since: float
    noticed: float


class Watch:
    """Which files of a folder have changed since they were last taken, and stayed as they are for `rest` seconds."""

    def __init__(self, folder: Path, fields: FieldMap, rest: float) -> None:
        self._folder, self._fields, self._rest = folder, fields, rest
        self._taken: dict[str, Stamp] = {}
        self._changed: dict[str, _Change] = {}
        self._is_first = True

    @property
    def is_waiting(self) -> bool:
        """Whether files have changed and are not taken yet."""
        return self._is_first or bool(self._changed)

    def look(self, now: float) -> Corpus | None:
        """The corpus to sync now: all of it the first time, then the files that have come to rest; None for nothing.

        All of it again when a file changed that says something of others (a sidecar, a mapping, a sitemap), when one of
        records did, whose articles may have names of their own, or when nothing is left.
        Raises: ReadError: the folder is not there.
        """
        stamps = _stamps(self._folder)
        names = [
            name for name in self._taken.keys() | stamps.keys() if stamps.get(name) != self._taken.get(name)
        ]
        self._changed = {name: self._change(name, stamps.get(name), now) for name in names}
        ripe = {name for name, change in self._changed.items() if now - change.since >= self._rest}
        if not ripe and not (self._is_first and not names):
            return None
        whole = Corpus.at(self._folder, self._fields)
        if self._is_first or not whole.names or any(_concerns_others(name) for name in ripe):
            waited = max((now - change.noticed for change in self._changed.values()), default=0.0)
            return whole if len(ripe) == len(names) or waited >= PATIENCE_S else None
        return replace(whole, names=tuple(name for name in whole.names if name in ripe), only=frozenset(ripe))

    def taken(self, corpus: Corpus) -> None:
        """Say that a corpus that `look` gave has been synced."""
        self._is_first = False
        for name, change in list(self._changed.items()):
            if corpus.only is None or name in corpus.only:
                del self._changed[name]
                if change.stamp is None:
                    self._taken.pop(name, None)
                else:
                    self._taken[name] = change.stamp

    def _change(self, name: str, stamp: Stamp | None, now: float) -> _Change:
        known = self._changed.get(name)
        if known and known.stamp == stamp:
            return known
        since = now
        if (
            self._is_first and known is None and stamp is not None
        ):  # what was written before we came is at rest
            since -= max(0.0, time.time() - stamp[1] / 1e9)
        return _Change(stamp, since, known.noticed if known else now)


def ticks(folder: Path, stop: threading.Event, every: float, told: Callable[[str], None]) -> Iterator[bool]:
    """True when something in the folder may have changed, False in between, until `stop` is set.

    The system tells of changes where it can; besides, and where it cannot, True comes every so many seconds. `told` is
    called with what it cannot and why.
    """
    from watchfiles import watch  # only who watches waits for it

    while not stop.is_set():
        identity = _identity(folder)
        try:
            if identity is None:
                raise FileNotFoundError(f"{folder} is not there")
            changes = watch(
                folder,
                watch_filter=None,
                debounce=int(TICK_S * 1000),
                rust_timeout=int(TICK_S * 1000),
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
            )
            next(changes, None)  # now it listens, so that nothing is missed after the first look
            looked = time.monotonic()
            yield True
            for change in changes:
                is_due = time.monotonic() - looked >= every
                looked = time.monotonic() if change or is_due else looked
                yield bool(change) or is_due
                if _identity(folder) != identity:
                    break
        except (
            OSError,
            RuntimeError,
        ) as error:  # the latter is how watchfiles passes on what it does not know
            told(f"{folder}: the system cannot tell of changes ({error}); looking every {every:g} seconds")
            if not stop.wait(every):
                yield True


def _concerns_others(name: str) -> bool:
    return name.lower().endswith((SIDECAR, MAPPING)) or holds_many(name)


def _stamps(folder: Path) -> Mapping[str, Stamp]:
    """All files of a folder and its subfolders but hidden ones. Raises: ReadError: the folder is not there."""
    if not folder.is_dir():
        raise ReadError(str(folder), "is not a folder that is there; what is stored of it stays")
    found: dict[str, Stamp] = {}
    waiting = [(str(folder), "")]
    while waiting:
        path, prefix = waiting.pop()
        try:
            entries = list(os.scandir(path))
        except OSError:
            continue  # gone meanwhile, or not ours to read: the sync says so
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                found[prefix + entry.name] = _stamp(entry)
    return found


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    try:
        status = entry.stat(follow_symlinks=not entry.is_dir())  # a linked folder is not entered
    except OSError:  # a link that leads nowhere, or a file that is just gone
        return (-1, -1, -1)
    return (status.st_size, status.st_mtime_ns, status.st_ino)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
