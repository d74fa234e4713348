"""Hard negatives: for each passage the passages that share most with it, by BM25."""

from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from training import data
from training.config import Config
from training.heldout import WORD, fold


def terms(text: str) -> list[str]:
    """The folded words of a text; Arabic ones without the article and one-letter particles before it."""
    return [_bare(word) for word in WORD.findall(fold(text))]


def _bare(word: str) -> str:
    for prefix in ("وال", "فال", "بال", "كال", "لل", "ال"):
        if word.startswith(prefix) and len(word) - len(prefix) >= 3:
            return word.removeprefix(prefix)
    return word


def bm25(passages: list[str]) -> bm25s.BM25:
    """A BM25 index (Lucene's variant, k1 1.2, b .75) over folded words."""
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index([terms(p) for p in passages], show_progress=False)
    return index


def make_neighbours(config: Config, folder: Path) -> None:
    """Fills a folder with bm25.npy: the 12 nearest other passages (n, 12) of each judged passage."""
    passages = [j.passage for j in data.judged_passages(config)]
    count = min(12, len(passages) - 1)
    found, _ = bm25(passages).retrieve([terms(p) for p in passages], k=count + 1, show_progress=False)
    np.save(folder / "bm25.npy", without_self(np.asarray(found, dtype=np.int64), count))


def without_self(found: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Each row's first `count` entries that are not the row's own number."""
    rows = [[j for j in row if j != i][:count] for i, row in enumerate(found.tolist())]
    return np.asarray(rows, dtype=np.int64)
