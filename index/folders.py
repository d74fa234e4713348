"""Folders that are synced: those that lie in one another, and what in them belongs to no article."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from index.errors import IndexingError

SIDECAR = ".meta.json"


def check_apart(root: Path, others: Collection[str]) -> None:
    """Raises: IndexingError: the folder lies in one that was synced before, or one lies in it: what is below would be
    stored twice, under two sources.
    """
    for other in sorted(others):
        if not Path(other).is_dir():  # nothing can come from there twice
            continue
        if _reaches(Path(other), root):
            raise IndexingError(
                f"{root} lies in {other}, which the store holds: its articles would be there twice. Sync {other},"
                " or sync into another store (--store)"
            )
        if _reaches(root, Path(other)):
            raise IndexingError(
                f"{root} holds {other}, which the store holds by itself: its articles would be there twice. Go on"
                f" syncing {other}, and the folders beside it one by one, or sync {root} into a new store (--store)"
            )


def stray_sidecars(folder: Path, sources: Collection[str]) -> tuple[str, ...]:
    """The sidecars beside no article of these sources, in order: nothing reads them. `a.b.meta.json` goes with `a.b`,
    and with any `a.b.c`.
    """
    named = {stem for source in sources for stem in _stems(source)}
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.name.lower().endswith(SIDECAR))
    shown = (path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))
    return tuple(sorted(name for name in shown if name[: -len(SIDECAR)] not in named))


def _reaches(folder: Path, other: Path) -> bool:
    """Whether `other` lies in a folder and not in a hidden one, which is not synced."""
    if other == folder or not other.is_relative_to(folder):
        return False
    return not any(part.startswith(".") for part in other.relative_to(folder).parts)


def _stems(source: str) -> list[str]:
    """A source, and what is left of it without its suffixes, one by one."""
    path, stems = Path(source), [source]
    while path.suffix:
        path = path.with_suffix("")
        stems.append(path.as_posix())
    return stems
