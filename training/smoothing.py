"""Large activations made smaller before they are quantised, and the weights that meet them larger: the product stays.

A dense layer's inputs share one scale, so a channel that is far larger than the others costs all of them precision
(Xiao et al. 2023, SmoothQuant, arXiv 2211.10438; here only channels that stand out are changed).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from index.encoder.export import SMOOTHED, TURNS
from training import data
from training.config import Config
from training.network import load_tokenizer

Largest = Mapping[str, NDArray[np.float32]]
"""For the name of each dense layer's input the largest absolute value of each channel (dim,)."""


def smooth(path: Path, config: Config) -> None:
    """Changes the float graph in place, by what its dense layers see in some of the texts that it is trained on."""
    known = largest(path, _texts(config), config)
    model = onnx.load(str(path))
    divide(model, known, config.export.standing_out)
    onnx.save(model, str(path))


def largest(path: Path, texts: Sequence[str], config: Config) -> Largest:
    """What each dense layer of the graph sees of these texts."""
    model = onnx.load(str(path))
    names = list(_dense(model))
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    tokenizer = load_tokenizer(config.work / "vocabulary", config.export.max_tokens)
    found: dict[str, NDArray[np.float32]] = {}
    for encoding in tokenizer.encode_batch(list(texts)):
        ids = np.array([encoding.ids], dtype=np.int64)
        seen = session.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, values in zip(names, seen, strict=True):
            high = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            found[name] = np.maximum(found.get(name, high), high)
    return found


def divide(model: Any, known: Largest, standing_out: tuple[float, float]) -> None:
    """Brings every channel that is above so many times the median one down to that, in place.

    `standing_out` is for inputs as wide as the model and for those of the wider inner layers, where more stand out.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    narrowest = min(len(high) for high in known.values())
    for name, layers in _dense(model).items():
        high = known[name]
        times = standing_out[0] if len(high) == narrowest else standing_out[1]
        factor = np.maximum(1.0, high / (times * np.median(high))).astype(np.float32)
        smoothed = name + SMOOTHED
        model.graph.initializer.append(numpy_helper.from_array(1 / factor, smoothed))
        place = min(list(model.graph.node).index(layer) for layer in layers)
        model.graph.node.insert(place, helper.make_node("Mul", [name, smoothed], [smoothed + "_output"]))
        for layer in layers:
            weight = stored[layer.input[1]]
            weight.CopyFrom(
                numpy_helper.from_array(numpy_helper.to_array(weight) * factor[:, None], weight.name)
            )
            layer.input[0] = smoothed + "_output"


def _dense(model: Any) -> dict[str, list[Any]]:
    """The dense layers by the name of their input, which several may share."""
    matrices = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) == 2} - set(TURNS)
    found: dict[str, list[Any]] = {}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices:
            found.setdefault(node.input[0], []).append(node)
    return found


def _texts(config: Config) -> list[str]:
    some = data.judged_passages(config)[: config.export.smoothing_passages]
    return [text for judged in some for text in (judged.passage, judged.digest)]
