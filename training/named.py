"""Names in context: of two passages that differ in one name only, a question must find the one with its name.

The same passage is put into a batch twice, each time with another person's name set into it; its question
carries one of the names, spelled in its own language. What tells the two apart is the spelling alone.
"""

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


@dataclass(frozen=True, slots=True)
class Named:
    """A question and a passage that carry the same name; `owner` is the passage's number in the corpus."""

    query: str
    passage: str
    owner: int


def with_name(text: str, name: str, random: np.random.Generator) -> str:
    """The text with a name set between two of its words, or before or after them all."""
    words = text.split()
    place = int(random.integers(len(words) + 1))
    return " ".join([*words[:place], name, *words[place:]])


class NamedTask:
    """Pairs of like passages with different names, against each other and the bank of all passages."""

    def __init__(self, body: Any, config: Config, state: dict[str, Any]) -> None:
        self._body, self._config, self._state = body, config, state
        self._judged = data.judged_passages(config)
        self._names = [pair for pair in data.name_pairs(config) if pair.source == "netranslit"]
        self._sampler = Sampler(len(self._judged), config.retrieval.passages // 2, config.seed + 30)
        self._tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)

    def batch(self, number: int) -> list[Named]:
        """Two versions of each drawn passage; about a third of the questions are in the passage's language."""
        random = np.random.default_rng((self._config.seed, 7, number))
        return [self._named(owner, random) for owner in self._sampler.draw(number).tolist() for _ in range(2)]

    def _named(self, owner: int, random: np.random.Generator) -> Named:
        judged = self._judged[owner]
        size = 1 + int(random.random() < 0.6)
        names = [self._names[int(i)] for i in random.integers(len(self._names), size=size)]
        added = " ".join(pair.added for pair in names)
        passage = with_name(judged.passage, added, random)
        if random.random() < 0.35 and judged.added_queries:
            asked, name = str(random.choice(judged.added_queries)), added
        else:
            asked, name = str(random.choice(judged.known_queries)), " ".join(pair.known for pair in names)
        return Named(with_name(asked, name, random), passage, owner)

    def __call__(self, number: int) -> torch.Tensor:
        settings, batch = self._config.retrieval, self.batch(number)
        ids = token_ids(self._tokenizer, [n.passage for n in batch] + [n.query for n in batch])
        every = encode(self._body, ids, settings.optimiser.chunk_tokens).whole
        passages, queries = every[: len(batch)], every[len(batch) :]
        owners = torch.tensor([n.owner for n in batch])
        banked = torch.isin(torch.arange(len(self._judged)), owners)
        hidden = torch.zeros((len(batch), len(batch) + len(banked)), dtype=torch.bool)
        hidden[:, len(batch) :] = banked
        among = torch.cat([passages, self._state["bank"].to(every.device)])
        right = torch.arange(len(batch), device=every.device)
        found = contrast(queries, among, right, settings.temperature, hidden.to(every.device))
        return found + 0.3 * contrast(passages, queries, right, settings.temperature)
