"""The bill of materials: what is installed, the encoder in the box and what that learnt from, as CycloneDX."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from release.archive import sha256
from release.licences import Allowed, Piece
from release.source import ReleaseError

SCHEMA = "1.6"


def bill(
    python: Path,
    tree: Path,
    packages: Iterable[Piece],
    extras: Mapping[str, Iterable[Piece]],
    data: Iterable[Piece],
    allowed: Allowed,
) -> str:
    """The document, as JSON. `python` is that of an environment which holds `packages`, ours, and nothing else;
    what each extra adds is in it as optional.

    Raises: ReleaseError: it cannot be made, or is not valid.
    """
    words = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(tree / "pyproject.toml")]
    options = ["--sv", SCHEMA, "--output-reproducible", "--of", "JSON", str(python)]
    ran = subprocess.run([*words, *options], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ReleaseError(f"cyclonedx-py failed: {ran.stderr.strip()}")
    document = json.loads(ran.stdout)
    licences = {piece.name: piece.licence for piece in packages}
    for component in document["components"]:  # a name that cyclonedx-py does not know, it leaves out
        component.setdefault("licenses", _named(licences[component["name"]]))
    document["components"] += _optional(extras)
    document["components"] += [_encoder(tree / "index" / "model", allowed), *map(_source, data)]
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    _validate(text)
    return text


def _optional(extras: Mapping[str, Iterable[Piece]]) -> list[dict[str, Any]]:
    """The packages that extras add, each with the extras that do."""
    asking: dict[Piece, list[str]] = {}
    for extra, pieces in extras.items():
        for piece in pieces:
            asking.setdefault(piece, []).append(extra)
    return [
        {
            "type": "library",
            "bom-ref": f"extra:{piece.name}",
            "name": piece.name,
            "version": piece.version,
            "scope": "optional",
            "purl": f"pkg:pypi/{piece.name.lower().replace('_', '-')}@{quote(piece.version)}",
            "licenses": _named(piece.licence),
            "properties": [{"name": "sanad:extra", "value": extra} for extra in asking[piece]],
        }
        for piece in sorted(asking, key=lambda piece: piece.name.lower())
    ]


def _encoder(model: Path, allowed: Allowed) -> dict[str, Any]:
    """The bundled encoder and what it began as."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    graph = model / "onnx" / "model_int8.onnx"
    bases = [
        {"type": "machine-learning-model", "name": base["name"], **_spdx(base["licence"])}
        for base in allowed.bases
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": "encoder",
        "name": config["model_id"],
        "hashes": [{"alg": "SHA-256", "content": sha256(graph)}],
        **_spdx("Apache-2.0"),
        "pedigree": {"ancestors": bases},
    }


def _source(piece: Piece) -> dict[str, Any]:
    """One source of what the encoder learnt from; none of it is shipped."""
    return {"type": "data", "name": piece.name, "scope": "excluded", "licenses": _named(piece.licence)}


def _named(licence: str) -> list[dict[str, Any]]:
    return [{"license": {"name": licence}}]


def _spdx(identifier: str) -> dict[str, Any]:
    return {"licenses": [{"license": {"id": identifier}}]}


def _validate(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wrong = JsonStrictValidator(SchemaVersion.from_version(SCHEMA)).validate_str(text)
    if wrong is not None:
        raise ReleaseError(f"the bill of materials is not valid CycloneDX {SCHEMA}: {wrong}")
