"""`sanad model use` and `sanad model rollback`: another encoder for a store that goes on answering meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer

from index.commands.console import DEFAULT_STORE, StoreOption, log
from index.commands.progress import counted
from index.encoder import load_encoder
from index.errors import EncoderError, StoreError
from index.evaluate import Question, evaluate, load_questions
from index.search import Searcher
from index.store import open_store, shown
from index.sync import encode_passages
from index.types import Embeddings, Encoder, Passage, Store, View

MAIN = "nDCG@10"


def register(group: typer.Typer) -> None:
    """Add these commands to `sanad model`."""
    group.command("use")(use)
    group.command("rollback")(rollback)


def use(
    name: Annotated[str, typer.Argument(help="A sentence-transformers model, a folder, or bundled.")],
    store: StoreOption = DEFAULT_STORE,
    judge: Annotated[
        Path | None, typer.Option(help="Judged questions, JSONL: refuse a model that answers them worse.")
    ] = None,
    minimum: Annotated[
        float | None,
        typer.Option(
            "--min-ndcg", min=0, max=1, help="With --judge: what nDCG@10 to reach, not the live model's."
        ),
    ] = None,
) -> None:
    """Embed the store with another model beside the live one, then switch in one step.

    Searches are answered by the old model until then. After a kill, run it again: only the rest is embedded.
    """
    if minimum is not None and judge is None:
        raise typer.BadParameter("--min-ndcg needs --judge FILE")
    questions = load_questions(judge) if judge else None
    encoder = load_encoder(name)
    with open_store(store) as opened:
        if opened.encoder_key == encoder.key:
            _say(f"{shown(store)} is already embedded with {encoder.key.id} ({encoder.key.revision})")
            return
        with counted("Embedding") as progress:
            candidate = opened.prepare(encoder.key, partial(_embedded, encoder), progress)
        if questions:
            _check(questions, minimum, opened, candidate, encoder)
        revision = opened.switch(encoder.key)
    _say(
        f"{shown(store)} is now searched with {encoder.key.id} ({encoder.key.revision}); revision {revision}"
    )
    _say(f"start services anew with SANAD_MODEL={name}; `sanad model rollback` returns")


def rollback(store: StoreOption = DEFAULT_STORE) -> None:
    """Return to the model before the last switch; what was put since is embedded with it first."""
    with open_store(store) as opened:
        key = opened.previous_key()

        def embed(passages: Sequence[Passage]) -> Embeddings:
            encoder = _loaded(key.id)
            if encoder.key != key:
                raise StoreError(
                    f"{key.id} is now revision {encoder.key.revision}, the store's was {key.revision}"
                )
            return _embedded(encoder, passages)

        with counted("Embedding") as progress:
            opened.prepare(key, embed, progress)
        revision = opened.switch(key)
    _say(f"{shown(store)} is searched with {key.id} ({key.revision}) again; revision {revision}")


def _embedded(encoder: Encoder, passages: Sequence[Passage]) -> Embeddings:
    """The passages' embeddings. Raises: StoreError: the encoder would cut one short."""
    counts = encoder.count_tokens([passage.text for passage in passages])
    longest = max(counts, default=0)
    if longest > encoder.max_tokens:
        raise StoreError(
            f"passage {passages[counts.index(longest)].id} has {longest} tokens, {encoder.key.id} reads"
            f" {encoder.max_tokens}; sync the folder into a new store with this model, which splits anew"
        )
    return encode_passages(encoder, passages)


def _loaded(name: str) -> Encoder:
    try:
        return load_encoder(name)
    except EncoderError:
        bundled = load_encoder()
        if bundled.key.id != name:
            raise
        return bundled


def _check(
    questions: Sequence[Question],
    minimum: float | None,
    opened: Store,
    candidate: View,
    encoder: Encoder,
) -> None:
    """Raises: StoreError: the candidate answers the judged questions worse than is allowed."""
    reached = _ndcg(questions, Searcher(cast(Store, _At(candidate)), encoder))
    if minimum is None:
        live = _loaded(opened.encoder_key.id)
        minimum = _ndcg(questions, Searcher(cast(Store, _At(opened.view())), live))
    if reached < minimum:
        raise StoreError(
            f"{encoder.key.id} reaches nDCG@10 {reached:.3f}, below {minimum:.3f}; the store keeps its model"
        )
    _say(f"nDCG@10 {reached:.3f}, at least {minimum:.3f}")


def _ndcg(questions: Sequence[Question], searcher: Searcher) -> float:
    return evaluate(questions, searcher, "hybrid").rows[-1].measures[MAIN].mean


class _At:
    """All of a store that a Searcher asks for: one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    def view(self) -> View:
        return self._view


def _say(note: str) -> None:
    log().print(note, soft_wrap=True)
