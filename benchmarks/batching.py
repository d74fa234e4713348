"""Whether questions asked at once are better encoded together: CPU time a question, alone and in padded batches.

`python -m benchmarks.batching` prints a row a batch size. Processor time of one thread, so other work on the machine
does not count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from index.encoder import load_encoder
from index.encoder.bundled import BUNDLED_FOLDER

SIZES = (1, 2, 4, 8, 16)
ROUNDS = 6
QUESTIONS = Path(__file__).parent.parent / "tests" / "seeds_dev.jsonl"


def questions() -> list[str]:
    """The judged questions over the seeds, both languages mixed."""
    lines = QUESTIONS.read_text("utf-8").splitlines()
    return [json.loads(line)["query"] for line in lines if line.strip()][:96]


def main() -> None:
    """Measure, and print the table."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(BUNDLED_FOLDER / "onnx" / "model_int8.onnx"), options)
    tokenizer = Tokenizer.from_file(str(BUNDLED_FOLDER / "tokenizer.json"))
    tokenizer.no_truncation()
    asked = questions()
    alone = load_encoder().encode_queries(asked)
    rows = [
        "| together | ms of CPU a question | times as fast | cosine with alone, least |",
        "|---:|---:|---:|---:|",
    ]
    base = 0.0
    for size in SIZES:
        tokenizer.enable_padding()
        best, least = float("inf"), 1.0
        for _ in range(ROUNDS):
            began = time.process_time()
            for start in range(0, len(asked), size):
                encoded = tokenizer.encode_batch_fast(asked[start : start + size])
                feed = {
                    "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
                    "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
                }
                vectors = session.run(["sentence_embedding"], feed)[0]
                cosines = (vectors * alone[start : start + size]).sum(axis=1)
                least = min(least, float(cosines.min()))
            best = min(best, (time.process_time() - began) * 1000 / len(asked))
        base = base or best
        rows.append(f"| {size} | {best:.2f} | {base / best:.2f} | {least:.4f} |")
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
