"""How long one text takes on one thread in each runtime, and what it costs in quality: what serving was chosen by.

`python -m training.speed --data DIR --model DIR --float DIR` prints milliseconds for 16, 32 and 128 tokens, the median
of many runs taken in turns, and nDCG@10 on ARCD as a share of the float model's. OpenVINO is compared where it is
installed. Static int8 takes its ranges from passages written for this project, which no set is made of.
"""

import argparse
import dataclasses
import json
import lzma
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.config import Config
from training.devsets import arcd
from training.measures import ranking

Ints = NDArray[np.int64]
Run = Callable[[Ints, Ints], NDArray[np.float32]]
LENGTHS = (16, 32, 128)
TURNS = 60
RANGES = 120
"""Passages that the ranges of static quantisation are taken from."""
WRITTEN = Path(__file__).parent / "data" / "written_queries.jsonl.xz"


def onnx_run(path: Path) -> Run:
    """A graph on ONNX Runtime, one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(ids: Ints, mask: Ints) -> NDArray[np.float32]:
        feeds = {"input_ids": ids, "attention_mask": mask}
        return np.asarray(session.run(["sentence_embedding"], feeds)[0])

    return run


def torch_run(folder: Path, *, half: bool) -> Run:
    """The float model on torch, one thread, float32 or bfloat16 weights."""
    import torch

    from training.export import Pooled
    from training.network import load_body

    torch.set_num_threads(1)
    body = load_body(folder).eval()
    model = Pooled(body.bfloat16() if half else body).eval()

    def run(ids: Ints, mask: Ints) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(ids), torch.from_numpy(mask))[0].float().numpy())

    return run


def openvino_run(path: Path, precision: str) -> Run:
    """A graph on OpenVINO, one thread, with float32 or bfloat16 inference."""
    import openvino  # type: ignore[import-not-found,unused-ignore]

    core = openvino.Core()
    hints = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(str(path)), "CPU", hints)
    request = compiled.create_infer_request()

    def run(ids: Ints, mask: Ints) -> NDArray[np.float32]:
        request.infer({"input_ids": ids, "attention_mask": mask})
        return np.asarray(request.get_tensor("sentence_embedding").data).copy()

    return run


def static_int8(flat: Path, tokenizer: Tokenizer, folder: Path) -> Path:
    """The float graph with int8 weights and activations, whose ranges are fixed beforehand."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Passages(CalibrationDataReader):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            self._feeds = _written(tokenizer)

        def get_next(self) -> dict[str, Ints] | None:
            return next(self._feeds, None)

    path = folder / "static.onnx"
    quantize_static(
        str(flat),
        str(path),
        Passages(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        extra_options={"MatMulConstBOnly": True},
    )
    return path


def _written(tokenizer: Tokenizer) -> Iterator[dict[str, Ints]]:
    with lzma.open(WRITTEN, "rt", encoding="utf-8") as lines:
        for line in islice(lines, RANGES):
            row = json.loads(line)
            for text in (row["passage"], row["query_en"]):
                ids = np.asarray([tokenizer.encode(text).ids], dtype=np.int64)
                yield {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def runtimes(served: Path, whole: Path, flat: Path, static: Path) -> dict[str, Run]:
    """Every runtime that can be compared here, by name; the first is the reference."""
    found = {
        "torch float32": torch_run(whole, half=False),
        "torch bfloat16": torch_run(whole, half=True),
        "ONNX Runtime float32": onnx_run(flat),
        "ONNX Runtime int8, dynamic (served)": onnx_run(served / "onnx" / "model_int8.onnx"),
        "ONNX Runtime int8, static": onnx_run(static),
    }
    if find_spec("openvino"):
        found["OpenVINO float32"] = openvino_run(flat, "f32")
        found["OpenVINO bfloat16"] = openvino_run(flat, "bf16")
        found["OpenVINO, served int8 graph"] = openvino_run(served / "onnx" / "model_int8.onnx", "f32")
    return found


def medians(runs: dict[str, Run], ids: Ints) -> dict[str, float]:
    """Median milliseconds of one call of each, taken in turns, so that what else the machine does strikes all alike."""
    mask = np.ones_like(ids)
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(TURNS + 5):
        for name, run in runs.items():
            begun = time.perf_counter()
            run(ids, mask)
            if turn >= 5:
                taken[name].append(time.perf_counter() - begun)
    return {name: 1_000 * statistics.median(times) for name, times in taken.items()}


def quality(run: Run, tokenizer: Tokenizer, config: Config) -> float:
    """nDCG@10 on ARCD, every text encoded by itself as it is when serving."""

    def embed(texts: tuple[str, ...]) -> NDArray[np.float32]:
        rows = [np.asarray([tokenizer.encode(text).ids], dtype=np.int64) for text in texts]
        return np.concatenate([run(ids, np.ones_like(ids)) for ids in rows])

    questions = arcd(config)
    scores = embed(questions.queries) @ embed(questions.passages).T
    return ranking(scores, questions.relevant).ndcg_10.value


def main() -> int:
    """Prints the comparison as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Config().data.folder)
    parser.add_argument("--model", type=Path, default=Path("build/model/export"))
    parser.add_argument("--float", type=Path, default=Path("build/model/joined-average/float"))
    given = parser.parse_args()
    flat = given.model / "float.onnx"
    if not flat.is_file():
        parser.error(f"no float.onnx in {given.model}: --model is the folder of the export stage")
    config = Config()
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, folder=given.data))
    tokenizer = Tokenizer.from_file(str(given.model / "tokenizer.json"))
    tokenizer.no_padding()
    random = np.random.default_rng(0)
    texts = {n: random.integers(1_000, 20_000, (1, n), dtype=np.int64) for n in LENGTHS}
    with tempfile.TemporaryDirectory() as folder:
        static = static_int8(flat, tokenizer, Path(folder))
        runs = runtimes(given.model, given.float, flat, static)
        times = {n: medians(runs, ids) for n, ids in texts.items()}
        measured = {name: quality(run, tokenizer, config) for name, run in runs.items()}
    sys.stdout.write("\n".join(table(times, measured)) + "\n")
    return 0


def table(times: dict[int, dict[str, float]], measured: dict[str, float]) -> Iterator[str]:
    """The lines of the comparison; quality as a share of the first runtime's."""
    yield "| runtime | " + " | ".join(f"{n} tokens" for n in times) + " | nDCG@10, share of float32 |"
    yield "|---|" + "---:|" * (len(times) + 1)
    whole = next(iter(measured.values()))
    for name, ndcg in measured.items():
        cells = " | ".join(f"{of[name]:.2f} ms" for of in times.values())
        yield f"| {name} | {cells} | {ndcg / whole:.1%} |"


if __name__ == "__main__":
    sys.exit(main())
