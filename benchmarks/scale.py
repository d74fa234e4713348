"""A million synthetic passages: what building, opening and searching a store costs, beside FAISS alone.

Run by `make bench-scale`. Each measurement has a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from benchmarks.results import put
from index.identity import article_id, passage_id
from index.store.compact_index import CANDIDATES, QUANTIZER, list_count
from index.store.embedded import EmbeddedStore
from index.store.faiss_api import faiss
from index.store.recall import exact, sample
from index.types import Article, Embeddings, EncoderKey, Entry, Filters, Lang, Passage, Provenance

DIM, PER_ARTICLE, PER_STEP = 384, 20, 2000
KEY = EncoderKey("synthetic", "1", DIM)
TOPICS, SPREAD = 5000, 0.9
WORDS, PER_PASSAGE = 50_000, 25
QUERIES, K = 300, 10
SAME = 0.002
"""Recalls that differ by less are alike: the store's exact search is over vectors rounded to float16."""
LANGS: tuple[Lang, ...] = ("en", "ar")
FILTERS = {
    "one language in two": Filters(lang="ar"),
    "one publisher in 100": Filters(publisher="publisher 7"),
    "one article": Filters(source="article 77"),
}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def rows_of(block: int) -> Embeddings:
    """A block of `PER_STEP` unit vectors around topics, as texts have them."""
    chance = np.random.default_rng(1 + block)
    topics = np.random.default_rng(0).standard_normal((TOPICS, DIM)).astype(np.float32)
    rows = topics[chance.integers(0, TOPICS, PER_STEP)]
    rows += SPREAD * chance.standard_normal((PER_STEP, DIM)).astype(np.float32)
    unit: Embeddings = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def entries_of(block: int) -> Iterator[Entry]:
    """The block's vectors as articles, with words drawn as a language draws them."""
    rows, chance = rows_of(block), np.random.default_rng(block)
    ranks = np.minimum(chance.zipf(1.3, (PER_STEP, PER_PASSAGE)), WORDS)
    for start in range(0, PER_STEP, PER_ARTICLE):
        number = (block * PER_STEP + start) // PER_ARTICLE
        texts = [" ".join(f"w{rank}" for rank in ranks[start + place]) for place in range(PER_ARTICLE)]
        yield _entry(number, texts, rows[start : start + PER_ARTICLE])


def _entry(number: int, texts: list[str], rows: Embeddings) -> Entry:
    source = f"article {number}"
    key, lang = article_id(source), LANGS[number % 2]
    passages, start = [], 0
    for place, text in enumerate(texts):
        name = passage_id(key, text, texts[:place].count(text))
        passages.append(Passage(name, key, place + 1, start, start + len(text), text, lang))
        start += len(text) + 2
    provenance = Provenance(
        source, "0" * 64, f"Title {number}", lang, f"publisher {number % 100}", published_at="2025-11-09"
    )
    return Entry(Article(key, provenance, "\n\n".join(texts)), tuple(passages), rows)


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    passages: Annotated[int, typer.Option(help="How many.")] = 1_000_000,
    record: Annotated[bool, typer.Option(help="Write the figures to RESULTS.md.")] = False,
) -> None:
    """Build, open and search; print a table."""
    if context.invoked_subcommand:
        return
    with tempfile.TemporaryDirectory(prefix="sanad-scale-") as place:
        folder = Path(place)
        built = _measured("build", folder, passages)
        store = _measured("store", folder, passages)
        alone = _measured("alone", folder, passages)
    table = _table(passages, built, store, alone)
    typer.echo(table)
    if record:
        put(f"A store of {passages:,} passages", table)


