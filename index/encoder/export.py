"""The bundled model as a standard sentence-transformers folder, its weights dequantised."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
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

SMOOTHED = "_smoothed"
"""The end of the name of what a dense layer's input is multiplied by, channel by channel, before it is quantised."""

WORD_WEIGHTS = "1_WordWeights"
"""The folder of the module that holds the same in a sentence-transformers folder."""

STATIC_ARRAYS = ("weights", "gates", "centre", "projection", "rotation")
"""The graph's `static_…` arrays: a static part is added to its embeddings where it has them (`static_part.py`)."""

TURNS = ("static_projection", "static_rotation")
"""The two of them that are matrices (dim, dim), quantised like dense layers."""

TINY = 1e-8
"""The weight of pieces that do not count."""

STATIC_PART = "3_StaticPart"
"""The folder of the module that holds the same in a sentence-transformers folder."""

FOLDERS = {
    "Transformer": "",
    "WordWeights": WORD_WEIGHTS,
    "Pooling": "2_Pooling",
    "StaticPart": STATIC_PART,
    "Normalize": "4_Normalize",
}
"""The folder of each module, in the order in which they work on a text."""

STATIC_CODE = Path(__file__).with_name("static_part.py")
"""That module's code, which goes into the folder too."""

STATIC_TYPE = "static_part.StaticPart"
"""What the folder calls it."""


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
    static = {name: weights.pop(f"static_{name}") for name in STATIC_ARRAYS if f"static_{name}" in weights}
    if static:
        static["log_weights"] = np.log(np.maximum(static.pop("weights"), TINY))
    config = json.loads((source / "config.json").read_text("utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    for name in ("tokenizer.json", "README.md"):
        shutil.copyfile(source / name, target / name)
    transformer = {key: value for key, value in config.items() if key not in OWN_KEYS} | {"dtype": "float32"}
    (target / "config.json").write_text(json.dumps(transformer, indent=2) + "\n", "utf-8")
    write_modules(target, token_weights, static, config["hidden_size"], config["max_tokens"])
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
    return dict(_parameters(stored, _dense_layers(model.graph.node, stored)))


def _dense_layers(nodes: Iterable[Any], stored: Weights) -> dict[str, tuple[str, npt.NDArray[Any] | float]]:
    """Matrix → the name of its node, and what its input is multiplied by before it is quantised."""
    made = {output: node for node in nodes for output in node.output}
    found = {}
    for node in nodes:
        if node.op_type == "MatMulInteger":
            before = made.get(made[node.input[0]].input[0])
            by = before.input[1] if before is not None and before.op_type == "Mul" else ""
            found[node.input[1]] = node.name, stored[by] if by.endswith(SMOOTHED) else 1.0
    return found


def _parameters(
    stored: Weights, layers: Mapping[str, tuple[str, npt.NDArray[Any] | float]]
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    for name, values in stored.items():
        stem = name.removesuffix("_quantized")
        if stem in TURNS:
            if stem != name:
                yield stem, _dequantise(stored, name, per_column=True)
        elif name in layers:  # a dense layer: named after its node, stored (in, out), kept (out, in)
            node, by = layers[name]
            weight = _dequantise(stored, name, per_column=True).T * by
            yield _parameter_name(node.replace("/", ".")) + ".weight", np.ascontiguousarray(weight)
        elif name.endswith("_quantized"):
            yield _parameter_name(stem), _dequantise(stored, name, per_column=False)
        elif name == TOKEN_WEIGHTS or name.removeprefix("static_") in STATIC_ARRAYS:
            yield name, values.astype(np.float32)
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
    target: Path,
    token_weights: npt.NDArray[np.float32] | None,
    static: Mapping[str, npt.NDArray[np.float32]],
    dim: int,
    max_tokens: int,
) -> None:
    """What makes a transformer's folder one of sentence-transformers: modules, pooling, tokenizer settings.

    `token_weights` (pieces,) are how much each piece counts in the mean; None leaves that module out. `static` has the
    arrays of `static_part.StaticPart` but the embeddings, which are the transformer's; an empty one leaves it out.
    """
    there = {"WordWeights": token_weights is not None, "StaticPart": bool(static)}
    names = [name for name in FOLDERS if there.get(name, True)]
    files: dict[str, Any] = {
        "modules.json": [
            {"idx": n, "name": str(n), "path": FOLDERS[name], "type": _type(name)}
            for n, name in enumerate(names)
        ],
        f"{FOLDERS['Pooling']}/config.json": {
            "word_embedding_dimension": dim,
            "pooling_mode_mean_tokens": True,
        },
        f"{FOLDERS['Normalize']}/config.json": {},
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
    if static:
        files[f"{STATIC_PART}/config.json"] = _static_part(target, static)
    for name, content in files.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _type(module: str) -> str:
    return STATIC_TYPE if module == "StaticPart" else f"sentence_transformers.models.{module}"


def _static_part(target: Path, static: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, int]:
    """The settings of the module; its weights, with a copy of the transformer's table, and its code are written."""
    from safetensors.numpy import load_file, save_file

    table = load_file(target / "model.safetensors")["embeddings.word_embeddings.weight"]
    (target / STATIC_PART).mkdir(exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in static.items()}
    save_file({"embeddings": table, **arrays}, target / STATIC_PART / "model.safetensors")
    shutil.copyfile(STATIC_CODE, target / STATIC_CODE.name)
    return {"pieces": len(table), "dim": table.shape[1]}


def _word_weights(target: Path, token_weights: npt.NDArray[np.float32]) -> dict[str, Any]:
    """The settings of the module, its weights written beside them."""
    from safetensors.numpy import save_file

    vocabulary = json.loads((target / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    (target / WORD_WEIGHTS).mkdir(exist_ok=True)
    save_file({"emb_layer.weight": token_weights[:, None]}, target / WORD_WEIGHTS / "model.safetensors")
    weights = dict(zip(pieces, token_weights.tolist(), strict=True))
    return {"vocab": pieces, "word_weights": weights, "unknown_word_weight": 1.0}
