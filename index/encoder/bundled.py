"""The encoder in the box: an int8 ONNX graph and its tokenizer, on ONNX Runtime. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from index.errors import EncoderError
from index.stages import stage
from index.types import Embeddings, EncoderKey

BUNDLED_FOLDER = Path(__file__).parent.parent / "model"

Run = Callable[[list[str] | None, dict[str, Any]], list[Any]]


class BundledEncoder:
    """Queries and passages alike, no prompts; safe to call from several threads (the ONNX session is)."""

    def __init__(self, key: EncoderKey, tokenizer: Tokenizer, run: Run, max_tokens: int) -> None:
        self.key = key
        self.max_tokens = max_tokens
        self._run = run
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> Self:
        """The model in `folder` (`onnx/model_int8.onnx`, `tokenizer.json`, `config.json`), run on `threads` threads.

        Raises: EncoderError: a file is missing or damaged.
        """
        graph = folder / "onnx" / "model_int8.onnx"
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            revision = _digest(graph, folder / "tokenizer.json")
            session = ort.InferenceSession(
                str(graph), sess_options=_options(threads), providers=["CPUExecutionProvider"]
            )
            dim, max_tokens = int(config["hidden_size"]), int(config["max_tokens"])
        except Exception as error:  # ONNX Runtime and tokenizers raise bare Exceptions of their own
            raise EncoderError(f"cannot load the model in {folder}: {_first_line(error)}") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        key = EncoderKey(id=str(config["model_id"]), revision=revision, dim=dim)
        return cls(key, tokenizer, session.run, max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included, never truncated."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order. What is longer than `max_tokens` is cut there."""
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order. What is longer than `max_tokens` is cut there."""
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Embeddings:
        """One text at a time: activations are quantised by the largest of the run, so in a batch a text's vector
        would depend on its company. On one thread a batch is hardly faster (1.1 times at best).
        """
        rows = np.zeros((len(texts), self.key.dim), dtype=np.float32)
        with stage("tokenise"):
            encodings = self._tokenizer.encode_batch_fast(list(texts))
        with stage("encode"):
            for row, encoding in enumerate(encodings):
                ids = np.array([self._cut(encoding.ids)], dtype=np.int64)
                feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
                rows[row] = self._run(["sentence_embedding"], feed)[0][0]
        return rows

    def _cut(self, tokens: list[int]) -> list[int]:
        if len(tokens) <= self.max_tokens:
            return tokens
        return [*tokens[: self.max_tokens - 1], tokens[-1]]


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning workers would burn a core between requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
