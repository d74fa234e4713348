"""Encoders for actors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from index.errors import EncoderError
from index.types import Embeddings
from tests.fakes import ConceptEncoder


class Noting(ConceptEncoder):
    """Leaves a file in a folder, named for the node of the cluster that it was loaded on, and waits for another's."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        import ray

        (folder / ray.get_runtime_context().get_node_id()).touch()
        while len(list(folder.iterdir())) < 2:
            time.sleep(0.1)


class Lawless(ConceptEncoder):
    """Fails at a text that names the law."""

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        if any("law" in text.split() for text in texts):
            raise EncoderError("the graph cannot be run: out of memory")
        return super().encode_passages(texts)
