"""English keyword queries made from text of the added language: its rarer words, each by a probable translation.

They carry what the translation table knows (words, names, places) into the encoder: a question of the known language
and a passage of the other that share a rare word must be near. The dense counterpart of
translating a query word by word; learning from term matching: Chen et al. 2021 (SPAR, arXiv 2110.06918).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

from index.arabic import Word, words
from training import data
from training.config import Config
from training.table import read_direction

Choices = list[tuple[str, float]]
COMMON = 150
"""The most frequent words of either language say too little to be asked for."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Translations into the known language by word and by stem, and how rare a word of the added language is.

    `rarity` is log((1 + paragraphs) / paragraphs with the word's stem); common words are not in it.
    """

    by_word: dict[str, Choices]
    by_stem: dict[str, Choices]
    rarity: dict[str, float]

    @classmethod
    def read(cls, config: Config, paragraphs: Sequence[str]) -> "Glossary":
        """The glossary over the translation table of the work folder and the paragraphs it is to be used on."""
        table = config.work / "table" / "table.npz"
        counts = Counter(w.text for text in _known_texts(config) for w in words(text))
        spelled: dict[str, str] = {}
        for text, _ in counts.most_common():
            spelled.setdefault(words(text)[0].stem, text)
        common = {text for text, _ in counts.most_common(COMMON)}
        return cls(
            _choices(table, "word", config, {}, common),
            _choices(table, "stem", config, spelled, common),
            _rarity(paragraphs),
        )

    def of(self, word: Word) -> Choices:
        """Probable translations of a word with their probabilities; empty where none is sure enough."""
        return self.by_word.get(word.text) or self.by_stem.get(word.stem, [])

    def gloss(self, text: str, random: np.random.Generator) -> str:
        """A query of 3 to 8 of the rarer words of one stretch of the text, translated, in its order, or fewer.

        Rarer words are likelier. Numbers stay as they are. Empty where nothing can be translated.
        """
        found = [w for w in words(text) if w.stem in self.rarity and (w.text.isdigit() or self.of(w))]
        if not found:
            return ""
        size = min(len(found), int(random.integers(3, 9)))
        start = int(random.integers(max(1, len(found) - 2 * size)))
        window = found[start : start + 2 * size]
        weight = np.asarray([self.rarity[w.stem] for w in window])
        picked = random.choice(len(window), min(size, len(window)), replace=False, p=weight / weight.sum())
        return " ".join(self._translated(window[i], random) for i in np.sort(picked).tolist())

    def _translated(self, word: Word, random: np.random.Generator) -> str:
        if word.text.isdigit():
            return word.text
        choices = self.of(word)
        p = np.asarray([p for _, p in choices])
        return choices[int(random.choice(len(choices), p=p / p.sum()))][0]


def _known_texts(config: Config) -> list[str]:
    return [pair.known for pair in data.sentence_pairs(config)] + [
        judged.digest for judged in data.judged_passages(config)
    ]


def _choices(
    table: Path, level: str, config: Config, spelled: dict[str, str], common: set[str]
) -> dict[str, Choices]:
    """Up to five translations of at least a tenth; nothing for a term that mostly means a common word."""
    least = 0.1
    chosen: dict[str, Choices] = {}
    for term, entries in read_direction(table, level, config.added, config.known).items():
        kept = [(spelled.get(other, other), p) for other, p in entries[:5] if p >= least]
        sure = [(other, p) for other, p in kept if other not in common]
        if sure and sum(p for _, p in sure) >= max(0.3, 0.6 * sum(p for _, p in kept)):
            chosen[term] = sure
    return chosen


def _rarity(paragraphs: Sequence[str]) -> dict[str, float]:
    counts = Counter(stem for text in paragraphs for stem in {w.stem for w in words(text)})
    common = {stem for stem, _ in counts.most_common(COMMON)}
    return {stem: log((1 + len(paragraphs)) / n) for stem, n in counts.items() if stem not in common}
