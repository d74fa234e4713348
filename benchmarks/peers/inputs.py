"""Texts, questions and embeddings of a size, made once and the same for all.

The seeds, and up to `OWN` passages of `benchmarks.texts`, are embedded by every peer itself. Above that embedding would
take hours and hide all else: passages are `WORDS` words drawn from the seeds as often as they come there, and an
embedding is that of one of the first `TOPICS` passages of `benchmarks.texts`, moved by noise of `SPREAD` of its length.
Questions are real, and so are their embeddings.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import texts
from benchmarks.peers.given import Given, K, Rows
from index.clean import Phrases, clean
from index.encoder import load_encoder
from index.read import read_folder
from index.split import split
from index.types import RawArticle

OWN = 10_000
QUESTIONS = 300
TOPICS, SPREAD, WORDS, RARE = 2048, 0.9, 25, 3
BLOCK = 10_000


def make(given: Given, passages: int) -> None:
    """Put the inputs into the folder; 0 passages are the seeds'. The queries are made by a worker, in torch."""
    given.folder.mkdir(parents=True)
    articles = given.folder / "articles"
    if passages > OWN:
        found = _drawn(passages)
        rows = np.lib.format.open_memmap(
            given.folder / "vectors.npy",
            mode="w+",
            dtype=np.float32,
            shape=(passages, load_encoder().key.dim),
        )
        for start, block in _blocks(_topics(given.folder.parent), passages):
            rows[start : start + len(block)] = block
    elif passages:
        texts.write(articles, passages)
        found = _cut(articles)
    else:
        shutil.copytree(texts.ROOT / "seeds", articles)
        found = _cut(articles)
    (given.folder / "texts.txt").write_text("\n".join(found), "utf-8")
    asked = texts.questions(QUESTIONS, max(passages, texts.PER_ARTICLE))
    (given.folder / "questions.txt").write_text("\n".join(asked), "utf-8")


def _cut(folder: Path) -> list[str]:
    """The passages that `sanad sync` makes of a folder."""
    encoder, phrases = load_encoder(), Phrases.load()
    raw = [one for one in read_folder(folder) if isinstance(one, RawArticle)]
    cut = [split(clean(one, phrases), encoder.count_tokens, encoder.max_tokens) for one in raw]
    return [" ".join(passage.text.split()) for passages in cut for passage in passages]


def _drawn(passages: int) -> list[str]:
    """Passages of words of the seeds, as often as they come there, and rare made-up ones."""
    common, rare = np.array(texts.seeds()[1]), np.array(texts.rare_words())
    chance, found = np.random.default_rng(17), []
    for start in range(0, passages, BLOCK):
        count = min(BLOCK, passages - start)
        words = common[chance.integers(0, len(common), (count, WORDS))]
        words[:, :RARE] = rare[(len(rare) * chance.random((count, RARE)) ** 3).astype(int)]
        found += [" ".join(row) for row in words.tolist()]
    return found


def _topics(folder: Path) -> Rows:
    file = folder / "topics.npy"
    if not file.exists():
        np.save(file, load_encoder().encode_passages([one.text for one in texts.texts(TOPICS)]))
    rows: Rows = np.load(file)
    return rows


def _blocks(topics: Rows, passages: int) -> Iterator[tuple[int, Rows]]:
    chance = np.random.default_rng(19)
    for start in range(0, passages, BLOCK):
        count = min(BLOCK, passages - start)
        noise = chance.standard_normal((count, topics.shape[1]), dtype=np.float32)
        rows = topics[chance.integers(0, len(topics), count)]
        rows = rows + SPREAD * noise / np.sqrt(np.float32(topics.shape[1]))
        yield start, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def truth(given: Given) -> None:
    """Put what is truly nearest each query beside it: exact search in NumPy."""
    np.save(given.folder / "wanted.npy", nearest(given.vectors(), given.queries()))


def nearest(rows: Rows, queries: Rows) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The numbers of the K rows of largest inner product with each query, largest first, `(queries, K)`."""
    scores = np.zeros((len(queries), 0), dtype=np.float32)
    numbers = np.zeros((len(queries), 0), dtype=np.int64)
    for start in range(0, len(rows), BLOCK):
        near = queries @ rows[start : start + BLOCK].T
        places = np.broadcast_to(np.arange(start, start + near.shape[1]), near.shape)
        scores, numbers = np.concatenate([scores, near], 1), np.concatenate([numbers, places], 1)
        kept = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        scores, numbers = (
            np.take_along_axis(scores, kept, axis=1),
            np.take_along_axis(numbers, kept, axis=1),
        )
    return numbers
