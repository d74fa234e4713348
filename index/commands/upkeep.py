"""`sanad verify`, `sanad export`, `sanad import`: that what is stored is what was put, and taking it elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from index.commands.console import (
    DEFAULT_STORE,
    JsonOption,
    ModelOption,
    StoreOption,
    log,
    out,
    print_json,
)
from index.commands.progress import counted
from index.encoder import load_encoder
from index.errors import StoreError, StoreMissingError
from index.store import create_store, is_address, open_store
from index.store.exchange import exported, imported
from index.sync import encode_passages
from index.types import EncoderKey, Store

if TYPE_CHECKING:
    from index.store.verify import Verification

DAMAGED = 3
"""Exit code when something that is stored is damaged."""


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("verify")(verify_store)
    app.command("export")(export_corpus)
    app.command("import")(import_corpus)


def verify_store(
    store: StoreOption = DEFAULT_STORE,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Make all that is derived anew; withdraw articles that are damaged."),
    ] = False,
    recall: Annotated[
        bool, typer.Option("--recall", help="Measure what the search index finds of what exact search finds.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check every checksum, offset, id, norm and count, and the search index against the database.

    Exits with 3 when something is damaged and was not repaired.
    """
    if is_address(store):
        if recall:
            raise typer.BadParameter("recall is measured of a store in a folder", param_hint="--recall")
        before, after = _inspected(store, repair=repair)
    else:
        before, after = _verified(Path(store), repair=repair)
    measured = _recall(Path(store)) if recall and not after.damages else None
    if as_json:
        facts = {"revision": after.revision, "articles": after.articles, "passages": after.passages}
        damages = [{"what": damage.what, "repair": damage.repair} for damage in before.damages]
        left = [damage.what for damage in after.damages]
        print_json(facts | {"damages": damages, "left": left, "recall_at_10": measured})
    else:
        _print(before, after, repair=repair)
        if measured is not None:
            out().print(f"recall@10 against exact search: {measured:.3f}")
    if after.damages:
        raise typer.Exit(DAMAGED)


def _verified(folder: Path, *, repair: bool) -> tuple[Verification, Verification]:
    """What was found in a store in a folder, and what is left of it."""
    from index.store.repair import repair as repaired  # FAISS takes a while to import
    from index.store.verify import verify

    if repair:
        with counted("Rebuilding") as progress:
            return repaired(folder, progress=progress)
    with counted("Verifying") as progress:
        found = verify(folder, progress=progress)
    return found, found


def _inspected(address: str, *, repair: bool) -> tuple[Verification, Verification]:
    """The same, of a store on Milvus."""
    with open_store(address, read_only=not repair) as opened:
        from index.store.milvus.store import MilvusStore
        from index.store.milvus.verify import Inspection

        assert isinstance(opened, MilvusStore)  # or it would be no address
        with counted("Verifying") as progress:
            found = Inspection(opened, progress)
        before = found.verification()
        if not (repair and before.damages):
            return before, before
        found.repair()
        return before, Inspection(opened).verification()


def _recall(folder: Path) -> float:
    from index.store.embedded import EmbeddedStore
    from index.store.recall import recall

    with EmbeddedStore.open(folder, read_only=True) as opened:
        return recall(opened.view()).at_k


def _print(before: Verification, after: Verification, *, repair: bool) -> None:
    for damage in before.damages:
        told = "" if repair else f"\n  --repair would: {damage.repair}"
        out().print(f"damaged: {damage.what}{told}", soft_wrap=True)
    if repair and before.damages:
        left = f"{len(after.damages)} cannot be" if after.damages else "all is whole now"
        out().print(f"repaired; {left}")
        for damage in after.damages:
            out().print(f"still damaged: {damage.what}: {damage.repair}", soft_wrap=True)
    elif not before.damages:
        out().print(f"whole: {after.articles} articles, {after.passages} passages, revision {after.revision}")


def export_corpus(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; stdout if it is left out.", metavar="FILE")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write all articles with their provenance and passages as JSONL; the same corpus gives the same bytes."""
    with open_store(store, read_only=True) as opened:
        if file is None:
            _write(exported(opened), sys.stdout.buffer)
            return
        try:
            with file.open("wb") as target:
                count = _write(exported(opened), target)
        except OSError as error:
            raise StoreError(f"{file} cannot be written: {error.strerror}") from error
    log().print(f"wrote {count - 1} articles to {file}", soft_wrap=True)


def _write(lines: Iterator[str], target: BinaryIO) -> int:
    """How many lines were written."""
    return sum(target.write(f"{line}\n".encode()) > 0 for line in lines)


def import_corpus(
    file: Annotated[Path, typer.Argument(help="What `sanad export` wrote.", metavar="FILE")],
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
) -> None:
    """Put the articles of an export into the store, made if there is none; articles that differ are replaced."""
    encoder = load_encoder(model)
    with _lines(file) as lines, _opened_or_created(store, encoder.key) as opened:
        count = imported(opened, lines, partial(encode_passages, encoder))
        log().print(f"put {count} articles; revision {opened.view().revision}", soft_wrap=True)


def _opened_or_created(store: str, key: EncoderKey) -> Store:
    try:
        return open_store(store, key)
    except StoreMissingError:
        return create_store(store, key)


@contextmanager
def _lines(file: Path) -> Iterator[Iterator[str]]:
    try:
        with file.open(encoding="utf-8", newline="\n") as source:
            yield iter(source)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{file} cannot be read: {error}") from error
