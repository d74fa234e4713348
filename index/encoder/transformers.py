"""Any sentence-transformers model as an encoder, with its own query and passage prompts. Imports torch."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.encoder.export import STATIC_CODE, STATIC_TYPE
from index.errors import EncoderError
from index.types import Embeddings, EncoderKey


class TransformersEncoder:
    """Wraps a `SentenceTransformer`; calls are serialised, since its tokenizer is not safe across threads."""

    def __init__(self, key: EncoderKey, model: Any, max_tokens: int) -> None:
        self.key = key
        self.max_tokens = max_tokens
        self._model = model
        self._lock = threading.Lock()

    @classmethod
    def load(cls, name: str) -> Self:
        """The model of this hub name or in this folder.

        Raises: EncoderError: the `models` extra is missing, or there is no such model here or on the hub.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EncoderError(
                f'the model {name} needs sentence-transformers: pip install "sanad-search[models]"'
            ) from error
        try:
            model = SentenceTransformer(name, trust_remote_code=_is_own(Path(name)))
        except Exception as error:  # transformers and the hub client raise many kinds
            reason = str(error).strip().partition("\n")[0]
            raise EncoderError(f"cannot load the model {name}: {reason}") from error
        dim = int(model.get_embedding_dimension() or 0)
        key = EncoderKey(id=name.rstrip("/"), revision=_revision(name, model), dim=dim)
        return cls(key, model, int(model.max_seq_length or 512))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, prompt and special tokens included, never truncated."""
        if not texts:
            return []
        prompt = _passage_prompt(self._model)
        with self._lock:
            ids = self._model.tokenizer([prompt + text for text in texts], truncation=False, verbose=False)
        return [len(row) for row in ids["input_ids"]]

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order, with the model's query prompt."""
        return self._encode(self._model.encode_query, texts)

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order, with the model's document prompt."""
        return self._encode(self._model.encode_document, texts)

    def _encode(self, encode: Any, texts: Sequence[str]) -> Embeddings:
        if not texts:
            return np.zeros((0, self.key.dim), dtype=np.float32)
        with self._lock:
            rows = encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)


def _passage_prompt(model: Any) -> str:
    prompts = model.prompts or {}
    return next((prompts[name] for name in ("document", "passage", "corpus") if prompts.get(name)), "")


def _is_own(folder: Path) -> bool:
    """Whether the only code in a model's folder is what `sanad model export` puts there, byte for byte."""
    try:
        modules = json.loads((folder / "modules.json").read_text("utf-8"))
        config = json.loads((folder / "config.json").read_text("utf-8"))
        code = (folder / STATIC_CODE.name).read_bytes()
    except (OSError, ValueError):
        return False
    types = {module["type"] for module in modules} - {STATIC_TYPE}
    known = all(name.startswith("sentence_transformers.") for name in types)
    return known and code == STATIC_CODE.read_bytes() and "auto_map" not in config


def _revision(name: str, model: Any) -> str:
    """The hub's commit where there is one, else a digest of the folder's configuration and weights."""
    commit = getattr(getattr(model[0], "auto_model", model[0]).config, "_commit_hash", None)
    if commit:
        return str(commit)[:12]
    digest = hashlib.sha256(json.dumps(model.prompts, sort_keys=True).encode())
    for file in sorted(Path(name).rglob("*")):
        if file.suffix in {".json", ".safetensors", ".bin"} and file.is_file():
            digest.update(file.relative_to(name).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
