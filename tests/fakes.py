"""Stand-ins whose every number can be computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.types import Embeddings, EncoderKey

CONCEPTS: tuple[tuple[str, ...], ...] = (
    ("summit", "قمة", "القمة"),
    ("minerals", "معادن", "المعادن"),
    ("aircraft", "jets", "طائرات", "طائرة"),
    ("water", "مياه", "المياه"),
    ("visit", "زيارة"),
    ("trade", "تجارة", "التجارة"),
    ("law", "قانون", "القانون"),
)


class ConceptEncoder:
    """One axis a concept, shared by its English and Arabic words; the last axis is for texts with none.

    A text's vector counts its concepts, then is made unit: "summit minerals" is (1, 1, 0, …)/√2, so its cosine
    with "summit" is 0.7071. `encoded` records every passage it was asked to encode.
    """

    max_tokens = 64

    def __init__(self, revision: str = "1") -> None:
        self.key = EncoderKey(id="concepts", revision=revision, dim=len(CONCEPTS) + 1)
        self.encoded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        rows = np.zeros((len(texts), self.key.dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            words = text.lower().replace("?", " ").replace("؟", " ").replace(".", " ").split()
            for axis, concept in enumerate(CONCEPTS):
                row[axis] = sum(word in concept for word in words)
            row[-1] = not row.any()
            row /= np.linalg.norm(row)
        return rows

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        self.encoded.extend(texts)
        return self.encode_queries(texts)
