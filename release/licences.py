"""Under which licences that comes which is shipped: the dependencies, the encoder's base, the data it learnt from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.source import ReleaseError

FORBIDDEN = re.compile(
    r"\b(NC|ND|A?GPL|non-?commercial|no ?deriv\w*|research only|unknown|proprietary)\b", re.IGNORECASE
)
"""In the licence of data: what an archive's owner could not use, wherever else it is allowed."""


@dataclass(frozen=True)
class Allowed:
    """The list in `licences.toml`: a licence's name → why it is allowed; and what the encoder began as."""

    packages: Mapping[str, str]
    data: Mapping[str, str]
    bases: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Piece:
    """One thing that is shipped or learnt from, as its metadata or card tells."""

    name: str
    version: str
    licence: str
    url: str = ""


def read_allowed(tree: Path) -> Allowed:
    """The list of this source tree."""
    held = tomllib.loads((tree / "release" / "licences.toml").read_text("utf-8"))
    return Allowed(held["packages"], held["data"], tuple(held["bases"]))


def of_packages(python: Path) -> list[Piece]:
    """What is installed for this Python, by name. Raises: ReleaseError: it cannot be told."""
    words = [
        "pip-licenses",
        "--python",
        str(python),
        "--from=mixed",
        "--format=json",
        "--with-urls",
        "--with-system",
    ]
    ran = subprocess.run(
        [Path(sys.executable).parent / words[0], *words[1:]], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ReleaseError(f"pip-licenses failed: {ran.stderr.strip()}")
    found = [Piece(row["Name"], row["Version"], row["License"], row["URL"]) for row in json.loads(ran.stdout)]
    return sorted(found, key=lambda piece: piece.name.lower())


def of_data(card: str) -> list[Piece]:
    """The sources in the table of the data card. Raises: ReleaseError: it has none."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in card.splitlines()
        if line.startswith("|")
    ]
    head = rows[0] if rows else []
    columns = [number for number, title in enumerate(head) if title.startswith(("source", "licence"))]
    if len(columns) != 2 or len(rows) < 3:
        raise ReleaseError("training/DATA.md has no table with the columns `source` and `licence`")
    source, licence = columns
    return [Piece(row[source], "", row[licence]) for row in rows[2:]]


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Whether each licence of `A AND B`, `A; B`, or any of `A OR B`, is one of these."""
    names = set(allowed)
    return all(
        any(one in names for one in re.split(r"\s+OR\s+", part.removeprefix("(").removesuffix(")")))
        or part in names
        for part in re.split(r"\s+AND\s+|;\s*", expression.strip())
    )


def is_allowed_data(licence: str, allowed: Iterable[str]) -> bool:
    """Whether what a card says names one of these, by a part of its own, and nothing forbidden."""
    if FORBIDDEN.search(licence):
        return False
    parts = [part.strip() for part in re.split(r"[,;/]", licence)]
    return any(re.match(rf"{re.escape(name)}(?![\w-])", part) for part in parts for name in allowed)


def refused(packages: Iterable[Piece], data: Iterable[Piece], allowed: Allowed) -> list[str]:
    """A line for each that is not allowed."""
    bad = [piece for piece in packages if not is_allowed(piece.licence, allowed.packages)]
    bad += [piece for piece in data if not is_allowed_data(piece.licence, allowed.data)]
    return [f"{piece.name} {piece.version}".strip() + f": {piece.licence or 'no licence'}" for piece in bad]


def page(
    packages: Iterable[Piece],
    extras: Mapping[str, Iterable[Piece]],
    data: Iterable[Piece],
    allowed: Allowed,
) -> str:
    """All of it as a page of Markdown; `extras` are the packages that each extra adds."""
    lines = ["# Licences of what Sanad installs and of what its encoder learnt from", ""]
    lines += ["## Packages", "", "| package | version | licence |", "|---|---|---|"]
    lines += [f"| [{one.name}]({one.url}) | {one.version} | {one.licence} |" for one in packages]
    for extra, added in extras.items():
        lines += ["", f"### The extra `{extra}` adds", "", "| package | version | licence |", "|---|---|---|"]
        lines += [f"| [{one.name}]({one.url}) | {one.version} | {one.licence} |" for one in added]
    lines += [
        "",
        "torch is the one for the CPU; made for a graphics card it brings libraries under NVIDIA's terms.",
    ]
    lines += ["", "## The encoder", "", "| began as | licence |", "|---|---|"]
    lines += [f"| {base['name']} | {base['licence']} |" for base in allowed.bases]
    lines += ["", "| learnt from | licence and attribution |", "|---|---|"]
    lines += [f"| {one.name} | {one.licence} |" for one in data]
    for title, names in (("packages", allowed.packages), ("data", allowed.data)):
        lines += ["", f"## Why these are allowed: {title}", "", "| licence | why |", "|---|---|"]
        lines += [f"| {name} | {why} |" for name, why in names.items()]
    return "\n".join(lines) + "\n"
