"""What each part of ranking is worth: `python -m benchmarks.ranking --judged DIR --data DIR`.

The ablation of the translation table and of names across scripts, sentence marking against answers that are known,
and whether long passages are favoured. Writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import results
from benchmarks.devsets import Devset, Sources, opened
from benchmarks.fit import Floats
from index.arabic import language
from index.candidates import CANDIDATES, evidence
from index.encoder import load_encoder
from index.evaluate import interval, judged, sources_of
from index.highlight import Highlighter, parsed
from index.rank import ranked
from index.relevance import Calibration
from index.terms import wanted
from index.translation import Translations
from index.types import Embeddings, Encoder, Query

DEPTH = 10
PARTS = {
    "dense alone": ("semantic", False, False),
    "lexical, words only": ("lexical", False, False),
    "lexical + names": ("lexical", False, True),
    "lexical + table": ("lexical", True, False),
    "lexical + both": ("lexical", True, True),
    "hybrid, words only": ("hybrid", False, False),
    "hybrid + names": ("hybrid", False, True),
    "hybrid + table": ("hybrid", True, False),
    "hybrid + both": ("hybrid", True, True),
}
SETS = {
    "news": ("en", "ar"),
    "seeds": ("en", "ar"),
    "arcd": ("ar",),
    "flores-en-ar": ("en",),
    "flores-ar-en": ("ar",),
}


def asked(devset: Devset, lang: str) -> list[tuple[str, Embeddings, set[int]]]:
    """Questions of this language that are answered: text, embedding, rows of the right passages."""
    view, encoder = devset.searcher.store.view(), devset.searcher.encoder
    sources = sources_of(view)
    rows = {passage.id: row for row, passage in _all_passages(devset)}
    found = []
    for question in devset.questions:
        if question.relevant and question.lang == lang:
            right = {rows[id_] for id_ in judged(question, view, sources)}
            found.append((question.query, encoder.encode_queries([question.query])[0], right))
    return found


def _all_passages(devset: Devset) -> Iterator[tuple[int, object]]:
    view = devset.searcher.store.view()
    probe = np.zeros(devset.searcher.encoder.key.dim, dtype=np.float32)
    probe[0] = 1.0
    rows = [candidate.row for candidate in view.nearest(probe, view.passage_count)]
    yield from zip(rows, view.passages(rows), strict=True)


def ablated(
    devset: Devset, questions: Sequence[tuple[str, Embeddings, set[int]]], part: str, table: Translations
) -> tuple[Floats, list[int], list[int]]:
    """nDCG@10 of each question, and the rows of right and of wrong passages that came first."""
    mode, translated, named = PARTS[part]
    view = devset.searcher.store.view()
    weights = devset.searcher.calibration.lexical_weights
    scores, right_first, wrong_first = [], [], []
    gains = 1 / np.log2(np.arange(2, DEPTH + 2))
    for text, embedding, right in questions:
        terms = wanted(
            text, table if translated else Translations({}), view.spellings if named else lambda _: []
        )
        given = None if mode == "lexical" else embedding
        query = Query(text, mode=mode)  # type: ignore[arg-type]
        known = evidence(view, query, language(text), terms, given, CANDIDATES)
        order = known.rows[ranked(known, query.mode, weights).order[:DEPTH]]
        hits = np.isin(order, list(right))
        scores.append(float(gains[: len(order)][hits].sum() / gains[: min(len(right), DEPTH)].sum()))
        if len(order):
            (right_first if hits[0] else wrong_first).append(int(order[0]))
    return np.array(scores), right_first, wrong_first


def table_of_parts(names: Sequence[str], sources: Sources, encoder: Encoder) -> str:
    """The ablation as Markdown, with a line on length."""
    columns: dict[str, dict[str, Floats]] = {}
    lengths: list[str] = []
    table = Translations.load()
    for name, langs in ((name, SETS[name]) for name in names):
        with opened(name, sources, encoder) as devset:
            view = devset.searcher.store.view()
            for lang in langs:
                questions = asked(devset, lang)
                column = columns.setdefault(f"{name} {lang} ({len(questions)})", {})
                for part in PARTS:
                    column[part], first, wrong = ablated(devset, questions, part, table)
                    if name == "news" and part.endswith(("alone", "both")) and first and wrong:
                        means = [
                            np.mean([len(p.text) for p in view.passages(rows)]) for rows in (first, wrong)
                        ]
                        lengths.append(f"{part}, {lang}: {means[0]:.0f} and {means[1]:.0f}")
    head = "| nDCG@10 | " + " | ".join(columns) + " |\n|---|" + "--:|" * len(columns)
    rows = [
        f"| {part} | " + " | ".join(f"{column[part].mean():.3f}" for column in columns.values()) + " |"
        for part in PARTS
    ]
    gain = []
    for column in columns.values():
        apart = interval((column["hybrid + both"] - column["dense alone"]).tolist())
        gain.append(f"{apart.mean:+.3f} [{apart.low:+.3f}, {apart.high:+.3f}]")
    rows.append("| hybrid + both less dense | " + " | ".join(gain) + " |")
    bias = (
        "Length: mean characters of passages put first that are right, and wrong (all news passages: "
        f"322). {'; '.join(lengths)}."
    )
    return "\n".join([head, *rows, "", bias, ""])


def sentences(sources: Sources, encoder: Encoder) -> str:
    """How often the marked sentence holds the answer, on ARCD questions whose passage has several sentences."""
    highlighter, table = Highlighter(encoder), Translations.load()
    lines = (sources.data / "dev" / "arcd.jsonl").read_text("utf-8").splitlines()
    right = chance = count = 0.0
    for row in map(json.loads, lines):
        parts = parsed(row["context_ar"])
        holding = [row["answer"] in row["context_ar"][p.span.start : p.span.end] for p in parts]
        if len(parts) < 2 or sum(holding) != 1:
            continue
        terms = wanted(row["question_ar"], table, lambda _: []).terms
        (spans,) = highlighter.spans([row["context_ar"]], terms, (), None)
        right += row["answer"] in row["context_ar"][spans[0].start : spans[0].end]
        chance, count = chance + 1 / len(parts), count + 1
    return f"ARCD, Arabic: {right / count:.3f} of {count:.0f} (by chance {chance / count:.3f})."


def main() -> None:
    """Measure, print, and put the tables into RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("--judged", type=Path, required=True, help="folder of judged questions")
    parser.add_argument("--data", type=Path, required=True, help="folder of training and development data")
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"), help="where stores are kept")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    given = parser.parse_args()
    encoder = load_encoder()
    sources = Sources(given.judged, given.data, Path("seeds"), given.work)
    fitted = "fitted" if Calibration.load(encoder.key).encoder else "NOT fitted"
    text = (
        f"Encoder {encoder.key.id}, revision {encoder.key.revision}; lexical weights {fitted} to it, on these questions"
        " (see Relevance for held-out figures).\n\n"
        + table_of_parts(given.sets, sources, encoder)
        + "\nThe sentence that answers, marked: "
        + sentences(sources, encoder)
        + "\n"
    )
    sys.stdout.write(text)
    results.put("Ranking", text)


if __name__ == "__main__":
    main()
