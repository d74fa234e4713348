"""`sanad model …`: what an encoder is, and the bundled one as a standard folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from index.commands import change
from index.commands.console import DEFAULT_STORE, JsonOption, StoreOption, log, out, print_json
from index.encoder import BUNDLED, load_encoder
from index.encoder.export import export_model
from index.encoder.inspect import Inspection, inspect
from index.errors import StoreMissingError
from index.store import open_store, shown
from index.types import EncoderKey


def register(app: typer.Typer) -> None:
    """Add these commands to the application, under `model`."""
    group = typer.Typer(help="Look at and export the encoder.", no_args_is_help=True)
    group.command("info")(info)
    group.command("export")(export)
    change.register(group)
    app.add_typer(group, name="model")


def info(
    name: Annotated[
        str, typer.Argument(envvar="SANAD_MODEL", help="A sentence-transformers model, or the bundled one.")
    ] = BUNDLED,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Say what an encoder is, whether it reads both languages, how fast it is here, and whether it fits the store."""
    inspection = inspect(load_encoder(name))
    held = _held(store)
    if as_json:
        facts = asdict(inspection) | {"is_cross_lingual": inspection.is_cross_lingual}
        print_json(facts | {"fits_store": None if held is None else held == inspection.key})
    else:
        _print_inspection(inspection, store, held)


def _held(store: str) -> EncoderKey | None:
    try:
        with open_store(store, read_only=True) as opened:
            return opened.encoder_key
    except StoreMissingError:
        return None


def _print_inspection(found: Inspection, store: str, held: EncoderKey | None) -> None:
    facts = {
        "model": f"{found.key.id} ({found.key.revision})",
        "dimensions": str(found.key.dim),
        "reads up to": f"{found.max_tokens} tokens a passage",
        "translations": f"{found.matched:.0%} matched; cosine {found.cosine:.2f}, of others {found.cosine_others:.2f}",
        "speed here": f"{found.query_ms:.1f} ms a query, {found.passages_per_second:.0f} passages a second",
        "store": _fit(found.key, shown(store), held),
    }
    for name, fact in facts.items():
        out().print(f"{name:<13} {fact}", soft_wrap=True)
    if not found.is_cross_lingual:
        log().print(
            "warning: this model does not place Arabic beside its English translation; it reads one language"
        )


def _fit(key: EncoderKey, store: str, held: EncoderKey | None) -> str:
    if held is None:
        return f"there is none in {store}"
    return f"{store} was made by it" if held == key else f"{store} was made by {held.id} ({held.revision})"


def export(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Write the bundled model as a sentence-transformers folder, float32, for fine-tuning or a hub."""
    export_model(folder)
    log().print(f"wrote {folder}; load it with SentenceTransformer({str(folder)!r}, trust_remote_code=True)")