def _measured(what: str, folder: Path, passages: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scale", what, str(folder), str(passages)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    typer.echo(f"{what}: {done.stdout.strip()}", err=True)
    return figures


@app.command()
def build(folder: Path, passages: int) -> None:
    """Put all articles, in steps of 2,000 passages, and close."""
    making = 0.0
    began = time.perf_counter()
    with EmbeddedStore.create(folder / "store", KEY) as store:
        for block in range(passages // PER_STEP):
            before = time.perf_counter()
            entries = list(entries_of(block))
            making += time.perf_counter() - before
            store.put(entries)
        put_s = time.perf_counter() - began - making
    total = time.perf_counter() - began - making
    files = {file.name.split("-")[0]: file.stat().st_size for file in (folder / "store").iterdir()}
    _tell(
        put_s=put_s, total_s=total, peak_mb=_peak_mb(), files_mb={n: size / 1e6 for n, size in files.items()}
    )


@app.command()
def store(folder: Path, passages: int) -> None:
    """Open, search, and compare with exact search."""
    del passages
    before, began = _held_mb(), time.perf_counter()
    with EmbeddedStore.open(folder / "store", read_only=True) as opened:
        view = opened.view()
        open_s = time.perf_counter() - began
        queries = sample(view, QUERIES)
        began = time.perf_counter()
        view.nearest(queries[0], K)
        first_ms = (time.perf_counter() - began) * 1000
        held = _held_mb() - before
        latencies = {
            name: _latency(lambda query: view.nearest(query, K), queries) for name in ("first time", "all")
        }
        for name, filters in FILTERS.items():
            latencies[name] = _latency(partial(view.nearest, k=K, filters=filters), queries[:100])
        wanted = exact(view, queries, K)
        found = [{c.row for c in view.nearest(query, K)} for query in queries]
        np.save(folder / "queries.npy", queries)
        recall = _recall(found, wanted)
        (folder / "wanted.json").write_text(json.dumps([wanted, recall]))
        _tell(
            open_s=open_s,
            first_ms=first_ms,
            held_mb=held,
            recall=recall,
            latencies=latencies,
            index=type(view.memory.main).__name__,
        )


@app.command()
def alone(folder: Path, passages: int) -> None:
    """The same with nothing but FAISS: no text, no provenance, no durability; vectors refined from float16.

    It searches the fewest lists, by powers of two, that find as much as the store does.
    """
    faiss.omp_set_num_threads(1)
    lists = list_count(passages)
    index = faiss.index_factory(DIM, f"IVF{lists},{QUANTIZER},Refine(SQfp16)", faiss.METRIC_INNER_PRODUCT)
    inner = faiss.extract_index_ivf(index.base_index)
    inner.cp.niter, inner.cp.max_points_per_centroid = 10, 40
    blocks = [rows_of(block) for block in range(min(passages, 40 * lists) // PER_STEP)]
    began = time.perf_counter()
    index.train(np.concatenate(blocks))
    build_s = time.perf_counter() - began
    for block in range(passages // PER_STEP):
        rows = rows_of(block)
        began = time.perf_counter()
        index.add(rows)
        build_s += time.perf_counter() - began
    began = time.perf_counter()
    faiss.write_index(index, str(folder / "alone.faiss"))
    build_s += time.perf_counter() - began
    del index, inner, blocks
    before, began = _held_mb(), time.perf_counter()
    read = faiss.read_index(str(folder / "alone.faiss"))
    open_s = time.perf_counter() - began
    held = _held_mb() - before
    read.k_factor = CANDIDATES / K
    queries: npt.NDArray[np.float32] = np.load(folder / "queries.npy")
    wanted, least = json.loads((folder / "wanted.json").read_text())
    inner, recall = faiss.extract_index_ivf(read.base_index), 0.0
    for power in range(lists.bit_length()):
        inner.nprobe = 2**power
        found = [{int(row) + 1 for row in read.search(query[None], K)[1][0]} for query in queries]
        recall = _recall(found, wanted)
        if recall >= least - SAME:
            break
    latency = _latency(lambda query: read.search(query[None], K), queries)
    _tell(build_s=build_s, open_s=open_s, held_mb=held, recall=recall, latency=latency)


def _latency(search: Callable[[Embeddings], object], queries: Embeddings) -> dict[str, float]:
    took = []
    for query in queries:
        began = time.perf_counter()
        search(query)
        took.append((time.perf_counter() - began) * 1000)
    return {"p50": float(np.percentile(took, 50)), "p99": float(np.percentile(took, 99))}


def _recall(found: list[set[int]], wanted: list[list[int]]) -> float:
    return float(np.mean([len(rows & set(true)) / K for rows, true in zip(found, wanted, strict=True)]))


def _held_mb() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def _peak_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("this system does not say how much memory was used")


def _tell(**figures: object) -> None:
    typer.echo(json.dumps(figures))


def _table(passages: int, built: dict[str, Any], store: dict[str, Any], alone: dict[str, Any]) -> str:
    def ms(latency: dict[str, float]) -> str:
        return f"{latency['p50']:.2f} / {latency['p99']:.2f} ms"

    size = sum(built["files_mb"].values())
    lines = [
        f"{passages:,} synthetic passages of {PER_PASSAGE} words, {DIM} dimensions, one thread; `make bench-scale`.",
        "FAISS alone keeps vectors only: no text, provenance, words or durability.",
        "",
        "| | store | FAISS alone |",
        "|---|---|---|",
        f"| build, embeddings given | {built['total_s']:.0f} s, peak {built['peak_mb']:.0f} MB"
        f" | {alone['build_s']:.0f} s |",
        f"| on disk | {size:.0f} MB, of it the FAISS file {built['files_mb'].get('main', 0):.0f} MB | |",
        f"| open | {store['open_s']:.1f} s | {alone['open_s']:.1f} s |",
        f"| first search | {store['first_ms']:.1f} ms | |",
        f"| memory | {store['held_mb']:.0f} MB | {alone['held_mb']:.0f} MB |",
        f"| search, p50 / p99 | {ms(store['latencies']['all'])} | {ms(alone['latency'])} |",
        f"| the same questions for the first time | {ms(store['latencies']['first time'])} | |",
        f"| recall@{K} | {store['recall']:.3f} | {alone['recall']:.3f} |",
    ]
    for name in FILTERS:
        lines.append(f"| search in {name}, p50 / p99 | {ms(store['latencies'][name])} | |")
    return "\n".join(lines)


if __name__ == "__main__":
    app()
