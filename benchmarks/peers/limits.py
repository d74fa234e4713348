"""What the machine can do at best, measured in the same run; a figure is told as a multiple of it.

- **read**: bytes a second of processor time that one thread streams through memory (the largest of 64-bit numbers,
  512 MB). Exact search must read every embedding once: passages × dim × 4 bytes ÷ read.
- **multiply**: float32 operations a second of one core (a product of 2,048 × 2,048 matrices, 2n³ operations).
  Embedding a passage takes at least 2 × weights × tokens operations (weights of the layers, 12 × layers × dim²;
  attention is left out): ÷ multiply.
- **round trip**: a bare ASGI application behind uvicorn, one caller: its time, and the server's processor time.
- **encode**: a question, tokenised and embedded by Sanad's encoder alone, one thread: its time and its processor time.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.peers import http
from benchmarks.peers.given import Request
from benchmarks.peers.measures import cpu_s
from benchmarks.peers.running import free_port
from index.encoder import load_encoder

LAYERS, DIM = 6, 384
WEIGHTS = 12 * LAYERS * DIM**2
STREAMED, SIDE, REPEATS = 512 * 2**20, 2048, 5
BARE = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off", access_log=False)
"""
MULTIPLY = """
import sys, time, numpy as np
side = int(sys.argv[1]); a = np.ones((side, side), np.float32); a @ a
took = []
for _ in range(int(sys.argv[2])):
    began = time.process_time(); a @ a; took.append(time.process_time() - began)
print(min(took))
"""


def read_rate() -> float:
    """Bytes a second, the best of some rounds."""
    streamed = np.ones(STREAMED // 8, dtype=np.uint64)
    return STREAMED / min(_spent(streamed.max)[1] for _ in range(REPEATS))


def multiply_rate() -> float:
    """Operations a second of one thread, the best of some rounds."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    told = {**os.environ, **dict.fromkeys(names, "1")}
    command = [sys.executable, "-c", MULTIPLY, str(SIDE), str(REPEATS)]
    done = subprocess.run(command, env=told, check=True, stdout=subprocess.PIPE, text=True)
    return 2 * SIDE**3 / float(done.stdout)


def encode(questions: Sequence[str]) -> tuple[float, float]:
    """Milliseconds of a question, and of them the processor's: medians, after some that do not count."""
    encoder = load_encoder()
    for question in questions[:20]:
        encoder.encode_queries([question])
    spent = [_spent(lambda q=q: encoder.encode_queries([q])) for q in questions]  # type: ignore[misc]
    wall, cpu = (1000 * statistics.median(times) for times in zip(*spent, strict=True))
    return wall, cpu


def round_trip(port: int, seconds: float) -> tuple[float, float]:
    """p50 in milliseconds with one caller, and the server's processor time of an answer."""
    server = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        request = Request("/")
        for _ in range(200):
            try:
                http.once(port, request)
                break
            except OSError:
                time.sleep(0.05)
        before = cpu_s(server.pid)
        alone = http.load(port, [request], 1, seconds)
        return alone["p50"], 1000 * (cpu_s(server.pid) - before) / alone["answers"]
    finally:
        server.terminate()
        server.wait()


def measured(questions: Sequence[str], seconds: float) -> dict[str, float]:
    """All of it."""
    trip, encoding = round_trip(free_port(), seconds), encode(questions)
    return {
        "read": read_rate(),
        "multiply": multiply_rate(),
        "trip_ms": trip[0],
        "trip_cpu_ms": trip[1],
        "encode_ms": encoding[0],
        "encode_cpu_ms": encoding[1],
        "cores": os.cpu_count() or 1,
    }


def embedding_ms(limits: Mapping[str, float], tokens: float) -> float:
    """Milliseconds of one core for a passage of so many tokens at best, in float32."""
    return 1000 * 2 * WEIGHTS * tokens / limits["multiply"]


def exact_ms(limits: Mapping[str, float], passages: int) -> float:
    """Milliseconds of exact search in float32 at best."""
    return 1000 * passages * DIM * 4 / limits["read"]


def _spent(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and of them this thread's processor time."""
    began, spent = time.perf_counter(), time.thread_time()
    run()
    return time.perf_counter() - began, time.thread_time() - spent
