"""What stands beside a file: `NAME.meta.json` with provenance, for all articles that the file holds."""

from __future__ import annotations

import json

from index.errors import ReadError
from index.read.files import SourceFile
from index.read.given import fields
from index.types import Given

SIDECAR = ".meta.json"
MAX_BYTES = 100_000


def sidecar(file: SourceFile) -> Given:
    """What the sidecar says; nothing when there is none. For `a.html.gz` it is `a.html.gz`, `a.html` or `a`.meta.json.

    Raises: ReadError when it is not a JSON object in UTF-8, or a field is unknown or malformed.
    """
    try:
        beside = file.beside(SIDECAR)
        if beside is None:
            return Given()
        name, content = beside.source, beside.content(MAX_BYTES).data
    except ReadError as error:
        raise ReadError(file.source, f"has a sidecar that {error.reason}") from error
    try:
        values = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ReadError(file.source, f"has a sidecar {name} that is not JSON in UTF-8: {error}") from error
    if not isinstance(values, dict):
        raise ReadError(file.source, f"has a sidecar {name} that is no JSON object")
    return fields(values, file.source, f"sidecar {name}")
