"""Where the time of a search goes: `python -m benchmarks.latency`, on the seed articles and at 100,000 passages.

Times are of the processor, one thread, in milliseconds: medians over questions in both languages, after each was asked
once. The large corpus is made of the seeds' words as often as they come there, and of rare made-up ones.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import results
from index.arabic import words
from index.candidates import CANDIDATES, evidence
from index.encoder import load_encoder
from index.identity import article_id, passage_id
from index.rank import ranked
from index.search import Searcher
from index.store.embedded import EmbeddedStore
from index.sync import sync
from index.terms import wanted
from index.types import Article, Entry, Mode, Passage, Provenance, Query

QUESTIONS = (
    "Which leaders did Trump say he would invite to the G20 in Florida?",
    "How many Dreamliner jets were ordered by Uzbekistan?",
    "uranium production in Central Asia",
    "Tokayev and Mirziyoyev visit to Washington",
    "ما هي المعادن الأرضية النادرة التي تملكها كازاخستان؟",
    "من هم القادة المدعوون إلى قمة دورال؟",
    "قمة C5+1 في واشنطن 2025",
)
PASSAGES, PER_ARTICLE, WORDS, RARE = 100_000, 20, 55, 60_000
STEP = 250
"""Articles written in one commit."""
ROUNDS = 12
SEEDS = Path("seeds")


def timed(run: Callable[[str], object], rounds: int = ROUNDS) -> float:
    """The median over questions of the median milliseconds of processor time of one call."""
    medians = []
    for question in QUESTIONS:
        run(question)
        spent = []
        for _ in range(rounds):
            began = time.thread_time()
            run(question)
            spent.append(1000 * (time.thread_time() - began))
        medians.append(statistics.median(spent))
    return statistics.median(medians)


def legs(searcher: Searcher) -> dict[str, float]:
    """Milliseconds by leg, and of whole searches by mode."""
    view, encoder = searcher.store.view(), searcher.encoder
    embeddings = {question: encoder.encode_queries([question])[0] for question in QUESTIONS}
    asked = {question: wanted(question, searcher.translations, view.spellings) for question in QUESTIONS}

    def of(mode: Mode) -> Callable[[str], object]:
        return lambda question: searcher.search(Query(question, mode=mode))

    def known(question: str) -> object:
        query = Query(question)
        return ranked(
            evidence(view, query, "en", asked[question], embeddings[question], CANDIDATES), "hybrid", {}
        )

    def marked(question: str) -> object:
        texts = [passage.text for passage in view.passages(nearest[question])]
        return searcher._highlighter.spans(texts, asked[question].terms, (), embeddings[question])

    nearest = {q: [one.row for one in view.nearest(embeddings[q], 10)] for q in QUESTIONS}
    return {
        "encode the question": timed(lambda question: encoder.encode_queries([question])),
        "nearest 50": timed(lambda question: view.nearest(embeddings[question], CANDIDATES)),
        "terms: stems, translations, spellings": timed(
            lambda question: wanted(question, searcher.translations, view.spellings)
        ),
        "lexical matches": timed(lambda question: view.matches(asked[question].terms)),
        "candidates of both, ranked": timed(known),
        "sentences of 10 hits marked (10 passages read)": timed(marked),
        "whole semantic search": timed(of("semantic")),
        "whole lexical search": timed(of("lexical")),
        "whole hybrid search": timed(of("hybrid")),
    }


def synthetic(dim: int, numbers: range) -> Iterator[Entry]:
    """Articles of these numbers, of random passages with random embeddings; each is a function of its number."""
    known = [word.text for file in sorted(SEEDS.iterdir()) for word in words(file.read_text("utf-8"))]
    letters = np.array(list("ابتثجحخدرزسشصطعفقكلمنهوي"))
    rare = ["".join(word) for word in np.random.default_rng(7).choice(letters, (RARE, 6))]
    for number in numbers:
        chance = np.random.default_rng((7, number))
        source = f"synthetic/{number}"
        key = article_id(source)
        texts = [
            " ".join([*chance.choice(known, WORDS - 8), *(rare[int(RARE * x**3)] for x in chance.random(8))])
            for _ in range(PER_ARTICLE)
        ]
        passages, start = [], 0
        for place, text in enumerate(texts):
            passages.append(
                Passage(passage_id(key, text, 0), key, place + 1, start, start + len(text), text, "ar")
            )
            start += len(text) + 2
        rows = chance.standard_normal((PER_ARTICLE, dim)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        provenance = Provenance(source, "0" * 64, rare[number % RARE], "ar")
        yield Entry(Article(key, provenance, "\n\n".join(texts)), tuple(passages), rows)


def large(folder: Path, count: int) -> EmbeddedStore:
    """A store of so many synthetic passages, made once; broken off, it goes on where it was."""
    key, path = load_encoder().key, folder / "store"
    with EmbeddedStore.open(path, key) if path.exists() else EmbeddedStore.create(path, key) as store:
        articles = count // PER_ARTICLE
        for start in range(store.view().article_count, articles, STEP):
            store.put(list(synthetic(key.dim, range(start, min(start + STEP, articles)))))
    return EmbeddedStore.open(path, key, read_only=True)


def main() -> None:
    """Measure, print, and put the table into RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument(
        "--work", type=Path, default=Path("build/benchmarks"), help="where the large store is kept"
    )
    parser.add_argument("--passages", type=int, default=PASSAGES)
    given = parser.parse_args()
    encoder = load_encoder()
    with TemporaryDirectory() as folder, EmbeddedStore.create(Path(folder) / "store", encoder.key) as store:
        sync(SEEDS, store, encoder)
        small, size = legs(Searcher(store, encoder)), store.view().passage_count
    with large(given.work / f"latency-{given.passages}", given.passages) as store:
        big = legs(Searcher(store, encoder))
    lines = [f"| leg | {size} passages | {given.passages:,} passages |", "|---|--:|--:|"]
    lines += [f"| {name} | {small[name]:.2f} | {big[name]:.2f} |" for name in small]
    whole, dense = "whole hybrid search", "whole semantic search"
    adds = [f"{times[whole] - times[dense]:.2f}" for times in (small, big)]
    lines.append(f"| hybrid adds to semantic | {adds[0]} | {adds[1]} |")
    text = "\n".join(["Milliseconds of processor time, one thread, median.", "", *lines, ""])
    sys.stdout.write(text)
    results.put("Latency of a search", text)


if __name__ == "__main__":
    main()
