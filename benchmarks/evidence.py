"""Evidence for fitting: what a search knows of the candidates of every development question, and which are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.devsets import Devset, Sources, opened
from index.arabic import language
from index.candidates import CANDIDATES, evidence
from index.evaluate import Question, judged, sources_of
from index.rank import Evidence
from index.types import Encoder, Mode, Query

FOREIGN = {"seeds": ("news", 4), "news": ("arcd", 7), "arcd": ("news", 4), "squad": ("news", 4)}
"""By set: the set whose every n-th question is asked of it too; nothing in it answers them."""

REMOVABLE = ("seeds", "news")
"""Sets in which one passage answers: in ARCD the next paragraph of the same article often does as well."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question asked of a set: the evidence, which candidates are right `(n,)`, and what kind of question it is.

    `kind` is `answerable`; `removed` when what answers it was taken out of the corpus; `foreign` when it is about
    another corpus; `unanswerable` when it was judged so. `possible` is the number of right passages.
    """

    devset: str
    question: str
    lang: str
    kind: str
    evidence: Evidence
    right: npt.NDArray[np.bool_]
    possible: int

    @property
    def pair(self) -> str:
        """Question and passages, such as `en-ar`: the language of most candidates."""
        langs = list(self.evidence.langs)
        return f"{self.lang}-{max(set(langs), key=langs.count) if langs else 'ar'}"


def cases(names: tuple[str, ...], sources: Sources, encoder: Encoder, *, hard: bool = True) -> list[Case]:
    """All cases of these development sets; with `hard`, also those that nothing answers."""
    found: list[Case] = []
    for name in names:
        with opened(name, sources, encoder) as devset:
            found += _judged(devset)
            if hard and name in REMOVABLE:
                found += [removed(case) for case in found if (case.devset, case.kind) == (name, "answerable")]
            if hard:
                found += _foreign(devset, sources, encoder)
    return found


def removed(case: Case) -> Case:
    """The same question, with what answers it taken out of the corpus."""
    kept = ~case.right
    known = case.evidence
    left = replace(
        known,
        rows=known.rows[kept],
        langs=[lang for lang, keep in zip(known.langs, kept, strict=True) if keep],
        cosines=known.cosines[kept],
        lexical=known.lexical[kept],
    )
    return replace(case, kind="removed", evidence=left, right=case.right[kept], possible=0)


def in_mode(case: Case, mode: Mode) -> Case:
    """The case as a search in this mode would know it."""
    known = case.evidence
    if mode == "semantic":
        return replace(case, evidence=replace(known, lexical=np.zeros(len(known.rows)), coverage=0.0))
    if mode == "lexical":
        kept = known.lexical > 0
        langs = [lang for lang, keep in zip(known.langs, kept, strict=True) if keep]
        left = replace(
            known,
            rows=known.rows[kept],
            langs=langs,
            cosines=np.zeros(int(kept.sum())),
            lexical=known.lexical[kept],
        )
        return replace(case, evidence=left, right=case.right[kept])
    return case


def _judged(devset: Devset) -> Iterator[Case]:
    view = devset.searcher.store.view()
    sources = sources_of(view)
    for question in devset.questions:
        right = judged(question, view, sources)
        kind = "answerable" if right else "unanswerable"
        yield _case(devset, question, kind, lambda id_, right=right: id_ in right, len(right))


def _foreign(devset: Devset, sources: Sources, encoder: Encoder) -> Iterator[Case]:
    name, step = FOREIGN.get(devset.name, ("", 1))
    if name:
        with opened(name, sources, encoder) as other:
            for question in other.questions[::step]:
                yield _case(devset, question, "foreign", lambda _: False, 0)


def _case(
    devset: Devset, question: Question, kind: str, is_right: Callable[[str], bool], possible: int
) -> Case:
    searcher, query = devset.searcher, Query(question.query)
    view = searcher.store.view()
    asked = searcher.asked(view, query)
    lang = language(question.query)
    known = evidence(view, query, lang, asked.wanted, asked.embedding, CANDIDATES)
    passages = view.passages(known.rows.tolist())
    right = np.array([is_right(passage.id) for passage in passages], dtype=np.bool_)
    return Case(devset.name, question.id, lang, kind, known, right, possible)
