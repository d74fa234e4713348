"""How rare a piece of the vocabulary is in what is trained on: rare pieces say more of what a text is about."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import data
from training.config import Config
from training.network import load_tokenizer

LEAST = 0.05
"""What a piece that is in every passage keeps."""


def rarity(config: Config) -> NDArray[np.float32]:
    """log(passages / passages that hold the piece), for each piece (pieces,), natural logarithm.

    A piece of both languages is as rare as where it is more frequent: in the passages or in their digests.
    """
    tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)
    judged = data.judged_passages(config)
    shares = [
        held_by(tokenizer, texts) for texts in ([j.passage for j in judged], [j.digest for j in judged])
    ]
    return np.maximum(-np.log(np.maximum(*shares)), LEAST).astype(np.float32)


def held_by(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.float64]:
    """The share of texts that hold each piece (pieces,), one more text holding all of them."""
    counts: NDArray[Any] = np.ones(tokenizer.get_vocab_size())
    for encoding in tokenizer.encode_batch(list(texts)):
        counts[np.unique(encoding.ids)] += 1
    return counts / (len(texts) + 1)
