"""The development sets, read into three shapes: retrieval, matching of pairs, similarity."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.config import Config
from training.data import tydi_questions
from training.heldout import fold, held_names


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Questions over passages with the positions of the right ones."""

    name: str
    queries: tuple[str, ...]
    passages: tuple[str, ...]
    relevant: tuple[frozenset[int], ...]
    english: bool = False


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs: `left[i]` must find `right[i]` among all of `right`; only the first `tested` are asked."""

    name: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    tested: int


@dataclass(frozen=True, slots=True)
class Similarity:
    """Sentence pairs with human scores."""

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    scores: tuple[float, ...]


def news(config: Config, language: str) -> Retrieval:
    """Questions of one language over the 3,156 news paragraphs."""
    with gzip.open(config.data.judged / "news_dev_corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        corpus = [json.loads(line) for line in stream]
    place = {row["id"]: i for i, row in enumerate(corpus)}
    asked = _asked(config.data.judged / "news_dev_questions.jsonl", language)
    relevant = tuple(frozenset(place[i] for i in row["relevant"]) for row in asked)
    passages = tuple(row["text"] for row in corpus)
    return Retrieval(f"news {language}→ar", tuple(r["query"] for r in asked), passages, relevant)


def seeds(config: Config, language: str) -> Retrieval:
    """Answerable questions of one language over the seed articles' paragraphs (lines of some length)."""
    passages = [
        (path.name, " ".join(line.split()))
        for path in sorted(config.data.seeds.glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
        if len(line.split()) >= 8
    ]
    asked = _asked(config.data.judged / "seeds_dev.jsonl", language)
    relevant = tuple(
        frozenset(
            i
            for i, (file, text) in enumerate(passages)
            if any(r["file"] == file and " ".join(r["contains"].split()) in text for r in row["relevant"])
        )
        for row in asked
    )
    return Retrieval(
        f"seeds {language}→ar", tuple(r["query"] for r in asked), tuple(t for _, t in passages), relevant
    )


def _asked(path: Path, language: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [row for row in rows if row["lang"] == language and row["relevant"]]


def arcd(config: Config) -> Retrieval:
    """ARCD: Arabic questions over its distinct Arabic paragraphs."""
    text = (config.data.folder / "dev" / "arcd.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    place = {context: i for i, context in enumerate(dict.fromkeys(row["context_ar"] for row in rows))}
    relevant = tuple(frozenset({place[row["context_ar"]]}) for row in rows)
    return Retrieval("ARCD ar→ar", tuple(r["question_ar"].strip() for r in rows), tuple(place), relevant)


def tydi(config: Config) -> Retrieval:
    """TyDi QA: held English questions over all its English paragraphs."""
    rows = tydi_questions(config)
    place = {context: i for i, context in enumerate(dict.fromkeys(context for _, context in rows))}
    asked = rows[: config.data.held_questions]
    relevant = tuple(frozenset({place[context]}) for _, context in asked)
    return Retrieval("TyDi en→en", tuple(q for q, _ in asked), tuple(place), relevant, english=True)


def translations(config: Config, file: str, name: str) -> list[Matching]:
    """Sentence matching over a parallel test file, both ways."""
    lines = (config.data.folder / "dev" / file).read_text("utf-8").splitlines()
    known, added = zip(*(line.split("\t")[:2] for line in lines), strict=True)
    n = len(known)
    return [Matching(f"{name} en→ar", known, added, n), Matching(f"{name} ar→en", added, known, n)]


def names(config: Config) -> list[Matching]:
    """The first held names among all held ones, both ways."""
    known, added = zip(*held_names(config), strict=True)
    n = config.data.tested_names
    assert len({fold(k) for k in known}) == len(known)
    return [Matching("names en→ar", known, added, n), Matching("names ar→en", added, known, n)]


def similarity(config: Config) -> Similarity:
    """The STS benchmark's English test pairs."""
    lines = (config.data.folder / "dev" / "stsb_en_test.tsv").read_text("utf-8").splitlines()
    first, second, scores = zip(*(line.split("\t") for line in lines), strict=True)
    return Similarity("STS-B en", first, second, tuple(float(s) for s in scores))
