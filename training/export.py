"""The float model as one int8 ONNX graph, with the tokenizer and settings that serving reads."""

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from index.encoder.export import TOKEN_WEIGHTS
from training.config import Config
from training.network import load_body, said_by_pieces
from training.smoothing import smooth

TABLE = "m.embeddings.word_embeddings.weight"


class Pooled(torch.nn.Module):
    """Token ids and mask to the unit sentence embedding (n, dim) and the token embeddings (n, l, dim)."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self.m = body
        self.register_buffer(TOKEN_WEIGHTS, body.token_weights.detach().exp())
        if body.static is not None:
            self.register_buffer("static_weights", body.static.log_weights.detach().exp().half())
            self.register_buffer("static_gates", body.static.gates.half())
            self.register_buffer("static_centre", body.static.centre.detach())
            self.register_buffer("static_projection", body.static.projection.detach())
            self.register_buffer("static_rotation", body.static.rotation.detach())

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.m.get_input_embeddings()(input_ids)
        hidden = self.m(inputs_embeds=rows, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.to(hidden.dtype)
        weights = (self.token_weights[input_ids] * mask).unsqueeze(-1)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        if self.m.static is not None:
            mean = normalize(mean, dim=-1) @ self.static_rotation + self._static(input_ids, rows, mask)
        return normalize(mean, dim=-1), hidden

    def _static(self, input_ids: torch.Tensor, rows: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What is added to the contextual embedding (n, dim): as `network.StaticPart`, as often as its gate says."""
        weights = (self.static_weights[input_ids].to(rows.dtype) * mask).unsqueeze(-1)
        gates = self.static_gates[input_ids].to(rows.dtype).unsqueeze(-1)
        words, share = said_by_pieces(rows, weights, gates, self.static_centre, self.static_projection)
        return share * words


