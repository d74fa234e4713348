"""How much it takes: what was measured → memory, disk, processors and hours for any number of passages.

`python -m benchmarks.sizing` writes the tables of docs/scale.md anew; a test holds them to RESULTS.md, where the
constants are read from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "RESULTS.md", ROOT / "docs" / "scale.md"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
MILLION = 1_000_000

DIM = 384
WORD = 8
"""Bytes of a word of a passage in a sparse vector: its number and its weight, four bytes each."""
SPARSE_COPIES = 2
"""Milvus holds a sparse vector once as it is and once in the posting lists."""
FIELDS = 200
"""Bytes of a passage's ids, numbers and names beside its text and words."""
SEGMENT = 2**30
"""Milvus seals a segment at so many bytes of rows (`dataCoord.segment.maxSize`)."""
HEADROOM = 1.3
"""For segments that grow, that are merged, and that are loaded while old ones still answer."""
NODE_GB, NODE_CORES, FULL, BUSY = 64, 16, 0.7, 0.6
"""A node's memory and cores, and the shares of them to be used: the rest is for a node that fails and for peaks."""
QPS = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """The constants: times in milliseconds of one core, sizes in bytes a passage, of the corpora in RESULTS.md."""

    read: float
    embed: float
    write: float
    tokens: float
    text: float
    search: float
    disk: float
    memory: float
    open_s: float
    dense: float
    graph: float
    graph_of: float
    graph_bytes: float

    @classmethod
    def of(cls, text: str) -> Self:
        """From RESULTS.md. Raises: KeyError: a section or row is not there."""
        indexing, million = _section(text, "Indexing"), _section(text, "A store of 1,000,000 passages")
        graph = _section(text, "The graph of Milvus, in FAISS")
        _, tokens, size = _numbers(indexing.splitlines()[0])[:3]
        return cls(
            read=_row(indexing, "read, clean, split")[0],
            embed=_row(indexing, "embed")[0],
            write=_row(indexing, "write")[0],
            tokens=tokens,
            text=size,
            search=_row(_section(text, "The service under load"), "processor time of a search")[1],
            disk=_row(million, "on disk")[0],
            memory=_row(million, "memory")[0],
            open_s=_row(million, "open")[0],
            dense=_row(million, "search, p50")[0],
            graph=_row(graph, "answer a query")[0],
            graph_of=_numbers(graph.splitlines()[0])[3],
            graph_bytes=_row(graph, "bytes of a passage")[0],
        )


