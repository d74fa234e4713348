"""What the extras add: the packages that this environment, which the lock for development made, has for them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.licences import Piece, of_packages
from release.source import ReleaseError

EXTRAS = ("models", "milvus", "ray")
NOT_OURS = ("nvidia-", "cuda-")
"""What torch brings where it is made for a graphics card: under NVIDIA's terms, and in nothing that is shipped."""


def of_extras(package: str = "sanad-search") -> Mapping[str, tuple[Piece, ...]]:
    """The packages that each extra adds to those of the package alone, by name.

    Raises: ReleaseError: one is not installed here.
    """
    here = {canonicalize_name(piece.name): piece for piece in of_packages(Path(sys.executable))}
    alone = _asked(package, ())
    added = {extra: sorted(_asked(package, (extra,)) - alone) for extra in EXTRAS}
    return {
        extra: tuple(here[name] for name in names if not name.startswith(NOT_OURS))
        for extra, names in added.items()
    }


def _asked(package: str, extras: Iterable[str]) -> set[str]:
    """The names of all that a package with these extras asks for, itself among them."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    todo = [(str(canonicalize_name(package)), tuple(extras))]
    while todo:
        name, wanted = found = todo.pop()
        if found in seen or name.startswith(NOT_OURS):
            continue
        seen.add(found)
        try:
            asked = map(Requirement, requires(name) or ())
        except PackageNotFoundError:
            raise ReleaseError(
                f"{name} is not installed here; make this environment anew, with make"
            ) from None
        for one in asked:
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in wanted or ("",)):
                todo.append((str(canonicalize_name(one.name)), tuple(sorted(one.extras))))
    return {name for name, _ in seen}
