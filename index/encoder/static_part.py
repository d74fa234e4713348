"""The module of a sentence-transformers folder that adds the mean of a text's own pieces to its embedding.

Copied into every folder that `sanad model export` writes, and loaded from there with `trust_remote_code=True`.
"""

from __future__ import annotations

from typing import Any

import torch
from sentence_transformers.base.modules.module import Module
from torch.nn.functional import normalize


class StaticPart(Module):
    """Adds gate · normalize(Σ weight · (embedding - centre)) · projection to the unit `sentence_embedding` · rotation.

    The sum runs over the pieces of a text, the gate is the weighted mean of theirs. Shapes: `embeddings` (pieces, dim),
    `log_weights` and `gates` (pieces,), `centre` (dim,), `projection` and `rotation` (dim, dim).
    """

    config_keys = ["pieces", "dim"]  # noqa: RUF012 (sentence-transformers declares it as a list)

    def __init__(self, pieces: int, dim: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.pieces, self.dim = pieces, dim
        self.embeddings = torch.nn.Parameter(torch.zeros(pieces, dim))
        self.log_weights = torch.nn.Parameter(torch.zeros(pieces))
        self.gates = torch.nn.Parameter(torch.ones(pieces))
        self.centre = torch.nn.Parameter(torch.zeros(dim))
        self.projection = torch.nn.Parameter(torch.eye(dim))
        self.rotation = torch.nn.Parameter(torch.eye(dim))

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The features with the sum of both parts as `sentence_embedding` (n, dim)."""
        ids, mask = features["input_ids"], features["attention_mask"]
        weights = (self.log_weights[ids].exp() * mask).unsqueeze(-1)
        summed = ((self.embeddings[ids] - self.centre) * weights).sum(1)
        gate = (self.gates[ids].unsqueeze(-1) * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        words = normalize(summed, dim=-1) @ self.projection
        meaning = normalize(features["sentence_embedding"], dim=-1) @ self.rotation
        features["sentence_embedding"] = meaning + gate * words
        return features

    def save(self, output_path: str, *_: Any, safe_serialization: bool = True, **__: Any) -> None:
        """Writes the shapes and the weights to a folder."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        init_defaults: dict[str, Any] | None = None,
        **_: Any,
    ) -> StaticPart:
        """The module of a saved model's subfolder."""
        place: dict[str, Any] = {
            "model_name_or_path": model_name_or_path,
            "subfolder": subfolder,
            "token": token,
            "cache_folder": cache_folder,
            "revision": revision,
            "local_files_only": local_files_only,
        }
        module = cls(**cls.load_config(**place))
        cls.load_torch_weights(**place, model=module)
        return module
