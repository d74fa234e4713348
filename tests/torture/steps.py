"""A long life of a store, step after step, each known from its number: what it does, what must be stored then."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from index.store.embedded import EmbeddedStore
from index.types import Embeddings, EncoderKey, Entry
from tests.index.store.corpus import entry, unit_rows

DIM = 16
KEYS = (EncoderKey("one", "1", DIM), EncoderKey("two", "1", DIM))
ARTICLES = 40


@dataclass(frozen=True)
class Expected:
    """What must be stored: article source → the step that wrote it; and the encoder."""

    articles: dict[str, int] = field(default_factory=dict)
    key: EncoderKey = KEYS[0]

    def texts(self) -> list[str]:
        """The texts of all passages, sorted."""
        return sorted(
            passage.text
            for source, step in self.articles.items()
            for passage in written(source, step).passages
        )


def embed(key: EncoderKey, texts: Sequence[str]) -> Embeddings:
    """What an encoder says: for each text a direction of its own, shape `(n, DIM)`."""
    return np.concatenate([unit_rows(1, DIM, zlib.crc32(f"{key.id} {text}".encode())) for text in texts])


WIRE = (
    "The summit in Astana ended with a plan for 12 dams on the river, the ministers of all five states said."
)
COPIES = (WIRE, f"ASTANA (Reuters) - {WIRE}", f"{WIRE} Work is to begin next year.", WIRE.replace("12", "13"))
"""What agencies sent: the first two say the same, the third a sentence more, the last something else."""


def written(source: str, step: int, key: EncoderKey = KEYS[0]) -> Entry:
    """The article as this step writes it: an opening that never changes, up to five passages more, and often a copy."""
    chance = random.Random(f"{source} {step}")
    paragraphs = [
        f"{source} opening",
        *(f"{source} of step {step}, {n}" for n in range(chance.randint(0, 5))),
    ]
    paragraphs += chance.sample(COPIES, chance.randint(0, 2))
    made = entry(source, *paragraphs)
    return replace(made, embeddings=embed(key, [passage.text for passage in made.passages]))


def sources_of(step: int) -> list[str]:
    """The articles that a step touches."""
    chance = random.Random(step)
    return [str(number) for number in chance.sample(range(ARTICLES), chance.randint(1, 6))]


def do(store: EmbeddedStore, step: int) -> None:
    """Perform the step: nine in ten put or delete, the tenth changes the encoder."""
    if step % 10 == 9:
        other = KEYS[KEYS.index(store.encoder_key) - 1]
        store.prepare(other, lambda passages: embed(other, [passage.text for passage in passages]))
        store.switch(other)
    elif step % 10 in (3, 6):
        store.delete([written(source, 0).article.id for source in sources_of(step)])
    else:
        store.put([written(source, step, store.encoder_key) for source in sources_of(step)])


def follow(before: Expected, step: int) -> Expected:
    """What must be stored after the step."""
    if step % 10 == 9:
        return replace(before, key=KEYS[KEYS.index(before.key) - 1])
    articles = dict(before.articles)
    for source in sources_of(step):
        if step % 10 in (3, 6):
            articles.pop(source, None)
        else:
            articles[source] = step
    return replace(before, articles=articles)
