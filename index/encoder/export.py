"""The bundled model as a standard sentence-transformers folder, its weights dequantised."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.encoder.bundled import BUNDLED_FOLDER
from index.errors import EncoderError

Weights = dict[str, npt.NDArray[Any]]

OWN_KEYS = ("model_id", "max_tokens", "languages")
"""What `config.json` says beyond the transformer's own configuration."""

TOKEN_WEIGHTS = "token_weights"
"""The graph's vector that says how much each piece counts in the mean; a graph without it counts all alike."""

WORD_WEIGHTS = "1_WordWeights"
"""The folder of the module that holds the same in a sentence-transformers folder."""


def export_model(target: Path, source: Path = BUNDLED_FOLDER) -> Path:
    """Write the model of `source` to the new or empty folder `target`, float32; returns `target`.

    Raises: EncoderError: `target` holds something, or the `models` extra is not installed.
    """
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        raise EncoderError(f"{target} is not an empty folder; name a new one")
    try:
        from safetensors.numpy import save_file
    except ImportError as error:
        raise EncoderError('exporting needs the models extra: pip install "sanad-search[models]"') from error
    weights = read_weights(source / "onnx" / "model_int8.onnx")
    token_weights = weights.pop(TOKEN_WEIGHTS, None)
    config = json.loads((source / "config.json").read_text("utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    for name in ("tokenizer.json", "README.md"):
        shutil.copyfile(source / name, target / name)
    transformer = {key: value for key, value in config.items() if key not in OWN_KEYS} | {"dtype": "float32"}
    (target / "config.json").write_text(json.dumps(transformer, indent=2) + "\n", "utf-8")
    write_modules(target, token_weights, config["hidden_size"], config["max_tokens"])
    return target


def read_weights(graph: Path) -> Weights:
    """Float32 parameters of a quantised BERT graph, by their names in the transformer.

    An int8 matrix is (q - zero_point) · scale, with one scale for all of it, a row or a column
    (ONNX operators QuantizeLinear and DequantizeLinear).
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise EncoderError('exporting needs the models extra: pip install "sanad-search[models]"') from error
    model = onnx.load(str(graph))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    matrices = {node.input[1]: node.name for node in model.graph.node if node.op_type == "MatMulInteger"}
    return dict(_parameters(stored, matrices))


def _parameters(
    stored: dict[str, npt.NDArray[Any]], matrices: dict[str, str]
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    for name, values in stored.items():
        if name in matrices:  # a dense layer: named after its node, stored (in, out), kept (out, in)
            weight = _dequantise(stored, name, per_column=True).T
            yield _parameter_name(matrices[name].replace("/", ".")) + ".weight", np.ascontiguousarray(weight)
        elif name.endswith("_quantized"):
            yield (
                _parameter_name(name.removesuffix("_quantized")),
                _dequantise(stored, name, per_column=False),
            )
        elif name == TOKEN_WEIGHTS:
            yield TOKEN_WEIGHTS, values.astype(np.float32)
        elif name.endswith((".weight", ".bias")):
            yield _parameter_name(name), values.astype(np.float32)


def _dequantise(
    stored: dict[str, npt.NDArray[Any]], name: str, *, per_column: bool
) -> npt.NDArray[np.float32]:
    stem = name.removesuffix("_quantized")
    scale, zero = stored[stem + "_scale"], stored[stem + "_zero_point"].astype(np.int32)
    if scale.ndim == 1 and scale.size > 1 and not per_column:
        scale, zero = scale[:, None], zero[:, None]
    weight: npt.NDArray[np.float32] = ((stored[name].astype(np.int32) - zero) * scale).astype(np.float32)
    return weight


def _parameter_name(name: str) -> str:
    """`m.encoder.layer.0.output.dense.MatMul_quant` → `encoder.layer.0.output.dense`."""
    start = min(position for part in ("embeddings.", "encoder.") if (position := name.find(part)) >= 0)
    return name[start:].partition(".MatMul")[0]


def write_modules(
    target: Path, token_weights: npt.NDArray[np.float32] | None, dim: int, max_tokens: int
) -> None:
    """What makes a transformer's folder one of sentence-transformers: modules, pooling, tokenizer settings.

    `token_weights` (pieces,) are how much each piece counts in the mean; None leaves that module out.
    """
    names = ["Transformer", "WordWeights", "Pooling", "Normalize"]
    if token_weights is None:
        names.remove("WordWeights")
    folders = ["" if n == 0 else f"{n}_{name}" for n, name in enumerate(names)]
    files: dict[str, Any] = {
        "modules.json": [
            {"idx": n, "name": str(n), "path": folder, "type": f"sentence_transformers.models.{name}"}
            for n, (name, folder) in enumerate(zip(names, folders, strict=True))
        ],
        f"{folders[-2]}/config.json": {"word_embedding_dimension": dim, "pooling_mode_mean_tokens": True},
        f"{folders[-1]}/config.json": {},
        "sentence_bert_config.json": {"max_seq_length": max_tokens, "do_lower_case": False},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": max_tokens,
            "cls_token": "[CLS]",
            "mask_token": "[MASK]",
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "unk_token": "[UNK]",
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "", "document": ""},
            "similarity_fn_name": "cosine",
        },
    }
    if token_weights is not None:
        files[f"{WORD_WEIGHTS}/config.json"] = _word_weights(target, token_weights)
    for name, content in files.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _word_weights(target: Path, token_weights: npt.NDArray[np.float32]) -> dict[str, Any]:
    """The settings of the module, its weights written beside them."""
    from safetensors.numpy import save_file

    vocabulary = json.loads((target / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    (target / WORD_WEIGHTS).mkdir(exist_ok=True)
    save_file({"emb_layer.weight": token_weights[:, None]}, target / WORD_WEIGHTS / "model.safetensors")
    weights = dict(zip(pieces, token_weights.tolist(), strict=True))
    return {"vocab": pieces, "word_weights": weights, "unknown_word_weight": 1.0}
