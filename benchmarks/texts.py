"""Texts of any number, made of the seeds' sentences by a generator with a seed; and questions about them.

A passage is two sentences of the seeds, with a quarter of their words changed for others of the seeds, as often as they
come there, and for rare made-up ones: no two are alike, words come as often as in the language, and encoding one takes
what it takes for a passage of the seeds. Each article is a function of its number alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from index.clean import Phrases, clean
from index.read import read_folder
from index.sentences import sentences
from index.types import RawArticle

ROOT = Path(__file__).parent.parent
JUDGED = ROOT / "tests" / "seeds_dev.jsonl"
PER_ARTICLE = 16
CHANGED, RARE = 0.25, 0.1
"""The share of a passage's words that is changed, and the share of those that becomes a rare one."""
RARE_WORDS = 60_000
LETTERS = "ابتثجحخدرزسشصطعفقكلمنهوي"
SHORTEST, LONGEST = 40, 250
"""Sentences of the seeds with fewer or more characters are left out."""


@dataclass(frozen=True, slots=True)
class Text:
    """A passage and where it stands: `name` is the article's, `paragraph` counts from 1."""

    name: str
    paragraph: int
    text: str


@cache
def seeds() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sentences of the seed articles, and all words of them, as often as they come."""
    phrases = Phrases.load()
    raw = [item for item in read_folder(ROOT / "seeds") if isinstance(item, RawArticle)]
    bodies = [clean(item, phrases).text for item in raw]
    lines = [line for body in bodies for line in body.splitlines()]
    found = [line[span.start : span.end] for line in lines for span in sentences(line)]
    kept = tuple(text for text in found if SHORTEST <= len(text) <= LONGEST)
    return kept, tuple(word for body in bodies for word in body.split())


@cache
def rare_words() -> tuple[str, ...]:
    """Made-up words of six letters, none of which a language has."""
    drawn = np.random.default_rng(7).choice(list(LETTERS), (RARE_WORDS, 6))
    return tuple("".join(word) for word in drawn)


def article(number: int, passages: int = PER_ARTICLE) -> tuple[str, tuple[str, ...]]:
    """The name and the passages of the article of this number."""
    chance = np.random.default_rng((11, number))
    return f"made/{number:08}.txt", tuple(_passage(chance) for _ in range(passages))


def _passage(chance: np.random.Generator) -> str:
    known, common = seeds()
    words = " ".join(known[place] for place in chance.integers(0, len(known), 2)).split()
    for place in np.flatnonzero(chance.random(len(words)) < CHANGED):
        if chance.random() < RARE:
            words[place] = rare_words()[int(RARE_WORDS * chance.random() ** 3)]
        else:
            words[place] = common[chance.integers(0, len(common))]
    return " ".join(words)


def texts(count: int) -> Iterator[Text]:
    """The first `count` passages, article by article."""
    for number in range(-(-count // PER_ARTICLE)):
        name, passages = article(number)
        for paragraph, text in enumerate(passages[: count - number * PER_ARTICLE], start=1):
            yield Text(name, paragraph, text)


def write(folder: Path, count: int) -> int:
    """Put the first `count` passages into a folder as files that `sanad sync` reads; returns how many files."""
    articles = -(-count // PER_ARTICLE)
    for number in range(articles):
        name, passages = article(number)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        body = "\n\n".join(passages[: count - number * PER_ARTICLE])
        file.write_text(f"# {rare_words()[number % RARE_WORDS]} {number}\n\n{body}\n", "utf-8")
    return articles


def questions(count: int, passages: int) -> list[str]:
    """Questions: the judged ones over the seeds, in both languages, then six words in a row of one of the passages."""
    judged = [json.loads(line)["query"] for line in JUDGED.read_text("utf-8").splitlines() if line.strip()]
    chance = np.random.default_rng(13)
    made = (
        _span(article(int(number))[1], chance)
        for number in chance.integers(0, passages // PER_ARTICLE, count)
    )
    return [*judged, *made][:count]


def _span(passages: Sequence[str], chance: np.random.Generator) -> str:
    words = passages[chance.integers(0, len(passages))].split()
    start = chance.integers(0, max(1, len(words) - 6))
    return " ".join(words[start : start + 6])
