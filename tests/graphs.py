"""What a served graph gives where several texts are run together, which the service never does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from index.types import Embeddings


def embedded_together(folder: Path, texts: Sequence[str]) -> Embeddings:
    """The embeddings (n, dim) of one padded batch, of a model folder's graph with the tokenizer beside it."""
    batch = Tokenizer.from_file(str(folder / "tokenizer.json")).encode_batch(list(texts))
    session = ort.InferenceSession(str(folder / "onnx" / "model_int8.onnx"))
    feed = {
        "input_ids": np.array([encoding.ids for encoding in batch], dtype=np.int64),
        "attention_mask": np.array([encoding.attention_mask for encoding in batch], dtype=np.int64),
    }
    found: Embeddings = session.run(["sentence_embedding"], feed)[0]
    return found
