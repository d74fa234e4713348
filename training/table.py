"""The translation table for lexical search across languages: p(added | known) and back, words and stems.

Format of table.npz (readable with numpy alone, `allow_pickle=False`), for each level L of `word`, `stem`:

| array | what |
|---|---|
| `L_en`, `L_ar` | uint8: the terms of a language, UTF-8, sorted by code point, joined by a newline |
| `L_en_ar_start` | uint32 (n + 1): the entries of English term i are those from start[i] to start[i + 1] |
| `L_en_ar_term` | uint16 or uint32: the Arabic term of each entry, most probable first |
| `L_en_ar_p` | uint8: p(Arabic | English) * 255, rounded |
| `L_ar_en_…` | the same the other way: p(English | Arabic) |

Terms are as `index.arabic.words` gives them: folded words, light10 or Snowball stems.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from index.arabic import words
from training import data
from training.alignment import agreed_counts
from training.config import Config

Terms = list[list[str]]
LEVELS = ("word", "stem")
LONGEST = 64
"""Distinct units of a text that are aligned."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Entries by source term, most probable first: `terms[start[i]:start[i + 1]]` with probabilities."""

    start: NDArray[np.uint32]
    terms: NDArray[np.uint32]
    p: NDArray[np.uint8]


def table_pairs(config: Config) -> list[tuple[str, str]]:
    """What the table is learnt from: sentences, names, and questions' digests with their passages."""
    pairs = [(p.known, p.added) for p in data.sentence_pairs(config) + data.name_pairs(config)]
    return pairs + [(j.digest, j.passage) for j in data.judged_passages(config)]


def numbered(texts: Sequence[Sequence[str]]) -> tuple[list[list[int]], list[str]]:
    """Units as numbers into the sorted list of distinct terms."""
    terms = sorted({unit for text in texts for unit in text})
    number = {term: i for i, term in enumerate(terms)}
    return [[number[unit] for unit in text] for text in texts], terms


def distinct(text: Sequence[str]) -> list[str]:
    """The first distinct units of a text, in order: long passages count too, as far as their digests go."""
    return list(dict.fromkeys(text))[:LONGEST]


def pruned(counts: sparse.csr_matrix, config: Config) -> sparse.csr_matrix:
    """p(column | row) by rows: rare links, small probabilities and long tails dropped."""
    settings = config.table
    rows = sparse.csr_matrix(counts)
    totals = np.maximum(np.asarray(rows.sum(axis=1)).ravel(), 1e-9)
    p = rows.copy()  # a product would reorder the entries, and the masks below go by place
    p.data /= np.repeat(totals, np.diff(p.indptr))
    p.data[(p.data < settings.min_probability) | (rows.data < settings.min_count)] = 0.0
    p.eliminate_zeros()
    for i in range(p.shape[0]):
        part = p.data[p.indptr[i] : p.indptr[i + 1]]
        if len(part) > settings.per_word:
            part[part < np.sort(part)[-settings.per_word]] = 0.0
    p.eliminate_zeros()
    return p


def direction(p: sparse.csr_matrix) -> Direction:
    """The rows of a sparse matrix as arrays, each row's entries by falling probability."""
    order = np.lexsort((-p.data, np.repeat(np.arange(p.shape[0]), np.diff(p.indptr))))
    levels = np.clip(np.rint(p.data[order] * 255), 1, 255).astype(np.uint8)
    return Direction(p.indptr.astype(np.uint32), p.indices[order].astype(np.uint32), levels)


def level(known: Terms, added: Terms, config: Config) -> dict[str, NDArray[np.generic]]:
    """The arrays of one level (without its prefix), only terms that have an entry either way."""
    k_ids, k_terms = numbered([distinct(text) for text in known])
    a_ids, a_terms = numbered([distinct(text) for text in added])
    sizes = (len(a_terms), len(k_terms))
    counts = agreed_counts(a_ids, k_ids, sizes, config.table.rounds, config.table.tension)
    k_given_a, a_given_k = pruned(counts, config), pruned(sparse.csr_matrix(counts.T), config)
    used = (k_given_a + sparse.csr_matrix(a_given_k.T)).tocoo()
    rows, columns = np.unique(used.row), np.unique(used.col)
    k_given_a = sparse.csr_matrix(k_given_a[rows][:, columns])
    a_given_k = sparse.csr_matrix(a_given_k[columns][:, rows])
    arrays: dict[str, NDArray[np.generic]] = {
        config.known: _blob([k_terms[i] for i in columns]),
        config.added: _blob([a_terms[i] for i in rows]),
    }
    for name, matrix in (("en_ar", a_given_k), ("ar_en", k_given_a)):
        entries = direction(matrix)
        arrays[f"{name}_start"] = entries.start
        small = entries.terms.max(initial=0) < 2**16
        arrays[f"{name}_term"] = entries.terms.astype(np.uint16 if small else np.uint32)
        arrays[f"{name}_p"] = entries.p
    return arrays


def _blob(terms: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def make_table(config: Config, folder: Path) -> None:
    """Fills a folder with table.npz."""
    pairs = table_pairs(config)
    forms: dict[str, Callable[[str], list[str]]] = {
        "word": lambda text: [word.text for word in words(text)],
        "stem": lambda text: [word.stem for word in words(text)],
    }
    arrays: dict[str, NDArray[np.generic]] = {}
    for name in LEVELS:
        known, added = ([forms[name](pair[side]) for pair in pairs] for side in (0, 1))
        arrays |= {f"{name}_{part}": array for part, array in level(known, added, config).items()}
    np.savez_compressed(folder / "table.npz", allow_pickle=False, **arrays)


def read_direction(path: Path, name: str, source: str, target: str) -> dict[str, list[tuple[str, float]]]:
    """One level and direction as a dictionary: term to (translation, probability), most probable first."""
    with np.load(path, allow_pickle=False) as table:
        terms = bytes(table[f"{name}_{source}"]).decode().split("\n")
        others = bytes(table[f"{name}_{target}"]).decode().split("\n")
        start, ids, p = (table[f"{name}_{source}_{target}_{part}"] for part in ("start", "term", "p"))
    return {
        term: [(others[ids[k]], float(p[k]) / 255) for k in range(start[i], start[i + 1])]
        for i, term in enumerate(terms)
    }