def export_float(body: Any, path: Path) -> None:
    """Writes the float32 graph with free batch and length."""
    ids = torch.ones((2, 9), dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracer warns of every shape it reads; the free axes are declared
        torch.onnx.export(
            Pooled(body).eval(),
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding", "token_embeddings"],
            dynamic_axes={
                "input_ids": axes,
                "attention_mask": axes,
                "sentence_embedding": {0: "batch"},
                "token_embeddings": axes,
            },
            opset_version=17,
            dynamo=False,
        )


def quantise(float_path: Path, path: Path) -> None:
    """Writes the int8 graph: dense layers per output channel with dynamic inputs, embeddings per row."""
    quantize_dynamic(
        str(float_path),
        str(path),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )
    graph = onnx.load(str(path))
    quantise_table(graph)
    constant_shapes(graph)
    onnx.save(graph, str(path))


def rows_int8(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8 rows (n, dim) and their scales (n,): row ≈ values * scale."""
    scale = np.maximum(np.abs(table).max(axis=1), 1e-8).astype(np.float32) / 127.0
    return np.clip(np.rint(table / scale[:, None]), -127, 127).astype(np.int8), scale


def quantise_table(model: Any) -> None:
    """Replaces the look-up in the float embedding table by one in int8 rows with a scale each, in place.

    The zero point (always 0) is kept as an initialiser so that every quantised matrix of the graph is
    read back in the same way: (values - zero point) * scale.

    Raises:
        ValueError: the graph has no such table or looks it up more than once.
    """
    graph = model.graph
    users = [n for n in graph.node if n.op_type == "Gather" and n.input[0] == TABLE]
    tables = [t for t in graph.initializer if t.name == TABLE]
    if len(users) != 1 or len(tables) != 1:
        raise ValueError(
            f"expected one table {TABLE!r} with one Gather, found {len(tables)} and {len(users)}"
        )
    values, scale = rows_int8(numpy_helper.to_array(tables[0]))
    ids, out = users[0].input[1], users[0].output[0]
    names = [f"{TABLE}_{part}" for part in ("quantized", "scale", "zero_point", "axis")]
    arrays: list[NDArray[Any]] = [values, scale, np.zeros(1, np.float32), np.asarray([-1], np.int64)]
    made = [
        helper.make_node("Gather", [names[0], ids], ["row_int8"]),
        helper.make_node("Cast", ["row_int8"], ["row_float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["row_float", names[2]], ["row_centred"]),
        helper.make_node("Gather", [names[1], ids], ["row_scale_flat"]),
        helper.make_node("Unsqueeze", ["row_scale_flat", names[3]], ["row_scale"]),
        helper.make_node("Mul", ["row_centred", "row_scale"], [out]),
    ]
    position = list(graph.node).index(users[0])
    graph.node.remove(users[0])
    for offset, node in enumerate(made):
        graph.node.insert(position + offset, node)
    graph.initializer.remove(tables[0])
    graph.initializer.extend(numpy_helper.from_array(a, n) for a, n in zip(arrays, names, strict=True))


def constant_shapes(model: Any) -> None:
    """Gives reshapes to (batch, length, heads, …) a constant shape, in place, and drops what computed it.

    A 0 in it keeps the input's dimension: right where batch and length are the input's own first two, as they are
    here, and where a shape has more than these. The embeddings stay the same; a short query takes a twelfth less.
    """
    graph = model.graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {output: node for node in graph.node for output in node.output}
    for number, node in enumerate(n for n in graph.node if n.op_type == "Reshape"):
        source = made.get(node.input[1])
        if source is None or source.op_type != "Concat":
            continue
        sizes = [_constant(name, stored, made) for name in source.input]
        if len(sizes) > 2 and sizes[0] is None and all(size is not None for size in sizes[2:]):
            shape = np.asarray([0 if size is None else size for size in sizes], dtype=np.int64)
            node.input[1] = f"shape_{number}"
            graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))
    _drop_unused(graph)
    del graph.value_info[:]  # shapes noted of what was computed before, which the runtime finds by itself


def _constant(name: str, stored: dict[str, NDArray[Any]], made: dict[str, Any]) -> int | None:
    """The one number that a name always stands for, or None."""
    if name in stored:
        return int(stored[name].ravel()[0])
    node = made.get(name)
    if node is not None and node.op_type == "Constant":
        return int(numpy_helper.to_array(node.attribute[0].t).ravel()[0])
    if node is not None and node.op_type == "Unsqueeze":
        return _constant(node.input[0], stored, made)
    return None


def _drop_unused(graph: Any) -> None:
    """Removes nodes whose outputs nobody reads, until there are none."""
    while True:
        used = {name for node in graph.node for name in node.input} | {out.name for out in graph.output}
        dead = [node for node in graph.node if not used.intersection(node.output)]
        if not dead:
            return
        for node in dead:
            graph.node.remove(node)


def serving_tokenizer(path: Path, max_tokens: int) -> str:
    """tokenizer.json with truncation and padding set."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    return str(tokenizer.to_str())


def settings(body: Any, config: Config, revision: str) -> dict[str, Any]:
    """config.json: the transformer's own configuration and what serving needs to know beside it."""
    own = {
        "model_id": config.export.name,
        "revision": revision,
        "dim": int(body.config.hidden_size),
        "max_tokens": config.export.max_tokens,
        "languages": [config.added, config.known],
        "matryoshka_dims": [int(body.config.hidden_size), *(dim for dim, _ in config.retrieval.matryoshka)],
    }
    transformer = {k: v for k, v in body.config.to_dict().items() if not k.startswith("_")}
    return own | transformer


def shortened(body: Any, max_tokens: int) -> Any:
    """The body with embeddings of the positions that are ever used."""
    embeddings = body.embeddings
    positions = embeddings.position_embeddings.weight.detach()[:max_tokens].clone()
    embeddings.position_embeddings = torch.nn.Embedding(*positions.shape, _weight=positions)
    for name in ("position_ids", "token_type_ids"):
        setattr(embeddings, name, getattr(embeddings, name)[:, :max_tokens])
    body.config.max_position_embeddings = len(positions)
    return body


def make_export(config: Config, folder: Path) -> None:
    """Fills a folder with onnx/model_int8.onnx, tokenizer.json and config.json."""
    source = config.work / "joined-average" / "float"
    body = shortened(load_body(source).eval(), config.export.max_tokens)
    (folder / "onnx").mkdir(exist_ok=True)
    flat, served = folder / "float.onnx", folder / "onnx" / "model_int8.onnx"
    export_float(body, flat)
    smooth(flat, config)
    quantise(flat, served)
    revision = hashlib.sha256(served.read_bytes()).hexdigest()[:12]
    (folder / "tokenizer.json").write_text(
        serving_tokenizer(source / "tokenizer.json", config.export.max_tokens), "utf-8"
    )
    text = json.dumps(settings(body, config, revision), indent=2, ensure_ascii=False, default=str)
    (folder / "config.json").write_text(text + "\n", "utf-8")
