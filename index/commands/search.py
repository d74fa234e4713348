"""`sanad search`: a question to the store."""

from __future__ import annotations

import time
import uuid
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from index.commands.console import (
    DEFAULT_STORE,
    JsonOption,
    ModelOption,
    StoreOption,
    isolate,
    isolated,
    log,
    open_searcher,
    out,
    print_json,
)
from index.rerank import Reranker
from index.types import Answer, Filters, Hit, Mode, Query


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("search")(search)


def search(
    question: Annotated[str, typer.Argument(help="A question in Arabic or English.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="How many passages.")] = 5,
    mode: Annotated[Mode, typer.Option(help="How to match.")] = "hybrid",
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Only this publisher.")] = None,
    date_from: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Not older.")] = None,
    date_to: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Not newer.")] = None,
    rerank: Annotated[
        str | None, typer.Option(help="A cross-encoder to rerank the first hits with.", metavar="NAME")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the passages that answer a question, best first, each with its source."""
    filters = Filters(source=source, publisher=publisher, date_from=date_from, date_to=date_to)
    query = Query(question, limit=limit, mode=mode, filters=filters, rerank=rerank is not None)
    with open_searcher(store, model) as searcher:
        searcher.reranker = Reranker.load(rerank) if rerank else None
        start = time.perf_counter()
        answer = searcher.search(query)
        took_ms = 1000 * (time.perf_counter() - start)
        key = searcher.encoder.key
    if as_json:
        from service import present  # scripts get the same JSON here and over HTTP

        wire = present.search_answer(answer, key, request_id=uuid.uuid4().hex, took_ms=took_ms, base="")
        print_json(wire.model_dump(mode="json"))
    else:
        _print_answer(answer)


def _print_answer(answer: Answer) -> None:
    if not answer.hits:
        log().print(f"nothing found in {answer.passages} passages")
    elif answer.answerable is False:
        log().print("weak matches: nothing here clearly answers this\n")
    for hit in answer.hits:
        _print_hit(hit)


def _print_hit(hit: Hit) -> None:
    console = out()
    provenance = hit.provenance
    console.print(f"{hit.rank:>2}. {isolate(provenance.title)}", style="bold", soft_wrap=True)
    facts = [provenance.publisher, provenance.author, provenance.section, provenance.published_at]
    console.print(
        "    " + " · ".join(isolate(fact) for fact in facts if fact) if any(facts) else "",
        style="dim",
        soft_wrap=True,
        end="\n" if any(facts) else "",
    )
    page = f" p. {hit.page}" if hit.page else ""
    where = f"{provenance.source}{page} ¶{hit.passage.paragraph} [{hit.passage.start}:{hit.passage.end}]"
    relevance = "" if hit.relevance is None else f"  relevance {hit.relevance:.2f}"
    console.print(f"    {where}  score {hit.score:.3f}{relevance}", style="dim", soft_wrap=True)
    text = Text(hit.passage.text)
    for span in hit.highlights:
        text.stylize("bold underline", span.start, span.end)
    console.print(Padding(isolated(text), (0, 0, 1, 4)))
    for _, other in hit.also_in:
        console.print(f"    also in {isolate(other.title)} ({other.source})", style="dim", soft_wrap=True)
