"""Development sets as stores to be searched, embedded once for each encoder, and their judged questions."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from index.arabic import language
from index.evaluate import Question, Relevant, load_questions
from index.identity import article_id
from index.search import Searcher
from index.store.embedded import EmbeddedStore
from index.sync import encode_passages, sync
from index.types import Article, Encoder, Entry, Passage, Provenance

STEP = 256


@dataclass(frozen=True, slots=True)
class Devset:
    """A corpus with questions about it, and questions that nothing in it answers."""

    name: str
    searcher: Searcher
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the sets lie: judged questions, public development data, seed articles; and where stores are kept."""

    judged: Path
    data: Path
    seeds: Path
    work: Path


@contextmanager
def opened(name: str, sources: Sources, encoder: Encoder) -> Iterator[Devset]:
    """The development set of this name: `seeds`, `news`, `arcd`, `flores-en-ar`, `flores-ar-en` or `squad`."""
    folder = sources.work / f"{encoder.key.id.replace('/', '-')}-{encoder.key.revision}" / name
    passages, questions = _READERS[name](sources)
    if not (folder / "done").exists():
        _build(folder, name, passages, sources, encoder)
    with EmbeddedStore.open(folder / "store", encoder.key, read_only=True) as store:
        yield Devset(name, Searcher(store, encoder), tuple(questions))


Text = tuple[str, str, str]
"""Passage id, title, text."""


def _build(folder: Path, name: str, passages: list[Text], sources: Sources, encoder: Encoder) -> None:
    with EmbeddedStore.create(folder / "store", encoder.key) as store:
        if name == "seeds":
            sync(sources.seeds, store, encoder)
        for start in range(0, len(passages), STEP):
            store.put(list(_entries(passages[start : start + STEP], encoder)))
    (folder / "done").touch()


def _entries(texts: Iterable[Text], encoder: Encoder) -> Iterator[Entry]:
    for id_, title, text in texts:
        article, lang = article_id(id_), language(text)
        passage = Passage(id_, article, 1, 0, len(text), text, lang)
        provenance = Provenance(id_, sha256(text.encode()).hexdigest(), title, lang)
        yield Entry(Article(article, provenance, text), (passage,), encode_passages(encoder, [passage]))


def _seeds(sources: Sources) -> tuple[list[Text], list[Question]]:
    return [], list(load_questions(sources.judged / "seeds_dev.jsonl"))


def _news(sources: Sources) -> tuple[list[Text], list[Question]]:
    with gzip.open(sources.judged / "news_dev_corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    texts = [(row["id"], row["title"] or "", row["text"]) for row in rows]
    return texts, list(load_questions(sources.judged / "news_dev_questions.jsonl"))


def _arcd(sources: Sources) -> tuple[list[Text], list[Question]]:
    rows = [
        json.loads(line) for line in (sources.data / "dev" / "arcd.jsonl").read_text("utf-8").splitlines()
    ]
    numbers = {text: f"p{n}" for n, text in enumerate(dict.fromkeys(row["context_ar"] for row in rows))}
    questions = [
        _known(f"arcd-{n}", "ar", row["question_ar"], numbers[row["context_ar"]])
        for n, row in enumerate(rows)
        if n % 3 == 0
    ]
    return [(id_, "", text) for text, id_ in numbers.items()], questions


def _flores(sources: Sources, asked: int) -> tuple[list[Text], list[Question]]:
    lines = (sources.data / "dev" / "flores_devtest.en-ar.tsv").read_text("utf-8").splitlines()
    pairs = [line.split("\t")[:2] for line in lines]
    lang = ("en", "ar")[asked]
    questions = [_known(f"{lang}-{n}", lang, pair[asked], f"s{n}") for n, pair in enumerate(pairs)]
    return [(f"s{n}", "", pair[1 - asked]) for n, pair in enumerate(pairs)], questions


def _squad(sources: Sources) -> tuple[list[Text], list[Question]]:
    with lzma.open(sources.data / "squad_en_question_sentence.tsv.xz", "rt", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t") for line, _ in zip(stream, range(3000), strict=False)]
    numbers = {text: f"s{n}" for n, text in enumerate(dict.fromkeys(text for _, text in rows))}
    questions = [_known(f"squad-{n}", "en", rows[n][0], numbers[rows[n][1]]) for n in range(0, 3000, 10)]
    return [(id_, "", text) for text, id_ in numbers.items()], questions


def _known(id_: str, lang: str, question: str, passage: str) -> Question:
    return Question(id_, lang, question, (Relevant(passage, None, "", 1),))


_READERS = {
    "seeds": _seeds,
    "news": _news,
    "arcd": _arcd,
    "flores-en-ar": lambda sources: _flores(sources, 0),
    "flores-ar-en": lambda sources: _flores(sources, 1),
    "squad": _squad,
}
NAMES = tuple(_READERS)
