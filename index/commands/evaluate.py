"""`sanad evaluate`: judged questions to the store, measured, compared, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer
from rich.table import Table

from index.commands.console import (
    DEFAULT_STORE,
    JsonOption,
    ModelOption,
    StoreOption,
    log,
    open_searcher,
    out,
    print_json,
)
from index.compare import Difference, compare
from index.encoder import load_encoder
from index.evaluate import MEASURES, Evaluation, Interval, Question, evaluate, load_questions
from index.plot import plot
from index.search import Searcher
from index.store import create_store
from index.sync import encode_passages
from index.types import Encoder, Entry, Mode, View

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "lexical")
SHORT = {name: name.replace("Recall", "R").replace("MRR@10", "MRR") for name in MEASURES}
"""The measures as a narrow table heads them."""
MAIN = "nDCG@10"
"""Shown with its interval, drawn as a bar, held to `--min`."""
BELOW_MINIMUM = 1
"""Exit code when `--min` is not reached."""


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("evaluate")(evaluate_file)


def evaluate_file(
    file: Annotated[Path, typer.Argument(help="Judged questions, JSONL.", metavar="FILE")],
    mode: Annotated[Literal[Mode, "all"], typer.Option(help="How to match.")] = "hybrid",
    against: Annotated[
        str | None, typer.Option(help="A mode or a model to compare with, question by question.")
    ] = None,
    minimum: Annotated[
        float | None, typer.Option("--min", min=0, max=1, help="Fail when nDCG@10 of all is below it.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Draw it too, as SVG.", metavar="FILE")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the store's answers against judged questions, by language pair, with 95 % intervals."""
    questions = load_questions(file)
    with open_searcher(store, model) as searcher:
        evaluations = [evaluate(questions, searcher, one) for one in MODES if mode in (one, "all")]
        other = _other(questions, searcher, evaluations[0].mode, against) if against else None
    differences = compare(evaluations[0], other) if other else ()
    if other and other.name not in [evaluation.name for evaluation in evaluations]:
        evaluations.append(other)
    if picture:
        picture.write_text(plot(evaluations), "utf-8")
    if as_json:
        print_json({"evaluations": evaluations, "differences": differences})
    else:
        _print(evaluations, differences, against)
    reached = evaluations[0].rows[-1].measures[MAIN].mean if evaluations[0].rows else 0.0
    if minimum is not None and reached < minimum:
        log().print(f"nDCG@10 is {reached:.3f}, below the minimum of {minimum:g}")
        raise typer.Exit(BELOW_MINIMUM)


def _other(questions: Sequence[Question], searcher: Searcher, mode: Mode, against: str) -> Evaluation:
    """The same questions in another mode or, when it names no mode, with another model."""
    for known in MODES:
        if against == known:
            return evaluate(questions, searcher, known)
    with _embedded_anew(searcher.store.view(), load_encoder(against)) as other:
        return replace(evaluate(questions, other, mode), name=against)


@contextmanager
def _embedded_anew(view: View, encoder: Encoder) -> Iterator[Searcher]:
    """A searcher over the same articles in a store of its own, gone after the block."""
    with TemporaryDirectory(prefix="sanad-") as folder, create_store(folder, encoder.key) as store:
        for id_, _, _ in view.articles(max(view.article_count, 1))[0]:
            passages = view.article_passages(id_)
            store.put([Entry(view.article(id_), tuple(passages), encode_passages(encoder, passages))])
        yield Searcher(store, encoder)


def _print(evaluations: Sequence[Evaluation], differences: Sequence[Difference], against: str | None) -> None:
    for evaluation in evaluations:
        out().print(_table(evaluation))
    if differences:
        out().print(_difference_table(differences, f"{evaluations[0].name} less {against}"))
    first = evaluations[0]
    if first.unanswerable:
        told = "" if first.told_apart is None else f"; {first.told_apart:.0%} of all were rightly told apart"
        out().print(f"{first.unanswerable} questions that nothing answers were not ranked{told}")
    if first.unresolved:
        log().print(f"counted as misses, their passages are not in the store: {', '.join(first.unresolved)}")


def _table(evaluation: Evaluation) -> Table:
    """A row a language pair; under each mean its interval."""
    table = Table(box=None, pad_edge=False, title=evaluation.name, title_justify="left", title_style="bold")
    table.add_column("pair", no_wrap=True)
    for name in ("n", *MEASURES):
        table.add_column(name, justify="right", no_wrap=True)
    for row in evaluation.rows:
        means = [f"{row.measures[name].mean:.3f}" for name in MEASURES]
        bounds = [f"[{row.measures[name].low:.2f}–{row.measures[name].high:.2f}]" for name in MEASURES]
        table.add_row(row.pair, str(row.questions), *means)
        table.add_row("", "", *bounds, style="dim")
    return table


def _difference_table(differences: Sequence[Difference], title: str) -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    for name in ("pair", "n", *SHORT.values(), "p"):
        table.add_column(name, justify="left" if name == "pair" else "right", no_wrap=True)
    for one in differences:
        others = [f"{one.measures[name].mean:+.3f}" for name in MEASURES if name != MAIN]
        table.add_row(one.pair, str(one.questions), _cell(one.measures[MAIN], "+"), *others, f"{one.p:.3f}")
    return table


def _cell(interval: Interval, sign: str = "") -> str:
    return f"{interval.mean:{sign}.3f} [{interval.low:{sign}.2f}, {interval.high:{sign}.2f}]"
