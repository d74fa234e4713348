"""Word overlap within the added language: a title, sentence or few words find the paragraph they are from.

Independent cropping (Izacard et al. 2022, arXiv 2112.09118) and the inverse cloze task (Lee et al. 2019),
with another paragraph of the same article in the batch as a hard negative.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from training import data
from training.config import Config
from training.distil import token_ids
from training.loop import Sampler
from training.losses import contrast
from training.network import encode, load_tokenizer

SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")
MOST_WORDS = 55


@dataclass(frozen=True, slots=True)
class Crop:
    """A question-like piece of text, the paragraph it should find, and the source of its article.

    A crop finds its own paragraph only; a title (`whole`) may mean any paragraph of its article.
    """

    query: str
    passage: str
    source: str
    whole: bool = False


def crop(paragraph: str, random: np.random.Generator) -> tuple[str, str]:
    """A query made from a paragraph, and what of the paragraph it must find.

    By lot: a sentence taken out of it (inverse cloze), a run of 4 to 12 words (taken out half of the
    time), or 3 to 7 scattered words in order, like a keyword query.
    """
    words = paragraph.split()
    kind = random.random()
    sentences = [s for s in SENTENCE_END.split(paragraph) if len(s.split()) >= 4]
    if kind < 0.35 and len(sentences) >= 2:
        chosen = sentences[int(random.integers(len(sentences)))]
        rest = paragraph.replace(chosen, " ") if random.random() < 0.6 else paragraph
        return " ".join(chosen.split()[:20]), " ".join(rest.split()[:MOST_WORDS])
    words = words[:MOST_WORDS]
    if kind < 0.7:
        size = int(random.integers(4, 13))
        start = int(random.integers(max(1, len(words) - size)))
        left = words[:start] + words[start + size :] if random.random() < 0.5 else words
        return " ".join(words[start : start + size]), " ".join(left)
    long = [i for i, word in enumerate(words) if len(word) > 3] or list(range(len(words)))
    size = min(len(long), int(random.integers(3, 8)))
    start = int(random.integers(max(1, len(long) - 2 * size)))
    window = long[start : start + 2 * size]
    picked = np.sort(random.choice(window, size=min(size, len(window)), replace=False))
    return " ".join(words[i] for i in picked), " ".join(words)


class CropTask:
    """Crops of two paragraphs an article against the batch's paragraphs and the bank of judged passages."""

    def __init__(self, body: Any, config: Config, state: dict[str, Any], sources: list[str]) -> None:
        self._body, self._config, self._state = body, config, state
        self._sources = sources
        found = data.articles(config)
        news = [a for a in found if a.source.startswith("ant:")]
        other = [a for a in found if not a.source.startswith("ant:")]
        self._articles = [news, other]
        half = config.retrieval.crops // 4
        self._samplers = [
            Sampler(len(part), half, config.seed + 20 + i) for i, part in enumerate(self._articles)
        ]
        self._tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)

    def crops(self, number: int) -> list[Crop]:
        """The crops of one step: half of the articles news, two paragraphs of each where it has two."""
        random = np.random.default_rng((self._config.seed, 3, number))
        found: list[Crop] = []
        for part, sampler in zip(self._articles, self._samplers, strict=True):
            for place in sampler.draw(number).tolist():
                article, count = part[place], min(2, len(part[place].paragraphs))
                chosen = random.choice(len(article.paragraphs), size=count, replace=False)
                found += self._of(article, chosen.tolist(), random)
        return found

    def _of(self, article: data.Paragraphs, chosen: list[int], random: np.random.Generator) -> list[Crop]:
        made = [crop(article.paragraphs[i], random) for i in chosen]
        crops = [Crop(query, passage, article.source) for query, passage in made]
        if random.random() < 0.35:
            crops[0] = Crop(article.title, crops[0].passage, article.source, whole=True)
        return crops

    def __call__(self, number: int) -> torch.Tensor:
        settings, crops = self._config.retrieval, self.crops(number)
        ids = token_ids(self._tokenizer, [c.passage for c in crops] + [c.query for c in crops])
        every = encode(self._body, ids, settings.optimiser.chunk_tokens)
        passages, queries = every[: len(crops)], every[len(crops) :]
        among = torch.cat([passages, self._state["bank"].to(every.device)])
        right = torch.arange(len(crops), device=every.device)
        hidden = self._hidden(crops).to(every.device)
        found = contrast(queries, among, right, settings.temperature, hidden)
        back = contrast(passages, queries, right, settings.temperature, hidden[:, : len(crops)].T)
        return found + 0.3 * back

    def _hidden(self, crops: list[Crop]) -> torch.Tensor:
        """Which candidates must not count as wrong: for titles those of the batch's same article, for all
        the bank's passages of the same article."""
        sources = np.asarray([c.source for c in crops])
        alike = sources[:, None] == sources[None, :]
        whole = np.asarray([c.whole for c in crops])
        banked = sources[:, None] == np.asarray(self._sources)[None, :]
        return torch.from_numpy(np.concatenate([alike & whole[:, None], banked], axis=1))
