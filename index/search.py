"""Searcher: a question in Arabic or English → ranked passages with their provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.arabic import language
from index.candidates import CANDIDATES, evidence
from index.duplicates import says, telling
from index.errors import QueryError
from index.highlight import Highlighter
from index.pages import is_paged, page_at
from index.rank import Evidence, Folding, Ranking, ranked
from index.relevance import Calibration
from index.rerank import Reranker
from index.stages import stage
from index.terms import Wanted, wanted
from index.translation import Translations, bundled
from index.types import (
    Answer,
    Embeddings,
    Encoder,
    Filters,
    Hit,
    Passage,
    Provenance,
    Query,
    Span,
    Store,
    View,
)

MAX_QUERY = 512
"""The longest query, in code points."""
MAX_DEPTH = 1000
"""How far down a ranking `offset + limit` may reach."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood: its terms, and its embedding where the mode needs one."""

    query: Query
    wanted: Wanted
    embedding: Embeddings | None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the evidence, its ranking, and what the ranking's places were folded into, best first."""

    evidence: Evidence
    ranking: Ranking
    groups: list[list[int]]

    def row(self, place: int) -> int:
        """The row at this place of the ranking."""
        return int(self.evidence.rows[self.ranking.order[place]])


class Searcher:
    """Answers queries from the newest revision of a store; safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        *,
        translations: Translations | None = None,
        calibration: Calibration | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.store = store
        self.encoder = encoder
        self.translations = bundled() if translations is None else translations
        self.calibration = Calibration.load(encoder.key) if calibration is None else calibration
        self.reranker = reranker
        self._highlighter = Highlighter(encoder)

    def search(self, query: Query) -> Answer:
        """The best passages for the query, all read from one revision.

        Raises: QueryError: the text is blank or longer than `MAX_QUERY`, a date is none, `offset + limit` exceeds
        `MAX_DEPTH`, reranking is asked for and there is no reranker, or lexical mode where the store has no words.
        """
        self._check(query)
        view = self.store.view()
        wished, query = query.mode, _possible(query, view)
        asked = self.asked(view, query)
        found = self.found(view, asked)
        relevance = self.calibration.relevance(found.evidence, found.ranking, query.mode)
        answerable = self.calibration.answerable(found.evidence, found.ranking, query.mode)
        groups: list[list[int]] = found.groups
        reranked: int | None = None
        if query.rerank and self.reranker:
            groups, reranked = _reranked(view, found, query, self.reranker)
        if query.min_relevance is not None:
            groups = [group for group in groups if (relevance[group[0]] or 0.0) >= query.min_relevance]
        with stage("rank"):
            page = groups[query.offset : query.offset + query.limit]
            hits = self._hits(view, asked, found, relevance, page)
        return Answer(
            query_lang=found.evidence.query_lang,
            mode=query.mode,
            answerable=None if answerable is None else answerable >= self.calibration.threshold,
            revision=view.revision,
            passages=view.passage_count,
            hits=hits,
            reranked=reranked,
            notice=None if query.mode == wished else view.without_words,
        )

    def asked(self, view: View, query: Query) -> Asked:
        """The query as it is understood with the words of this view."""
        embedding = None if query.mode == "lexical" else self.encoder.encode_queries([query.text])[0]
        return Asked(query, wanted(query.text, self.translations, view.spellings), embedding)

    def found(self, view: View, asked: Asked) -> Found:
        """The candidates in this view, ranked and folded, as far down as the query reaches."""
        query = asked.query
        lang = query.lang or language(query.text)
        depth = max(query.offset + query.limit, CANDIDATES if query.rerank else 0)
        k = max(CANDIDATES, 2 * depth)
        while True:
            with stage("search"):
                known = evidence(view, query, lang, asked.wanted, asked.embedding, k)
            with stage("rank"):
                ranking = ranked(known, query.mode, self.calibration.lexical_weights)
                found = Found(known, ranking, [])
                _fold(view, found, depth, by_article=query.group_by == "article")
            if len(found.groups) >= depth or len(known.rows) < k:
                return found
            k *= 4

    def _check(self, query: Query) -> None:
        if not query.text.strip():
            raise QueryError("q", "must not be blank")
        if len(query.text) > MAX_QUERY:
            raise QueryError("q", f"must be at most {MAX_QUERY} characters, not {len(query.text)}")
        if query.offset + query.limit > MAX_DEPTH:
            raise QueryError("offset", f"offset + limit must be at most {MAX_DEPTH}")
        _check_dates(query.filters)
        fitted = any(pair.startswith(f"{query.mode}/") for pair in self.calibration.hits)
        if query.min_relevance and not fitted:
            raise QueryError(
                "min_relevance",
                f"{query.mode} search with {self.encoder.key.id} has no calibration, so nothing has a relevance;"
                " leave it out, or fit one with `make calibrate`",
            )
        if query.rerank and self.reranker is None:
            raise QueryError("rerank", "there is no reranker here; name a cross-encoder in SANAD_RERANKER")

    def _hits(
        self,
        view: View,
        asked: Asked,
        found: Found,
        relevance: Sequence[float | None],
        page: Sequence[Sequence[int]],
    ) -> tuple[Hit, ...]:
        rows = [found.row(place) for group in page for place in group]
        passages = dict(zip(rows, view.passages(rows), strict=True))
        provenance = view.provenance(list({passage.article_id for passage in passages.values()}))
        shown = [passages[found.row(group[0])] for group in page]
        marked = self._marked([passage.text for passage in shown], asked, found.evidence)
        hits = []
        for rank, (group, passage, spans) in enumerate(zip(page, shown, marked, strict=True), start=1):
            same = [passages[found.row(place)] for place in group]
            articles = dict.fromkeys(
                other.article_id for other in same if _holds(other.text, passage.text, spans)
            )
            hits.append(
                Hit(
                    rank=asked.query.offset + rank,
                    score=float(found.ranking.scores[group[0]]),
                    relevance=relevance[group[0]],
                    passage=passage,
                    provenance=provenance[passage.article_id],
                    highlights=spans,
                    also_in=tuple((id_, provenance[id_]) for id_ in articles if id_ != passage.article_id),
                    page=_page(view, passage, provenance[passage.article_id]),
                )
            )
        return tuple(hits)

    def _marked(self, texts: Sequence[str], asked: Asked, known: Evidence) -> list[tuple[Span, ...]]:
        return self._highlighter.spans(texts, asked.wanted.terms, known.rarity, asked.embedding)


def _holds(text: str, shown: str, marked: Sequence[Span]) -> bool:
    """Whether a passage that was folded into the one shown holds the marked sentence too: it may lack just that one."""
    if text == shown or not marked:
        return True
    return says(telling(text), telling(shown[marked[0].start : marked[0].end]))


def _page(view: View, passage: Passage, provenance: Provenance) -> int | None:
    """The page that a passage begins on; few articles have any, so that it is looked up in the text of those alone."""
    if not is_paged(provenance.source):
        return None
    return page_at(view.article(passage.article_id).text, passage.start)


def _possible(query: Query, view: View) -> Query:
    """The query in a mode that the store can answer: by meaning alone where it has no words."""
    if view.without_words is None or query.mode == "semantic":
        return query
    if query.mode == "lexical":
        raise QueryError("mode", view.without_words)
    return replace(query, mode="semantic")


def _check_dates(filters: Filters) -> None:
    for name, day in (("date_from", filters.date_from), ("date_to", filters.date_to)):
        try:
            is_day = day is None or date.fromisoformat(day).isoformat() == day
        except ValueError:
            is_day = False
        if not is_day:
            raise QueryError(name, f"must be a day as YYYY-MM-DD, not {day}")
    if filters.date_from and filters.date_to and filters.date_to < filters.date_from:
        raise QueryError("date_to", "must not be before date_from")


def _fold(view: View, found: Found, depth: int, *, by_article: bool) -> None:
    """Fill the groups, so many of them if there are."""
    folding = Folding(found.groups, by_article=by_article)
    places = range(len(found.ranking.order))
    for start in range(0, len(places), 2 * depth):
        chunk = places[start : start + 2 * depth]
        contents = view.contents([found.row(place) for place in chunk])
        for place, content in zip(chunk, contents, strict=True):
            folding.take(place, content)
        if len(found.groups) >= depth:
            return


def _reranked(view: View, found: Found, query: Query, reranker: Reranker) -> tuple[list[list[int]], int]:
    """The groups in the reranker's order as far as it came, then the others as they were; and how far it came."""
    first = found.groups[: reranker.depth]
    passages = view.passages([found.row(group[0]) for group in first])
    order = reranker.order(query.text, [passage.text for passage in passages])
    return [*(first[place] for place in order), *found.groups[len(order) :]], len(order)
