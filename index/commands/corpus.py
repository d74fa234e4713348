"""`sanad sync`, `sanad show`, `sanad status`: what goes into the store and what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from index.clean import Phrases
from index.commands.console import (
    DEFAULT_STORE,
    JsonOption,
    ModelOption,
    StoreOption,
    isolate,
    out,
    print_json,
)
from index.commands.progress import counted
from index.encoder import load_encoder
from index.errors import ArticleMissingError, IndexingError, StoreMissingError
from index.identity import article_id
from index.read import Corpus, FieldMap
from index.read.mapping import TARGETS
from index.store import create_store, is_address, open_store, shown
from index.sync import KINDS, Pool, Report, sync
from index.types import Article, EncoderKey, Passage, Store, View

PhrasesOption = Annotated[
    list[Path] | None,
    typer.Option(
        envvar="SANAD_PHRASES", help="More phrases that mark what is not body text.", metavar="FILE"
    ),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Which fields of a record are which, such as title=headline,text=lead,text=body.html; there are"
        f" {', '.join(TARGETS)}.",
        metavar="TARGET=FIELD,...",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("sync")(sync_folders)
    app.command()(show)
    app.command()(status)


def sync_folders(
    paths: Annotated[
        list[Path], typer.Argument(help="Folders of articles, or files.", metavar="FOLDER|FILE...")
    ],
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
    phrases: PhrasesOption = None,
    mapping: MapOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let a folder without articles empty its part of the store.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a source was refused.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=256, help="Processes that embed, a core each.")
    ] = 1,
    as_json: JsonOption = False,
) -> None:
    """Make the store equal to folders of articles, or to files; only what changed is embedded.

    Read are text and Markdown (.txt .md), web pages (.html), PDF, Word (.docx), feeds (.xml .rss .atom), sitemaps of
    files beside them (.xml), lines of JSON and tables (.jsonl .csv .tsv), each also packed (.gz). A source that cannot
    be read is refused and named; the others go in all the same. Nothing is fetched.

    Of a file of records each is an article: FILE#ID, or what its field `source` says. --map, or a NAME.map.toml beside
    the file, says which fields are which; an id that is no longer there, or marked as removed, is removed.
    """
    fields = field_map(mapping)
    encoder = load_encoder(model)
    rules = Phrases.load(*(phrases or []))
    reports = {}
    with open_or_create(store, encoder.key, dry_run) as opened, _pool(model, encoder.key, jobs) as pool:
        for path in dict.fromkeys(path.resolve() for path in paths):
            with counted(f"Syncing {path.name}") as bar:
                reports[str(path)] = sync(
                    Corpus.at(path, fields),
                    opened,
                    encoder,
                    phrases=rules,
                    dry_run=dry_run,
                    allow_empty=allow_empty,
                    pool=pool,
                    progress=bar,
                )
    if as_json:
        print_json(reports)
    else:
        for name, report in reports.items():
            _print_report(name, report, dry_run)
    if strict and any(report.count("refused") for report in reports.values()):
        raise typer.Exit(1)


def field_map(written: list[str] | None) -> FieldMap:
    """The mapping that `--map` says. Raises: typer.BadParameter: it says none."""
    try:
        return FieldMap.parse(",".join(written)) if written else FieldMap()
    except IndexingError as error:
        raise typer.BadParameter(str(error)) from error


def _pool(model: str | None, key: EncoderKey, jobs: int) -> AbstractContextManager[Pool | None]:
    """Processes that embed; None for one job, which this process does."""
    if jobs == 1:
        return nullcontext()
    from index.encoder.pool import EncoderPool  # what starts processes takes a while to import

    return EncoderPool.create(partial(load_encoder, model), key, jobs)


@contextmanager
def open_or_create(store: str, key: EncoderKey, dry_run: bool) -> Iterator[Store]:
    """The store, made if there is none; for a dry run of a first sync, made where it is thrown away."""
    with ExitStack() as stack:
        try:
            with counted("Rebuilding the search index") as bar:
                opened = open_store(store, key, read_only=dry_run, progress=bar)
        except StoreMissingError:
            place = stack.enter_context(TemporaryDirectory()) if dry_run else store
            opened = create_store(place, key)
        yield stack.enter_context(opened)


def _print_report(folder: str, report: Report, dry_run: bool) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("")
    table.add_column("source", overflow="fold")
    table.add_column("passages", justify="right")
    table.add_column("", overflow="fold")
    for change in report.changes:
        if change.kind != "unchanged":
            table.add_row(change.kind, change.source, str(change.passages or ""), change.reason or "")
    for name in report.unused:
        table.add_row("unused", name, "", "a sidecar beside no article: rename it, or delete it")
    console = out()
    if table.row_count:
        console.print(table)
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in KINDS)
    verb = "would be embedded" if dry_run else "embedded"
    console.print(
        f"{folder}: {counts}; {report.embedded} passages {verb}; revision {report.revision}", soft_wrap=True
    )


def show(
    article: Annotated[str, typer.Argument(help="An article's id, or its source.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Print an article with its provenance, headings and numbered paragraphs."""
    with open_store(store, read_only=True) as opened:
        view = opened.view()
        found = _find(view, article)
        passages = view.article_passages(found.id)
    if as_json:
        from service import present  # scripts get the same JSON here and over HTTP

        print_json(present.article_whole(found, passages, base="").model_dump(mode="json"))
    else:
        _print_article(found, passages)


def _find(view: View, name: str) -> Article:
    try:
        return view.article(name)
    except ArticleMissingError:
        try:
            return view.article(article_id(name))
        except ArticleMissingError as error:
            raise ArticleMissingError(f"no article has the id or source {name}") from error


def _print_article(article: Article, passages: list[Passage]) -> None:
    console = out()
    provenance = article.provenance
    console.print(isolate(provenance.title), style="bold")
    for name in ("publisher", "author", "section", "published_at", "url", "source", "sha256"):
        value = getattr(provenance, name)
        if value:
            inferred = " (inferred)" if name in provenance.inferred else ""
            console.print(f"  {name}: {isolate(value)}{inferred}", style="dim", soft_wrap=True)
    heading = None
    for passage in passages:
        if passage.heading != heading:
            heading = passage.heading
            console.print(f"\n{isolate(heading or '')}", style="bold")
        console.print(f"\n[{passage.paragraph}] {passage.start}–{passage.end}", style="dim")
        console.print(isolate(passage.text))


def status(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Say what the store holds: articles, passages, revision, encoder, size on disk."""
    with open_store(store, read_only=True) as opened:
        view = opened.view()
        key = opened.encoder_key
        facts = {
            "store": shown(store),
            "revision": view.revision,
            "articles": view.article_count,
            "passages": view.passage_count,
            "encoder": key.id,
            "encoder_revision": key.revision,
            "dimensions": key.dim,
        }
        if view.without_words is not None:
            facts["notice"] = view.without_words
    if not is_address(store):
        facts["bytes"] = sum(file.stat().st_size for file in Path(store).rglob("*") if file.is_file())
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        out().print(f"{name:<17} {value}")
