"""Searcher: a question in Arabic or English → ranked passages with their provenance."""

from __future__ import annotations

from collections.abc import Sequence

from index.arabic import language
from index.errors import QueryError
from index.types import Answer, Candidate, Embeddings, Encoder, Hit, Passage, Query, Store, View

MAX_DEPTH = 1000
"""How far down a ranking `offset + limit` may reach."""


class Searcher:
    """Answers queries from the newest revision of a store; safe to call from several threads."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self.store = store
        self.encoder = encoder

    def search(self, query: Query) -> Answer:
        """The best passages for the query, all read from one revision.

        Raises: QueryError: the text is blank, or `offset + limit` exceeds `MAX_DEPTH`.
        """
        if not query.text.strip():
            raise QueryError("q", "must not be blank")
        if query.offset + query.limit > MAX_DEPTH:
            raise QueryError("offset", f"offset + limit must be at most {MAX_DEPTH}")
        view = self.store.view()
        embedding = self.encoder.encode_queries([query.text])[0]
        ranked = _ranked(view, embedding, query)[query.offset : query.offset + query.limit]
        return Answer(
            query_lang=query.lang or language(query.text),
            mode="semantic",
            answerable=None,
            revision=view.revision,
            passages=view.passage_count,
            hits=_hits(view, ranked, query.offset),
        )


def _ranked(view: View, embedding: Embeddings, query: Query) -> list[Candidate]:
    """Candidates down to the query's depth; with `group_by`, only the best of each article."""
    depth = query.offset + query.limit
    if query.group_by is None:
        return view.nearest(embedding, depth, query.filters)
    k = depth
    while True:
        candidates = view.nearest(embedding, k, query.filters)
        best = _first_of_each_article(candidates, view.passages([c.row for c in candidates]))
        if len(best) >= depth or len(candidates) < k:
            return best[:depth]
        k *= 2


def _first_of_each_article(candidates: Sequence[Candidate], passages: Sequence[Passage]) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for candidate, passage in zip(candidates, passages, strict=True):
        best.setdefault(passage.article_id, candidate)
    return list(best.values())


def _hits(view: View, ranked: Sequence[Candidate], offset: int) -> tuple[Hit, ...]:
    passages = view.passages([candidate.row for candidate in ranked])
    provenance = view.provenance(list({passage.article_id for passage in passages}))
    return tuple(
        Hit(
            rank=offset + place,
            score=candidate.score,
            relevance=None,
            passage=passage,
            provenance=provenance[passage.article_id],
        )
        for place, (candidate, passage) in enumerate(zip(ranked, passages, strict=True), start=1)
    )
