"""What the commands share: options, the store and encoder they name, and how they print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from index.commands.progress import counted
from index.encoder import load_encoder
from index.search import Searcher
from index.store import open_store

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="SANAD_STORE",
        help="Where the store is: a folder, or milvus://HOST:19530/NAME.",
        metavar="PLACE",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        envvar="SANAD_MODEL",
        help="A sentence-transformers model by name or folder, instead of the bundled one.",
        metavar="NAME",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]

DEFAULT_STORE = ".sanad"


def out() -> Console:
    """Where results go: plain when stdout is not a terminal, markup never interpreted."""
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


def log() -> Console:
    """Where notes and progress go: stderr."""
    return Console(file=sys.stderr, markup=False, emoji=False, highlight=False)


@contextmanager
def open_searcher(store: str, model: str | None) -> Iterator[Searcher]:
    """A Searcher over the store, opened read-only and closed after.

    Raises: StoreError: no store there, or its embeddings are another encoder's. EncoderError.
    """
    encoder = load_encoder(model)
    with counted("Rebuilding the search index") as bar:
        opened = open_store(store, encoder.key, read_only=True, progress=bar)
    with opened:
        yield Searcher(opened, encoder)


def print_json(value: Any) -> None:
    """`value` as one JSON document on stdout; dataclasses become objects, Arabic stays readable."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_jsonable) + "\n")


def _jsonable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return asdict(value)


def isolate(text: str) -> str:
    """`text` in a directional isolate where stdout is a terminal, so that Arabic within a line of English (or
    the other way round) keeps its order (UAX #9: FSI … PDI); unchanged where output is piped.
    """
    return f"\u2068{text}\u2069" if sys.stdout.isatty() else text


def isolated(text: Text) -> Text:
    """`isolate`, for styled text."""
    return Text.assemble("\u2068", text, "\u2069") if sys.stdout.isatty() else text
