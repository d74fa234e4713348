"""Retrieval tuning: questions find their passage among all passages, in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training import data
from training.config import Config
from training.crops import CropTask
from training.distil import Ids, token_ids, translation_tasks
from training.initialise import load_student
from training.loop import Plan, Sampler, checkpoints, train
from training.losses import contrast, nested, pull
from training.named import NamedTask
from training.network import device, encode, load_tokenizer
from training.targets import Targets, read_targets

ALIKE = 0.85
RUN_SEEDS = 1_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """The judged passages as ids, with teacher embeddings of their digests (n, dim) and questions.

    `known_rows[i]` are the rows of passage i's questions in `known` and `asked` (q, dim); `owner` (q,)
    leads back. `near` (n, 12) are its BM25 neighbours.
    """

    passages: Ids
    known: Ids
    added: Ids
    known_rows: list[list[int]]
    added_rows: list[list[int]]
    owner: torch.Tensor
    digests: torch.Tensor
    asked: torch.Tensor
    near: np.ndarray[Any, np.dtype[np.int64]]


def read_corpus(config: Config) -> Corpus:
    """All judged passages, cut and with their targets."""
    tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)
    judged = data.judged_passages(config)
    targets: Targets = read_targets(config.work / "question-targets")
    known = [q for j in judged for q in j.known_queries]
    return Corpus(
        token_ids(tokenizer, [j.passage for j in judged]),
        token_ids(tokenizer, known),
        token_ids(tokenizer, [q for j in judged for q in j.added_queries]),
        _rows([len(j.known_queries) for j in judged]),
        _rows([len(j.added_queries) for j in judged]),
        torch.tensor([i for i, j in enumerate(judged) for _ in j.known_queries]),
        torch.from_numpy(targets.of([j.digest for j in judged])),
        torch.from_numpy(targets.of(known)),
        np.load(config.work / "neighbours" / "bm25.npy"),
    )


def _rows(counts: Sequence[int]) -> list[list[int]]:
    ends = np.cumsum([0, *counts])
    return [list(range(ends[i], ends[i + 1])) for i in range(len(counts))]


def thinned(ids: list[int], share: float, random: np.random.Generator) -> list[int]:
    """Token ids with a random share of the inner ones left out, so that no text is ever seen twice alike."""
    kept = random.random(len(ids)) >= share
    kept[0] = kept[-1] = True
    return [i for i, keep in zip(ids, kept.tolist(), strict=True) if keep]


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's passages and their questions in either language (positions in the corpus).

    The owner of a question is its passage's place in `passages`.
    """

    passages: list[int]
    known: list[int]
    known_owner: list[int]
    added: list[int]
    added_owner: list[int]


