"""`sanad model …`: what an encoder is, and the bundled one as a standard folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from index.commands.console import log
from index.encoder.export import export_model


def register(app: typer.Typer) -> None:
    """Add these commands to the application, under `model`."""
    group = typer.Typer(help="Look at, export and change the encoder.", no_args_is_help=True)
    group.callback()(_group)
    group.command("export")(export)
    app.add_typer(group, name="model")


def _group() -> None:
    """Keeps `model` a group while it has one command."""


def export(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Write the bundled model as a sentence-transformers folder, float32, for fine-tuning or a hub."""
    export_model(folder)
    log().print(f"wrote {folder}; load it with SentenceTransformer({str(folder)!r})")
