"""Contrast and pull: the two losses that the stages mix."""

from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy, normalize


def contrast(
    queries: torch.Tensor,
    candidates: torch.Tensor,
    right: torch.Tensor,
    temperature: float,
    hidden: torch.Tensor | None = None,
) -> torch.Tensor:
    """InfoNCE: mean cross-entropy of each query's right candidate among all (n, dim) × (c, dim).

    `right` (n,) holds candidate positions; `hidden` (n, c) marks candidates that may be right too and
    must not count as wrong (the right one is never hidden).
    """
    logits = queries @ candidates.T / temperature
    if hidden is not None:
        hidden = hidden.clone()
        hidden[torch.arange(len(right)), right] = False
        logits = logits.masked_fill(hidden, float("-inf"))
    return cross_entropy(logits, right)


def pull(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cosine between unit embeddings (n, dim)."""
    return (1.0 - (student * teacher).sum(-1)).mean()


def nested(
    queries: torch.Tensor,
    candidates: torch.Tensor,
    right: torch.Tensor,
    temperature: float,
    hidden: torch.Tensor | None,
    parts: Sequence[tuple[int, float]],
) -> torch.Tensor:
    """Contrast on the full embeddings plus weighted contrast on their first dimensions.

    Matryoshka representation learning (Kusupati et al. 2022, arXiv 2205.13147).
    """
    total = contrast(queries, candidates, right, temperature, hidden)
    for dim, weight in parts:
        q, c = normalize(queries[:, :dim], dim=-1), normalize(candidates[:, :dim], dim=-1)
        total = total + weight * contrast(q, c, right, temperature, hidden)
    return total
