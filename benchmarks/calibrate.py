"""Fit what ranking and relevance need to the bundled encoder: `make calibrate DATA=…`.

Writes index/model/relevance.json, and how well it holds on questions it was not fitted on into RESULTS.md. All figures
are cross-validated: a question is judged by what was fitted on the other four fifths of the questions.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks import results
from benchmarks.devsets import Sources
from benchmarks.evidence import Case, cases, in_mode
from benchmarks.fit import Floats, area, calibration_error, logistic, probabilities, reliability
from index.encoder import load_encoder
from index.rank import Ranking, ranked
from index.relevance import FITTED, Calibration, answer_features, hit_features
from index.types import Encoder, Mode

FOLDS = 5
DEPTH = 10
GRID = tuple(round(0.05 * step, 2) for step in range(21))
MODES: tuple[Mode, ...] = ("hybrid", "semantic", "lexical")
FITTED_ON = {
    "en-ar": "en-ar",
    "ar-ar": "ar-ar",
    "en-en": "ar-ar",
    "ar-en": "en-ar",
    "und-ar": "ar-ar",
    "und-en": "ar-ar",
}
"""By pair, the pair whose questions stand for it: on English passages there are only questions for training."""

KINDS = {"answerable": "answerable", "removed": "near", "foreign": "far", "unanswerable": "far"}
MIX = {"answerable": 0.5, "near": 0.2, "far": 0.3}
"""What people ask is taken to be so: half of it is answered, a fifth nearly, the rest is about something else."""

SETS = ("seeds", "news", "arcd")
"""The sets that are fitted to."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Features `(n, features)` and labels `(n,)` of hits or answers, and what each is of."""

    rows: Floats
    labels: Floats
    cases: tuple[Case, ...]

    @property
    def counts(self) -> Floats:
        """What each counts `(n,)`, so that the questions of each language pair are the `MIX` of kinds."""
        groups = [(case.pair, KINDS[case.kind]) for case in self.cases]
        sizes = Counter(groups)
        pairs = Counter(pair for pair, _ in groups)
        return np.array([MIX[kind] * pairs[pair] / sizes[pair, kind] for pair, kind in groups])

    def where(self, chosen: Callable[[Case], bool]) -> Sample:
        """Those of the chosen cases."""
        kept = np.array([chosen(case) for case in self.cases], dtype=bool)
        left = tuple(case for case, keep in zip(self.cases, kept, strict=True) if keep)
        return Sample(self.rows[kept], self.labels[kept], left)


def fold_of(case: Case) -> int:
    """The fold of a question: the same for all cases of it."""
    return zlib.crc32(case.question.encode()) % FOLDS


def ndcg(case: Case, weight: float, depth: int = DEPTH) -> float:
    """nDCG@10 of the case's hybrid ranking at this lexical weight."""
    order = ranking(case, "hybrid", dict.fromkeys(FITTED_ON, weight)).order[:depth]
    gains = 1 / np.log2(np.arange(2, depth + 2))
    ideal = gains[: min(case.possible, depth)].sum()
    return float(gains[: len(order)][case.right[order]].sum() / ideal)


def ranking(case: Case, mode: Mode, weights: dict[str, float]) -> Ranking:
    """The case ranked as a search would."""
    return ranked(case.evidence, mode, weights)