def _section(text: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n+(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        raise KeyError(heading)
    return found[1]


def _row(section: str, label: str) -> list[float]:
    """The numbers in a table's row, after its label."""
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith(label):
            return _numbers(" ".join(cells[1:]))
    raise KeyError(label)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def one_machine(passages: int, it: Measured) -> dict[str, str]:
    """The embedded store: everything grows with the number of passages, and so does a search by meaning."""
    millions = passages / MILLION
    return {
        "disk": _bytes(passages * it.disk),
        "memory": _bytes(passages * it.memory),
        "open": _time(it.open_s * millions),
        "nearest passages, p50": f"{it.dense * millions:,.0f} ms",
    }


def rows_of_a_segment(it: Measured) -> int:
    """Passages in a sealed segment of Milvus: a row is its vector, its text, its words and its fields."""
    return int(SEGMENT / (4 * DIM + 2 * it.text + FIELDS))


def held(passages: int, it: Measured) -> tuple[float, float, float]:
    """Bytes of the graph, of the words, and of both on the query nodes with room to work."""
    graph = passages * it.graph_bytes
    words = passages * SPARSE_COPIES * WORD * it.tokens / 2  # about two tokens a word
    return graph, words, HEADROOM * (graph + words)


def milvus(passages: int, it: Measured, qps: float = QPS) -> dict[str, str]:
    """A Milvus cluster with the graph index that a store asks for."""
    graph, words, memory = held(passages, it)
    raw = passages * (4 * DIM + 2 * it.text + FIELDS)
    rows = rows_of_a_segment(it)
    segments = math.ceil(passages / rows)
    deeper = math.log(min(rows, passages)) / math.log(it.graph_of)
    query = segments * it.graph * deeper
    cores = qps * query / 1000 / BUSY
    nodes = max(memory / (FULL * NODE_GB * 1e9), cores / NODE_CORES)
    return {
        "vectors and graph": _bytes(graph),
        "words": _bytes(words),
        "memory of the query nodes": _bytes(memory),
        "their disks: text and fields, mapped": _bytes(passages * (2 * it.text + FIELDS)),
        "object store: rows and indexes": _bytes(raw + graph + words),
        "segments": f"{segments:,}",
        "CPU of a search by meaning": _time(query / 1000),
        f"cores for {qps:.0f} searches/s": f"{math.ceil(cores):,}",
        f"query nodes of {NODE_GB} GB and {NODE_CORES} cores": f"{math.ceil(nodes):,}",
    }


def gain(jobs: int, it: Measured) -> float:
    """How many times as fast `--jobs` is at most: one process reads and writes, however many embed."""
    alone = it.read + it.embed + it.write
    return alone / max(it.read + it.write, alone / jobs)


def embedding(passages: int, cores: int, it: Measured) -> float:
    """Hours in which so many cores read, clean, split and embed."""
    return passages * (it.read + it.embed) / cores / 3_600_000


def writing(passages: int, it: Measured) -> float:
    """Hours in which one process, and there is never another, writes them."""
    return passages * it.write / 3_600_000


def pods(qps: float, it: Measured) -> int:
    """Pods of two cores for so many searches a second."""
    return math.ceil(qps * it.search / 1000 / BUSY / 2)


def tables(it: Measured) -> Mapping[str, str]:
    """The tables of docs/scale.md by name."""
    sizes = (MILLION, 10 * MILLION, 100 * MILLION, 1000 * MILLION)
    cores = (1, 16, 64, 256)
    return {
        "constants": _table(
            ("what", "figure", "section of the results"),
            [
                ("read, clean and split a passage", f"{it.read:.2f} ms", "Indexing"),
                ("embed it", f"{it.embed:.2f} ms", "Indexing"),
                ("write it", f"{it.write:.2f} ms", "Indexing"),
                ("its text", f"{it.text:.0f} bytes, {it.tokens:.0f} tokens", "Indexing"),
                ("a search over HTTP, all of it", f"{it.search:.1f} ms", "The service under load"),
                ("a passage on disk", f"{it.disk:,.0f} bytes", "A store of 1,000,000 passages"),
                ("in memory", f"{it.memory:,.0f} bytes", "A store of 1,000,000 passages"),
                ("in the graph of Milvus", f"{it.graph_bytes:,.0f} bytes", "The graph of Milvus, in FAISS"),
                (
                    f"a query of {it.graph_of:,.0f} passages there",
                    f"{it.graph:.3f} ms",
                    "The graph of Milvus, in FAISS",
                ),
            ],
        ),
        "one machine": _columns("passages", sizes[:3], lambda size: one_machine(size, it)),
        "milvus": _columns("passages", sizes[1:], lambda size: milvus(size, it)),
        "jobs": _table(
            ("`--jobs`", *(str(jobs) for jobs in (2, 4, 8, 16))),
            [("times as fast at most", *(f"{gain(jobs, it):.1f}" for jobs in (2, 4, 8, 16)))],
        ),
        "hours": _table(
            ("passages", "one core", *(f"{n} cores" for n in cores[1:]), "the writer"),
            [
                (
                    _count(size),
                    *(_time(3600 * embedding(size, n, it)) for n in cores),
                    _time(3600 * writing(size, it)),
                )
                for size in sizes
            ],
        ),
        "pods": _table(
            ("searches a second", *(str(qps) for qps in (10, 100, 1000))),
            [("pods of two cores", *(str(pods(qps, it)) for qps in (10, 100, 1000)))],
        ),
    }


def _columns(name: str, sizes: Iterable[int], of: Callable[[int], Mapping[str, str]]) -> str:
    columns = {size: of(size) for size in sizes}
    labels = next(iter(columns.values()))
    rows = [(label, *(column[label] for column in columns.values())) for label in labels]
    return _table((name, *(_count(size) for size in columns)), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _count(passages: int) -> str:
    return f"{passages // MILLION:,} M"


def _bytes(size: float) -> str:
    for unit in ("MB", "GB", "TB"):
        size /= 1000 if unit != "MB" else 1e6
        if size < 1000:
            break
    return f"{_short(size)} {unit}"


def _time(seconds: float) -> str:
    for unit, length in (("days", 86_400 * 2), ("hours", 3600 * 2), ("minutes", 120), ("s", 1)):
        if seconds >= length:
            return f"{_short(seconds / {'days': 86_400, 'hours': 3600, 'minutes': 60, 's': 1}[unit])} {unit}"
    return f"{_short(seconds * 1000)} ms"


def _short(value: float) -> str:
    """Two significant digits, more where there are more before the point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def rendered(page: str, it: Measured) -> str:
    """The page with its tables as they come out now. Raises: KeyError: it names a table that there is not."""
    made = tables(it)
    return re.sub(
        r"(<!-- table: ([a-z ]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}",
        page,
        flags=re.S,
    )


def main() -> None:
    """Write the tables of docs/scale.md anew."""
    it = Measured.of(RESULTS.read_text("utf-8"))
    PAGE.write_text(rendered(PAGE.read_text("utf-8"), it), "utf-8")


if __name__ == "__main__":
    main()
