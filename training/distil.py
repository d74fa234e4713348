"""Distillation: sentences, names and words of the added language are pulled to the teacher's space."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from training import data
from training.config import Config
from training.heldout import fold
from training.initialise import load_student
from training.loop import Loss, Plan, Sampler, train
from training.losses import contrast, pull
from training.network import device, encode, load_tokenizer
from training.targets import Targets, read_targets
from training.vocabulary import limited

Ids = list[list[int]]
SENTENCE_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Translations:
    """Pairs with the added side cut into ids and the teacher's embedding (n, dim) of the known side.

    `groups` numbers equal spellings of the added side, which must not be told apart.
    """

    added: Ids
    teacher: torch.Tensor
    groups: torch.Tensor


def token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> Ids:
    """Token ids of each text, with [CLS] and [SEP], truncated as the tokenizer says."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def translations(pairs: Sequence[data.Pair], tokenizer: Tokenizer, targets: Targets) -> Translations:
    """The pairs ready for training, in the given order."""
    numbers: dict[str, int] = {}
    groups = [numbers.setdefault(fold(pair.added), len(numbers)) for pair in pairs]
    return Translations(
        token_ids(tokenizer, [pair.added for pair in pairs]),
        torch.from_numpy(targets.of([pair.known for pair in pairs])),
        torch.tensor(groups),
    )


class SentenceTask:
    """Added-language sentences against teacher embeddings, those of other sentences as wrong answers."""

    def __init__(self, body: Any, pairs: Translations, config: Config) -> None:
        self._body, self._pairs, self._config = body, pairs, config
        self._sampler = Sampler(len(pairs.added), config.distillation.pairs, config.seed)

    def __call__(self, number: int) -> torch.Tensor:
        settings, chosen = self._config.distillation, self._sampler.draw(number)
        others = np.random.default_rng((self._config.seed, 1, number)).integers(
            0, len(self._pairs.added), settings.bank
        )
        budget = settings.optimiser.chunk_tokens
        student = encode(self._body, [self._pairs.added[i] for i in chosen], budget).contextual
        teacher = self._pairs.teacher[np.concatenate([chosen, others])].to(student.device)
        own = teacher[: len(chosen)]
        right = torch.arange(len(chosen), device=student.device)
        alike = own @ teacher.T > 0.9
        forward = contrast(student, teacher, right, settings.temperature, alike)
        backward = contrast(own, student, right, settings.temperature, alike[:, : len(chosen)])
        return settings.pull * pull(student, own) + forward + 0.5 * backward


class NameTask:
    """Single names and words: both spellings are encoded and must find each other and the teacher."""

    def __init__(
        self, body: Any, pairs: Translations, known: Ids, shorter: Sequence[Ids], config: Config
    ) -> None:
        self._body, self._pairs, self._known, self._config = body, pairs, known, config
        self._shorter = shorter
        self._sampler = Sampler(len(pairs.added), config.distillation.names, config.seed + 1)

    def __call__(self, number: int) -> torch.Tensor:
        settings, chosen = self._config.distillation, self._sampler.draw(number)
        budget, n = settings.optimiser.chunk_tokens, len(chosen)
        ids = self._cut(chosen.tolist(), number) + [self._known[i] for i in chosen]
        both = encode(self._body, ids, budget).contextual
        added, known = both[:n], both[n:]
        others = np.random.default_rng((self._config.seed, 4, number)).integers(
            0, len(self._known), settings.bank
        )
        every = self._pairs.teacher[np.concatenate([chosen, others])].to(both.device)
        teacher, groups = every[:n], self._pairs.groups
        same = (groups[chosen][:, None] == groups[np.concatenate([chosen, others])]).to(both.device)
        right = torch.arange(n, device=both.device)
        among = torch.cat([known, every[n:]])
        found = contrast(added, among, right, settings.temperature, same)
        found = found + contrast(known, added, right, settings.temperature, same[:, :n])
        return found + 2.0 * pull(added, teacher) + 2.0 * pull(known, teacher)

    def _cut(self, chosen: list[int], number: int) -> Ids:
        """The added side of the chosen names, some cut into shorter pieces than the longest that fit.

        Like BPE dropout (Provilkov et al. 2020, arXiv 1910.13267): pieces learn to be put together.
        """
        random = np.random.default_rng((self._config.seed, 6, number))
        shorter = random.random(len(chosen)) < self._config.distillation.short_pieces
        which = random.integers(len(self._shorter), size=len(chosen))
        cuts = zip(chosen, shorter.tolist(), which.tolist(), strict=True)
        return [self._shorter[w][i] if short else self._pairs.added[i] for i, short, w in cuts]


class KnownTask:
    """Known-language texts held to the teacher, so that nothing of it is lost."""

    def __init__(self, body: Any, ids: Ids, teacher: torch.Tensor, config: Config) -> None:
        self._body, self._ids, self._teacher, self._config = body, ids, teacher, config
        self._sampler = Sampler(len(ids), config.distillation.english, config.seed + 2)

    def __call__(self, number: int) -> torch.Tensor:
        settings, chosen = self._config.distillation, self._sampler.draw(number)
        ids = [self._ids[i] for i in chosen]
        student = encode(self._body, ids, settings.optimiser.chunk_tokens).contextual
        return 2.0 * settings.pull * pull(student, self._teacher[chosen].to(student.device))


def translation_tasks(config: Config, body: Any) -> dict[str, Loss]:
    """The tasks of distillation by letter: P sentences, N names, E English held to the teacher."""
    tokenizer = load_tokenizer(config.work / "vocabulary", SENTENCE_TOKENS)
    targets = read_targets(config.work / "targets")
    sentences, names = data.sentence_pairs(config), data.name_pairs(config)
    held = [text for row in data.known_questions(config) for text in row]
    held += [pair.known for pair in sentences][: len(held)]
    held.sort(key=data.order)
    known = token_ids(tokenizer, [pair.known for pair in names])
    shorter = [token_ids(limited(tokenizer, n), [pair.added for pair in names]) for n in (1, 2)]
    return {
        "P": SentenceTask(body, translations(sentences, tokenizer, targets), config),
        "N": NameTask(body, translations(names, tokenizer, targets), known, shorter, config),
        "E": KnownTask(body, token_ids(tokenizer, held), torch.from_numpy(targets.of(held)), config),
    }


def make_distilled(config: Config, folder: Path) -> None:
    """Fills a folder with the checkpoints of the distillation."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    body = load_student(config, config.work / "student" / "weights.pt").to(device()).train()
    train(body, Plan.of(config.distillation), translation_tasks(config, body), folder, {})