class QuestionTask:
    """Questions against a batch of neighbouring passages and a bank of all the others.

    The bank (n, dim) holds each passage's last embedding: the softmax runs over the whole corpus at
    the price of one matrix product, and the nearest wrong passages weigh most in it.
    """

    def __init__(self, body: Any, corpus: Corpus, config: Config, state: dict[str, Any]) -> None:
        self._body, self._corpus, self._config, self._state = body, corpus, config, state
        settings = config.retrieval
        seeds = settings.passages // (1 + settings.neighbours)
        self._sampler = Sampler(len(corpus.passages), seeds, config.seed + 10)

    def batch(self, number: int) -> Batch:
        """Seed passages with neighbours by BM25 and by the model as it is now, and their questions."""
        random = np.random.default_rng((self._config.seed, 2, number))
        chosen: dict[int, None] = {}
        bank = self._state["bank"]
        for seed in self._sampler.draw(number).tolist():
            likeness = bank[seed] @ bank.T
            likeness[self._corpus.digests[seed] @ self._corpus.digests.T > ALIKE] = -1.0
            modelled = torch.topk(likeness, min(12, len(bank))).indices.tolist()
            near = [*self._corpus.near[seed].tolist(), *modelled]
            picked = random.choice(near, size=self._config.retrieval.neighbours, replace=False).tolist()
            chosen.update(dict.fromkeys([seed, *picked]))
        passages = list(chosen)
        known, known_owner = self._questions_of(passages, self._corpus.known_rows)
        added, added_owner = self._questions_of(passages, self._corpus.added_rows)
        return Batch(passages, known, known_owner, added, added_owner)

    @staticmethod
    def _questions_of(passages: list[int], rows: list[list[int]]) -> tuple[list[int], list[int]]:
        """All questions of the passages, and the place of the passage that each belongs to."""
        asked = [(question, place) for place, i in enumerate(passages) for question in rows[i]]
        return [question for question, _ in asked], [place for _, place in asked]

    def __call__(self, number: int) -> torch.Tensor:
        batch, corpus, settings = self.batch(number), self._corpus, self._config.retrieval
        sizes = [len(batch.passages), len(batch.known), len(batch.added)]
        random = np.random.default_rng((self._config.seed, 5, number))
        ids = [corpus.passages[i] for i in batch.passages]
        ids += [corpus.known[i] for i in batch.known] + [corpus.added[i] for i in batch.added]
        ids = [thinned(row, settings.dropped, random) for row in ids]
        every = encode(self._body, ids, settings.optimiser.chunk_tokens)
        passages, known, added = torch.split(every.whole, sizes)
        meant, asked, _ = torch.split(every.contextual, sizes)
        loss = self._questions(batch, passages, known, added) + self._digests(batch, meant)
        loss = loss + settings.hold * pull(asked, corpus.asked[batch.known].to(known.device))
        self._state["bank"][batch.passages] = passages.detach().cpu()
        return loss

    def _questions(
        self, batch: Batch, passages: torch.Tensor, known: torch.Tensor, added: torch.Tensor
    ) -> torch.Tensor:
        """Both languages' questions to passages, and passages back to the teacher's questions."""
        corpus, settings = self._corpus, self._config.retrieval
        place = passages.device
        owners = torch.tensor(batch.passages)
        candidates = torch.cat([passages, self._state["bank"].to(place)])
        ids = torch.cat([owners, torch.arange(len(self._state["bank"]))])
        in_bank = torch.arange(len(ids)) >= len(owners)
        spared = torch.isin(ids, owners) & in_bank

        rows = torch.tensor(batch.known_owner)
        asked, digests = corpus.asked[batch.known], corpus.digests
        scores = asked @ digests.T
        own = scores[torch.arange(len(rows)), owners[rows]]
        better = (scores > own[:, None] + settings.margin)[:, ids]
        alike = (digests[owners] @ digests.T > ALIKE)[:, ids]
        hidden = (better | alike[rows] | spared[None, :]).to(place)
        right = rows.to(place)
        loss = nested(known, candidates, right, settings.temperature, hidden, settings.matryoshka)

        rows = torch.tensor(batch.added_owner)
        hidden = (alike[rows] | spared[None, :]).to(place)
        right = rows.to(place)
        loss = loss + nested(added, candidates, right, settings.temperature, hidden, settings.matryoshka)

        first = [batch.known_owner.index(row) for row in range(len(owners))]
        back = torch.cat([known[first], corpus.asked.to(place)])
        same = torch.isin(corpus.owner, owners)
        hidden = torch.cat([(digests[owners] @ digests[owners].T > ALIKE), same.expand(len(owners), -1)], 1)
        right = torch.arange(len(owners), device=place)
        return loss + 0.3 * contrast(passages, back, right, settings.temperature, hidden.to(place))

    def _digests(self, batch: Batch, passages: torch.Tensor) -> torch.Tensor:
        """Passages to the teacher's embedding of their digest among all digests, and pulled to it."""
        corpus, settings = self._corpus, self._config.retrieval
        digests = corpus.digests.to(passages.device)
        right = torch.tensor(batch.passages, device=passages.device)
        alike = digests[right] @ digests.T > ALIKE
        found = contrast(passages, digests, right, settings.temperature, alike)
        return 0.5 * found + settings.digest * pull(passages, digests[right])


def make_tuned(config: Config, folder: Path, run: int = 0) -> None:
    """Fills a folder with the checkpoints of a run of the retrieval tuning; another run draws other batches."""
    config = replace(config, seed=config.seed + RUN_SEEDS * run)
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    start = list(checkpoints(config.work / "lexical"))[-1]
    body = load_student(config, start).to(device()).train()
    corpus = read_corpus(config)
    state = {
        "bank": corpus.digests.clone()
    }  # what a passage is pulled to stands for it until it is first seen
    tasks = translation_tasks(config, body)
    tasks["Q"] = QuestionTask(body, corpus, config, state)
    tasks["X"] = NamedTask(body, config, state)
    tasks["A"] = CropTask(body, config, state)
    train(body, Plan.of(config.retrieval), tasks, folder, state)
