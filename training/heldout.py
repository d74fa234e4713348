"""What the model must never be trained on: the development texts, and the held names."""

import gzip
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from training.config import Config

MARKS = re.compile(r"[\u0610-\u061a\u0640\u064b-\u065f\u0670]")
FORMS = str.maketrans("أإآٱىةیک", "اااايهيك")
WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """A text in the form in which overlaps are looked for: lower case, no marks, one form a letter."""
    bare = MARKS.sub("", unicodedata.normalize("NFKC", text)).translate(FORMS)
    plain = unicodedata.normalize("NFD", bare.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def shingles(text: str, size: int) -> Iterator[str]:
    """Every run of `size` words of a folded text; one shorter run for a shorter text."""
    words = WORD.findall(fold(text))
    for start in range(max(1, len(words) - size + 1)):
        yield " ".join(words[start : start + size])


def development_texts(config: Config) -> Iterator[str]:
    """All texts of the judged sets, the seeds and the public development sets."""
    judged, dev = config.data.judged, config.data.folder / "dev"
    with gzip.open(judged / "news_dev_corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)["text"]
    for name in ("news_dev_questions.jsonl", "seeds_dev.jsonl"):
        for line in (judged / name).read_text("utf-8").splitlines():
            yield json.loads(line)["query"]
    for path in sorted(config.data.seeds.glob("*.txt")):
        yield from path.read_text("utf-8").splitlines()
    for line in (dev / "arcd.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield from (row["context_ar"], row["question_ar"])
    for name in ("flores_devtest.en-ar.tsv", "tico19_test.en-ar.tsv"):
        for line in (dev / name).read_text("utf-8").splitlines():
            yield from line.split("\t")[:2]


@dataclass(frozen=True, slots=True)
class Held:
    """The word runs of the development texts; short texts (questions) count whole."""

    runs: frozenset[str]
    size: int

    @classmethod
    def read(cls, config: Config) -> "Held":
        """The runs of all development texts of the configuration."""
        size = config.data.overlap_words
        runs = frozenset(run for text in development_texts(config) for run in shingles(text, size))
        return cls(frozenset(run for run in runs if run.count(" ") >= 4), size)

    def overlaps(self, text: str) -> bool:
        """Whether a text shares a run of words with a development text."""
        return any(run in self.runs for run in shingles(text, self.size))


def held_names(config: Config) -> list[tuple[str, str]]:
    """The (known, added) spellings of names kept for the test, one pair a spelling, smallest hash first."""
    from training.data import lines

    rows = [line.split("\t") for line in lines(config.data.folder / "names_words.en-ar.tsv.xz")]
    names = sorted(
        (hashlib.sha256(fold(k).encode()).hexdigest(), k, a)
        for k, a, source in rows
        if source == "netranslit"
    )
    kept: list[tuple[str, str]] = []
    seen: set[str] = set()
    for _, known, added in names:
        if len(kept) == config.data.held_names:
            break
        if fold(known) not in seen and fold(added) not in seen:
            seen |= {fold(known), fold(added)}
            kept.append((known, added))
    return kept