def tuned(table: Floats, sets: Sequence[str]) -> float:
    """The lexical weight of highest nDCG@10, sets counting alike, from `(questions, grid)`; the middle of a plateau."""
    names = np.array(sets)
    means = np.mean([table[names == name].mean(axis=0) for name in sorted(set(sets))], axis=0)
    best = np.flatnonzero(means >= means.max() - 1e-3)
    return GRID[int(best[len(best) // 2])]


def lexical_weights(
    known: Iterable[Case],
) -> tuple[dict[str, float], list[tuple[str, str, int, float, float, float]]]:
    """The weight by language pair, and by set and pair: questions, nDCG@10 of dense, lexical and held-out hybrid."""
    weights, rows = {}, []
    answerable = [case for case in known if case.kind == "answerable"]
    for pair in ("en-ar", "ar-ar"):
        mine = [case for case in answerable if case.pair == pair]
        table = np.array([[ndcg(case, weight) for weight in GRID] for case in mine])
        sets, folds = [case.devset for case in mine], np.array([fold_of(case) for case in mine])
        weights[pair] = tuned(table, sets)
        held = np.zeros(len(mine))
        for fold in range(FOLDS):
            others = np.flatnonzero(folds != fold)
            chosen = tuned(table[others], [sets[i] for i in others])
            held[folds == fold] = table[folds == fold, GRID.index(chosen)]
        for name in sorted(set(sets)):
            at = np.array(sets) == name
            rows.append(
                (name, pair, int(at.sum()), table[at, 0].mean(), table[at, -1].mean(), held[at].mean())
            )
    return {pair: weights[of] for pair, of in FITTED_ON.items()}, rows


def samples(known: Sequence[Case], mode: Mode, weights: dict[str, float]) -> tuple[Sample, Sample]:
    """All hits and all answers of these cases in this mode."""
    hits: list[tuple[Floats, float, Case]] = []
    answers: list[tuple[Floats, float, Case]] = []
    for case in (in_mode(one, mode) for one in known):
        order = ranking(case, mode, weights)
        if not len(order.order):
            continue
        features = hit_features(case.evidence, order)
        right = case.right[order.order]
        hits += [(row, float(ok), case) for row, ok in zip(features[:DEPTH], right[:DEPTH], strict=True)]
        answers.append((answer_features(case.evidence, order), float(case.kind == "answerable"), case))
    return _sample(hits), _sample(answers)


def _sample(parts: Sequence[tuple[Floats, float, Case]]) -> Sample:
    rows, labels, of = zip(*parts, strict=True)
    return Sample(np.stack(rows), np.array(labels), tuple(of))


def held_out(sample: Sample) -> Floats:
    """The probability of each, from a fit without its fold."""
    folds = np.array([fold_of(case) for case in sample.cases])
    p = np.zeros(len(folds))
    for fold in range(FOLDS):
        kept = folds != fold
        weights = logistic(sample.rows[kept], sample.labels[kept], sample.counts[kept])
        p[folds == fold] = probabilities(sample.rows[folds == fold], weights)
    return p


def fitted(known: Sequence[Case], weights: dict[str, float], encoder: Encoder) -> Calibration:
    """The calibration of all pairs and modes."""
    hits: dict[str, list[float]] = {}
    answers: dict[str, list[float]] = {}
    for mode in MODES:
        of_hits, of_answers = samples(known, mode, weights)
        for pair, stands in FITTED_ON.items():
            mine = [
                sample.where(lambda case, pair=stands: case.pair == pair) for sample in (of_hits, of_answers)
            ]
            hits[f"{mode}/{pair}"] = logistic(mine[0].rows, mine[0].labels, mine[0].counts)
            answers[f"{mode}/{pair}"] = logistic(mine[1].rows, mine[1].labels, mine[1].counts)
    return Calibration(encoder.key, weights, hits, answers)


def main() -> None:
    """Fit, write, and say how well it holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--judged", type=Path, required=True, help="folder of judged questions")
    parser.add_argument("--data", type=Path, required=True, help="folder of training and development data")
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks"), help="where stores are kept")
    parser.add_argument("--model", help="another encoder than the bundled one")
    parser.add_argument("--out", type=Path, default=FITTED)
    given = parser.parse_args()
    encoder = load_encoder(given.model)
    known = cases(SETS, Sources(given.judged, given.data, Path("seeds"), given.work), encoder)
    weights, rows = lexical_weights(known)
    calibration = fitted(known, weights, encoder)
    given.out.write_text(json.dumps(asdict(calibration), indent=1) + "\n", "utf-8")
    text = report(known, weights, rows)
    sys.stdout.write(text)
    results.put("Relevance", f"Encoder {encoder.key.id}, revision {encoder.key.revision}.\n\n{text}")


def report(
    known: Sequence[Case],
    weights: dict[str, float],
    rows: Sequence[tuple[str, str, int, float, float, float]],
) -> str:
    """The figures as Markdown; draws the reliability plot beside RESULTS.md."""
    lines = ["| set | pair | questions | dense | lexical | hybrid, held out |", "|---|---|--:|--:|--:|--:|"]
    lines += [f"| {name} | {pair} | {n} | {d:.3f} | {x:.3f} | {h:.3f} |" for name, pair, n, d, x, h in rows]
    lines += [
        "",
        "nDCG@10. Lexical weights: " + ", ".join(f"{p} {w:g}" for p, w in weights.items()) + ".",
        "",
    ]
    lines += [
        "| mode | pair | hits | answers | relevance: ECE | AUC | answerable: ECE | AUC | against unanswerable"
        " | foreign | removed |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    curves = {}
    for mode in MODES:
        for pair in ("en-ar", "ar-ar"):
            hits, answers = (
                sample.where(lambda case, pair=pair: case.pair == pair)
                for sample in samples(known, mode, weights)
            )
            p, q = held_out(hits), held_out(answers)
            figures = [
                *(calibration_error(p, hits.labels, hits.counts), area(p, hits.labels)),
                *(calibration_error(q, answers.labels, answers.counts), area(q, answers.labels)),
                *(_against(answers, q, kind) for kind in ("unanswerable", "foreign", "removed")),
            ]
            cells = " | ".join(f"{figure:.3f}" for figure in figures)
            lines.append(f"| {mode} | {pair} | {len(p)} | {len(q)} | {cells} |")
            if mode == "hybrid":
                curves[f"relevance {pair}"] = reliability(p, hits.labels, hits.counts)
                curves[f"answerable {pair}"] = reliability(q, answers.labels, answers.counts)
    results.draw("reliability.svg", curves)
    return "\n".join([*lines, "", "![reliability](reliability.svg)", ""])


def _against(answers: Sample, p: Floats, kind: str) -> float:
    """The area under the ROC of answerable questions against those of one kind."""
    kept = np.array([case.kind in ("answerable", kind) for case in answers.cases])
    return area(p[kept], answers.labels[kept])


if __name__ == "__main__":
    main()
