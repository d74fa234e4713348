"""Judged questions → nDCG, recall and reciprocal rank with confidence intervals, by language pair."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, Qrel, ScoredDoc, Success, nDCG

from index.errors import ReadError
from index.identity import article_id
from index.search import Searcher
from index.types import Lang, Mode, Passage, Query, View

DEPTH = 10
MEASURES = {
    "nDCG@10": nDCG @ 10,
    "Recall@1": Success @ 1,
    "Recall@5": Success @ 5,
    "Recall@10": Success @ 10,
    "MRR@10": RR @ 10,
}
"""Recall@k is the share of questions with a relevant passage among the first k, as open-domain question
answering counts it (Karpukhin et al. 2020, arXiv 2004.04906)."""

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Relevant:
    """One judgement: a passage or article `id`, or those passages of the article `source` that contain a
    string.
    """

    id: str | None
    source: str | None
    contains: str
    grade: int


@dataclass(frozen=True, slots=True)
class Question:
    """A judged question; an empty `relevant` means that nothing in the corpus answers it."""

    id: str
    lang: str
    query: str
    relevant: tuple[Relevant, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over questions and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The measures of one question, and its language pair."""

    pair: str
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """The measures of one language pair, such as `en→ar`, or of `all`."""

    pair: str
    questions: int
    measures: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row a language pair, `all` last; and the measures of each question. `name` tells it from others.

    Questions that nothing answers are not ranked: `unanswerable` counts them. `told_apart` is the share of all
    questions that the search rightly called answerable or not; None while uncalibrated. `unresolved` names the
    questions whose relevant passage is not in the store: they count as misses.
    """

    name: str
    mode: Mode
    rows: tuple[Row, ...]
    questions: Mapping[str, Scores]
    unanswerable: int
    told_apart: float | None
    unresolved: tuple[str, ...]


def load_questions(file: Path) -> tuple[Question, ...]:
    """The questions of a JSONL file, in order.

    Raises: ReadError: the file is missing, has no question, or a line of it is not one; names the line.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(str(file), f"cannot be read: {error}") from error
    questions = tuple(_question(file, number, line) for number, line in enumerate(lines, 1) if line.strip())
    if not questions:
        raise ReadError(str(file), "holds no question")
    if len({question.id for question in questions}) < len(questions):
        raise ReadError(str(file), "holds the same question id twice")
    return questions


def evaluate(questions: Sequence[Question], searcher: Searcher, mode: Mode = "hybrid") -> Evaluation:
    """Search every question and measure the rankings against the judgements."""
    view = searcher.store.view()
    sources = sources_of(view)
    wanted = {question.id: judged(question, view, sources) for question in questions if question.relevant}
    answers = {q.id: searcher.search(Query(q.query, limit=DEPTH, mode=mode)) for q in questions}
    rankings = {id_: [hit.passage.id for hit in answers[id_].hits] for id_ in wanted}
    measured = _measured(wanted, rankings)
    scores = {
        question.id: Scores(_pair(question, wanted[question.id]), measured[question.id])
        for question in questions
        if question.id in wanted
    }
    return Evaluation(
        name=mode,
        mode=mode,
        rows=_rows(list(scores.values())),
        questions=scores,
        unanswerable=len(questions) - len(wanted),
        told_apart=_told_apart([(answers[q.id].answerable, bool(q.relevant)) for q in questions]),
        unresolved=tuple(id_ for id_, passages in wanted.items() if not passages),
    )


def sources_of(view: View) -> dict[str, str]:
    """Article id by source and, where it is the only one of that name, by the source's last part."""
    articles = view.articles(limit=max(view.article_count, 1))[0]
    names = Counter(provenance.source.rpartition("/")[2] for _, provenance, _ in articles)
    last = {provenance.source.rpartition("/")[2]: id_ for id_, provenance, _ in articles}
    unique = {name: id_ for name, id_ in last.items() if names[name] == 1}
    return unique | {provenance.source: id_ for id_, provenance, _ in articles}


def judged(question: Question, view: View, sources: Mapping[str, str]) -> dict[str, tuple[int, Lang]]:
    """Grade and language of every relevant passage, by passage id; `sources` as `sources_of` gives them."""
    return {
        passage.id: (relevant.grade, passage.lang)
        for relevant in question.relevant
        for passage in _passages(relevant, view, sources)
    }


def _question(file: Path, number: int, line: str) -> Question:
    try:
        record = json.loads(line)
        relevant = tuple(_relevant(item, record.get("grade")) for item in record["relevant"])
        return Question(str(record["id"]), str(record["lang"]), str(record["query"]), relevant)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(
            str(file),
            f"line {number} is not a judged question"
            f' {{"id", "lang", "query", "relevant": [...]}}: {type(error).__name__} {error}',
        ) from error


def _relevant(item: Any, grade: Any) -> Relevant:
    if isinstance(item, str):
        return Relevant(item, None, "", int(grade or 1))
    grade = int(item.get("grade", grade or 1))
    if "file" in item:
        return Relevant(None, str(item["file"]), str(item["contains"]), grade)
    return Relevant(str(item["article"]), None, str(item["contains"]), grade)


def _passages(relevant: Relevant, view: View, sources: Mapping[str, str]) -> list[Passage]:
    if relevant.source is not None:
        article = sources.get(relevant.source, article_id(relevant.source))
    else:
        article = relevant.id or ""
        passage = view.passage(article)
        if passage is not None:
            return [passage]
    return [passage for passage in view.article_passages(article) if relevant.contains in passage.text]


def _measured(
    judged: Mapping[str, Mapping[str, tuple[int, Lang]]], rankings: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Each measure of each question. Scores given to ir-measures are ranks: it would reorder equal ones."""
    qrels = [Qrel(q, passage, grade) for q, found in judged.items() for passage, (grade, _) in found.items()]
    run = [ScoredDoc(q, id_, -float(rank)) for q, ids in rankings.items() for rank, id_ in enumerate(ids)]
    scores = {question: dict.fromkeys(MEASURES, 0.0) for question in judged}
    names = {measure: name for name, measure in MEASURES.items()}
    for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, run):
        scores[metric.query_id][names[metric.measure]] = float(metric.value)
    return scores


def _pair(question: Question, judged: Mapping[str, tuple[int, Lang]]) -> str:
    langs = [lang for _, lang in judged.values()]
    return f"{question.lang}→{max(set(langs), key=langs.count) if langs else '?'}"


def _rows(scores: Sequence[Scores]) -> tuple[Row, ...]:
    pairs = sorted({one.pair for one in scores})
    rows = [_row(pair, [one for one in scores if one.pair == pair]) for pair in pairs]
    return (*rows, _row("all", scores)) if scores else ()


def _row(pair: str, scores: Sequence[Scores]) -> Row:
    return Row(
        pair, len(scores), {name: interval([one.measures[name] for one in scores]) for name in MEASURES}
    )


def _told_apart(calls: Sequence[tuple[bool | None, bool]]) -> float | None:
    called = [said == answerable for said, answerable in calls if said is not None]
    return sum(called) / len(called) if called else None


def interval(values: Sequence[float]) -> Interval:
    """The mean of at least one value and its 95 % percentile bootstrap interval (Efron 1979), reproducible."""
    drawn = np.random.default_rng(0).choice(np.asarray(values), (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))
