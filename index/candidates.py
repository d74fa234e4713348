"""The candidates of a question: what the searches of a view find, with all that is known of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from index.rank import Evidence, Floats, best_matches, lexical_scores
from index.terms import Wanted
from index.types import Candidate, Embeddings, Lang, Matches, Query, View

CANDIDATES = 50
"""So many of the nearest and so many of the best lexical matches are ranked, unless the query reaches further down."""

NOTHING = Matches(np.zeros(0, dtype=np.int64), np.zeros(0), (), 0.0)


def evidence(
    view: View, query: Query, lang: Lang, asked: Wanted, embedding: Embeddings | None, k: int
) -> Evidence:
    """The k best candidates of each search that the mode calls for."""
    matches, nearest = _found(view, query, asked, embedding, k)
    rows = best_matches(matches, k)
    cosines = np.zeros(len(rows))
    if embedding is not None:
        rows, cosines = _with_cosines(view, embedding, rows, nearest)
    return Evidence(
        query_lang=lang,
        rows=rows,
        langs=view.langs(rows.tolist()),
        cosines=cosines,
        lexical=lexical_scores(matches, rows),
        rarity=matches.rarity,
        coverage=matches.coverage,
    )


def _found(
    view: View, query: Query, asked: Wanted, embedding: Embeddings | None, k: int
) -> tuple[Matches, Sequence[Candidate]]:
    """The lexical matches and the nearest, none of these where something is quoted: it must stand in every passage.

    Where no passage holds what is quoted, as when an English phrase is looked for in Arabic text, hybrid search takes
    it for words like others.
    """
    if asked.phrases and query.mode != "semantic":
        matches = view.matches(asked.terms, asked.phrases, query.filters, k=k)
        if len(matches.rows) or query.mode == "lexical":
            return matches, ()
    nearest = () if embedding is None else view.nearest(embedding, k, query.filters)
    if query.mode == "semantic":
        return NOTHING, nearest
    near = [candidate.row for candidate in nearest]
    return view.matches(asked.terms, (), query.filters, k=k, near=near), nearest


def _with_cosines(
    view: View, embedding: Embeddings, rows: npt.NDArray[np.int64], nearest: Sequence[Candidate]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The nearest and, after them, those rows that are not among them; all with their cosines."""
    near = {candidate.row: candidate.score for candidate in nearest}
    others = [row for row in rows.tolist() if row not in near]
    cosines = [*near.values(), *(view.cosines(embedding, others) if others else ())]
    return np.array([*near, *others], dtype=np.int64), np.array(cosines, dtype=np.float64)
