"""Text to unit float32 vectors: the bundled model on ONNX Runtime, or any sentence-transformers model."""

from __future__ import annotations

from pathlib import Path

from index.encoder.bundled import BUNDLED_FOLDER, BundledEncoder
from index.errors import EncoderError
from index.types import Encoder

BUNDLED = "bundled"


def load_encoder(name: str | None = None) -> Encoder:
    """The encoder of this name: None or "bundled" for the model in the box, else a sentence-transformers model.

    `name` may be a folder or a hub name; sentence-transformers, and torch with it, is imported only for these.

    Raises: EncoderError: there is no such model, or the `models` extra is not installed.
    """
    if name is None or name == BUNDLED:
        return BundledEncoder.load(BUNDLED_FOLDER)
    if Path(name, "onnx", "model_int8.onnx").is_file():
        return BundledEncoder.load(Path(name))
    if name.startswith(("/", ".")) and not Path(name).is_dir():  # no hub name begins so
        raise EncoderError(f"cannot load the model {name}: there is no such folder")
    from index.encoder.transformers import TransformersEncoder

    return TransformersEncoder.load(name)
