"""How long one text takes on one thread in each runtime: what serving was chosen by.

`python -m training.speed --model DIR --float DIR` prints milliseconds for 16, 32 and 128 tokens, the median of
many runs, and the cosine to the float embeddings. OpenVINO is compared where it is installed.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Run = Callable[[Ints, Ints], NDArray[np.float32]]
LENGTHS = (16, 32, 128)
SECONDS = 2.0


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


def runtimes(served: Path, whole: Path, flat: Path) -> dict[str, Run]:
    """Every runtime that can be compared here, by name; the first is the reference."""
    found = {
        "torch float32": torch_run(whole, half=False),
        "torch bfloat16": torch_run(whole, half=True),
        "ONNX Runtime float32": onnx_run(flat),
        "ONNX Runtime int8 (served)": onnx_run(served / "onnx" / "model_int8.onnx"),
    }
    if find_spec("openvino"):
        found["OpenVINO float32"] = openvino_run(flat, "f32")
        found["OpenVINO bfloat16"] = openvino_run(flat, "bf16")
        found["OpenVINO, served int8 graph"] = openvino_run(served / "onnx" / "model_int8.onnx", "f32")
    return found


def median_ms(run: Run, ids: Ints) -> float:
    """Median milliseconds of one call over about two seconds, after a warm-up."""
    mask = np.ones_like(ids)
    for _ in range(5):
        run(ids, mask)
    taken: list[float] = []
    while sum(taken) < SECONDS:
        begun = time.perf_counter()
        run(ids, mask)
        taken.append(time.perf_counter() - begun)
    return 1_000 * statistics.median(taken)


def main() -> int:
    """Prints the comparison as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("build/model/export"))
    parser.add_argument("--float", type=Path, default=Path("build/model/average/float"))
    given = parser.parse_args()
    random = np.random.default_rng(0)
    texts = {n: random.integers(1_000, 20_000, (1, n), dtype=np.int64) for n in LENGTHS}
    reference: dict[int, NDArray[np.float32]] = {}
    lines = [
        "| runtime | " + " | ".join(f"{n} tokens" for n in LENGTHS) + " | cosine |",
        "|---|---|---|---|---|",
    ]
    for name, run in runtimes(given.model, given.float, given.model / "float.onnx").items():
        cells, cosines = [], []
        for n, ids in texts.items():
            found = run(ids, np.ones_like(ids))[0]
            cosines.append(float(found @ reference.setdefault(n, found)))
            cells.append(f"{median_ms(run, ids):.2f} ms")
        lines.append(f"| {name} | {' | '.join(cells)} | {min(cosines):.4f} |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
