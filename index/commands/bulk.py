"""`sanad bulk`: folders too large for one machine, embedded by a Ray cluster."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from index.bulk import Loaded, bulk, cluster
from index.clean import Phrases
from index.commands.console import DEFAULT_STORE, JsonOption, ModelOption, StoreOption, out, print_json
from index.commands.corpus import MapOption, PhrasesOption, field_map, open_or_create
from index.commands.progress import counted
from index.encoder import load_encoder
from index.read import Corpus


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("bulk")(load)


def load(
    corpora: Annotated[list[Path], typer.Argument(help="Folders or files of articles.", metavar="PATH...")],
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
    phrases: PhrasesOption = None,
    mapping: MapOption = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--ray",
            envvar="RAY_ADDRESS",
            help="The Ray cluster's head; this machine alone when unset.",
            metavar="HOST:PORT",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Processes that embed; one for each core of the cluster when unset."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Load many articles, read and embedded on all machines of a Ray cluster; this one writes.

    Every machine has sanad-search installed and sees the articles at the same path. What is stored already is left
    alone, so a load that was broken off goes on when it is run again. Nothing is removed: `sanad sync` does that.
    """
    fields = field_map(mapping)
    paths = tuple(path.resolve() for path in phrases or ())
    Phrases.load(*paths)  # what is wrong with them is told here, not on every node
    encoder = load_encoder(model)
    found = {}
    # What Ray has to say it prints to stdout, which is for what came of it.
    with (
        redirect_stdout(sys.stderr),
        cluster(address) as cores,
        open_or_create(store, encoder.key, False) as opened,
    ):
        for path in dict.fromkeys(path.resolve() for path in corpora):
            with counted(f"Loading {path.name}") as bar:
                found[str(path)] = bulk(
                    Corpus.at(path, fields),
                    opened,
                    partial(load_encoder, model),
                    jobs or cores,
                    phrases=paths,
                    progress=bar,
                )
    if as_json:
        print_json(found)
        return
    for name, loaded in found.items():
        _print(name, loaded)


def _print(name: str, loaded: Loaded) -> None:
    for change in loaded.refused:
        out().print(f"refused {change.source}: {change.reason}", soft_wrap=True)
    out().print(
        f"{name}: {loaded.stored} stored, {loaded.unchanged} unchanged, {len(loaded.refused)} refused;"
        f" {loaded.embedded} passages embedded; revision {loaded.revision}",
        soft_wrap=True,
    )
