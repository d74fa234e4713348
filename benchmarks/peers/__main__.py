"""Sanad beside what people would use instead: `python -m benchmarks.peers --python PYTHON`, one run for all.

PYTHON is that of an environment with the peers in it (requirements.txt beside this says how to make one). Every peer is
measured in processes of its own, one after the other; what was measured is kept in the work folder as it comes, so that
a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.peers import inputs, limits, plot, running, table
from benchmarks.peers.given import Given
from benchmarks.peers.running import Runner
from benchmarks.peers.worker import SECONDS
from index.encoder import load_encoder
from index.encoder.export import export_model

PEERS = ("sanad", "script", "txtai", "chroma", "milvus_lite", "lance", "bm25")
SIZES = {"seeds": 0, "1k": 1000, "100k": 100_000, "1M": 1_000_000}
LIMITS = "limits.json"
HEADING = "Beside what people would use instead"


def prepared(work: Path, size: str, peer: str, python: Path) -> Given:
    """What a peer is given, made if it is not there yet."""
    given = Given(work / size, work / "stores" / f"{size}-{peer}", work / "model")
    if not given.model.exists():
        export_model(given.model)
    if not (given.folder / "wanted.npy").exists():
        if not (given.folder / "questions.txt").exists():
            inputs.make(given, SIZES[size])
        running.embed(python, given)
        inputs.truth(given)
    return given


def environment(python: Path) -> str:
    """The versions of the peers, as they are installed."""
    names = [
        "sentence-transformers",
        "torch",
        "faiss-cpu",
        "txtai",
        "chromadb",
        "milvus-lite",
        "lancedb",
        "bm25s",
    ]
    code = "import sys; from importlib.metadata import version"
    code += "\nprint(*(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"
    return subprocess.check_output([str(python), "-c", code, *names], text=True).strip()


def main() -> None:
    """Measure what is asked for and not yet known, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="the peers' Python")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), help="these peers")
    parser.add_argument("--work", type=Path, default=Path("build/benchmarks/peers"), help="where all is kept")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of OpenMP, and Sanad's --jobs")
    parser.add_argument("--limit", type=float, default=600, help="seconds that a step of a peer may take")
    parser.add_argument("--again", action="store_true", help="what failed or was not done in time, once more")
    parser.add_argument("--anew", action="store_true", help="what is asked for, though it is known")
    parser.add_argument("--record", action="store_true", help="write the figures to RESULTS.md")
    given = parser.parse_args()
    work = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    # Told to all processes; that they wait without spinning favours the peers, where other work shares the cores.
    os.environ.update(OMP_NUM_THREADS=str(given.threads), OMP_WAIT_POLICY="PASSIVE")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the peers' processes are ended
    for size in given.sizes:
        for peer in given.only:
            file = work / "found" / size / f"{peer}.json"
            old = {} if given.anew else _read(file)
            if old and not (given.again and "error" in old):
                continue
            asked = prepared(work, size, peer, given.python)
            if not (file.parent / LIMITS).exists():
                _write(file.parent / LIMITS, limits.measured(asked.questions(), SECONDS / 2))
            python = Path(sys.executable) if peer == "sanad" else given.python
            about: dict[str, Any] = {"given": asked.is_embedded, "threads": given.threads}
            about |= {"passages": len(asked.texts()), "tokens": _tokens(asked)}
            about["load"] = os.getloadavg()[0]
            found = Runner(python, peer, asked, given.limit).measured(old)
            _write(file, {**found, **about})
            sys.stderr.write(f"{size} {peer}: {json.dumps(found)}\n")
    known = {"environment": environment(given.python), **measured(work)}
    text = table.section(known)
    sys.stdout.write(text + "\n")
    if given.record:
        results.put(HEADING, text)
        plot.draw(known)


def measured(work: Path) -> dict[str, Any]:
    """All that is known, sizes and peers in their order."""
    sizes = [size for size in SIZES if (work / "found" / size / LIMITS).exists()]
    found = {size: {peer: _read(work / "found" / size / f"{peer}.json") for peer in PEERS} for size in sizes}
    return {
        "limits": {size: _read(work / "found" / size / LIMITS) for size in sizes},
        "found": {size: {peer: one for peer, one in found[size].items() if one} for size in sizes},
    }


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return read


def _write(file: Path, figures: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=1), "utf-8")


def _tokens(given: Given) -> float:
    some = given.texts()[:200]
    return sum(load_encoder().count_tokens(some)) / len(some)


if __name__ == "__main__":
    main()
