"""Queries made from paragraphs of the added language alone, which must find the paragraph they are from.

Independent cropping (Izacard et al. 2022, arXiv 2112.09118) and the inverse cloze task (Lee et al. 2019) within the
language, glosses across languages, and another paragraph of the same article in the batch as a hard negative.
"""

import re
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import data
from training.config import Config
from training.distil import token_ids, translation_tasks
from training.glosses import Glossary
from training.initialise import load_student
from training.loop import Plan, Sampler, checkpoints, train
from training.losses import contrast, nested
from training.named import with_name
from training.network import device, encode, load_tokenizer

SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")
MOST_WORDS = 55


@dataclass(frozen=True, slots=True)
class Asked:
    """A paragraph and the queries that must find it; a `title` may mean any paragraph of its article."""

    passage: str
    queries: tuple[str, ...]
    article: str
    title: str = ""


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
    """Crops, glosses and titles of two paragraphs an article against the batch's paragraphs and the latest others.

    `state["latest"]` (n, dim) holds embeddings of the paragraphs of earlier steps, zero until there are any
    (a queue as in He et al. 2020, arXiv 1911.05722, without the second encoder).
    """

    def __init__(self, body: Any, config: Config, state: dict[str, Any]) -> None:
        self._body, self._config, self._state = body, config, state
        self._settings = config.lexical
        found = data.articles(config)
        news = [a for a in found if a.source.startswith("ant:")]
        other = [a for a in found if not a.source.startswith("ant:")]
        self._articles = [news, other]
        self._samplers = self._sampled(self._settings.paragraphs)
        self._glossary = Glossary.read(config, [p for a in found for p in a.paragraphs])
        self._names = [pair for pair in data.name_pairs(config) if pair.source == "netranslit"]
        self._tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)
        dim = int(body.config.hidden_size)
        self._state.setdefault("latest", torch.zeros(self._settings.latest, dim))

    def _sampled(self, paragraphs: int) -> list[Sampler]:
        seed = self._config.seed + 20
        return [Sampler(len(part), paragraphs // 4, seed + i) for i, part in enumerate(self._articles)]

    def with_paragraphs(self, paragraphs: int) -> "CropTask":
        """The same with so many paragraphs a step; what it has read (minutes) is shared."""
        other = copy(self)
        other._samplers = self._sampled(paragraphs)
        return other

    def batch(self, number: int) -> list[Asked]:
        """The paragraphs of one step: half of the articles news, two paragraphs of each where it has two."""
        random = np.random.default_rng((self._config.seed, 3, number))
        found: list[Asked] = []
        for part, sampler in zip(self._articles, self._samplers, strict=True):
            for place in sampler.draw(number).tolist():
                article, count = part[place], min(2, len(part[place].paragraphs))
                chosen = random.choice(len(article.paragraphs), size=count, replace=False)
                found += [self._asked(article, i, random) for i in chosen.tolist()]
        return found

    def _asked(self, article: data.Paragraphs, place: int, random: np.random.Generator) -> Asked:
        query, passage = crop(article.paragraphs[place], random)
        glosses = [self._glossary.gloss(passage, random) for _ in range(self._settings.glosses)]
        if random.random() < self._settings.named:
            pair = self._names[int(random.integers(len(self._names)))]
            passage = with_name(passage, pair.added, random)
            glosses = [with_name(gloss, pair.known, random) for gloss in glosses]
        title = article.title if random.random() < self._settings.titled else ""
        return Asked(passage, tuple(q for q in (query, *glosses) if q), article.source, title)

    def __call__(self, number: int) -> torch.Tensor:
        batch, settings = self.batch(number), self._config.retrieval
        owner = [i for i, asked in enumerate(batch) for _ in asked.queries]
        titled = [i for i, asked in enumerate(batch) if asked.title]
        texts = [a.passage for a in batch] + [q for a in batch for q in a.queries]
        ids = token_ids(self._tokenizer, texts + [batch[i].title for i in titled])
        every = encode(self._body, ids, settings.optimiser.chunk_tokens).whole
        passages, queries, titles = torch.split(every, [len(batch), len(owner), len(titled)])
        among = torch.cat([passages, self._state["latest"].to(every.device)])
        right = torch.tensor(owner, device=every.device)
        loss = nested(queries, among, right, settings.temperature, None, settings.matryoshka)
        if titled:
            hidden = self._same_article(batch, titled).to(every.device)
            right = torch.tensor(titled, device=every.device)
            loss = loss + 0.3 * contrast(titles, passages, right, settings.temperature, hidden)
        self._remember(passages.detach().cpu())
        return loss

    def _same_article(self, batch: list[Asked], titled: list[int]) -> torch.Tensor:
        """Which paragraphs (titles, paragraphs) a title must not be told apart from."""
        articles = np.asarray([asked.article for asked in batch])
        return torch.from_numpy(articles[titled][:, None] == articles[None, :])

    def _remember(self, passages: torch.Tensor) -> None:
        latest = self._state["latest"]
        self._state["latest"] = torch.cat([passages, latest])[: len(latest)]


def make_lexical(config: Config, folder: Path) -> None:
    """Fills a folder with the checkpoints of the stage that learns from text of the added language alone."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    start = list(checkpoints(config.work / "distilled"))[-1]
    body = load_student(config, start).to(device()).train()
    state: dict[str, Any] = {}
    tasks = translation_tasks(config, body)
    tasks["A"] = CropTask(body, config, state)
    train(body, Plan.of(config.lexical), tasks, folder, state)
