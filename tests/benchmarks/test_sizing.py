"""docs/scale.md: its tables are what the formulas make of RESULTS.md, and the formulas are right by hand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmarks import sizing
from benchmarks.sizing import PAGE, RESULTS, Measured
from index.store.compact_index import LEAST_PROBED

ROUND = Measured(
    read=1,
    embed=8,
    write=1,
    tokens=60,
    text=500,
    search=12,
    disk=1500,
    memory=250,
    open_s=3,
    dense=12,
    graph=0.5,
    graph_of=100_000,
    graph_bytes=1680,
)
"""Round figures near those that were measured."""


def test_the_tables_of_the_page_are_made_of_the_results() -> None:
    page = PAGE.read_text("utf-8")
    it = Measured.of(RESULTS.read_text("utf-8"))
    assert sizing.rendered(page, it) == page, "run `python -m benchmarks.sizing`"
    assert set(re.findall(r"<!-- table: ([a-z ]+) -->", page)) == set(sizing.tables(it))
    assert sizing.rendered(page, replace(it, write=it.write * 2)) != page
    assert f"at one in {LEAST_PROBED} of its\nlists" in page
    assert f"÷ ({sizing.FULL} × {sizing.NODE_GB} GB) and cores ÷ {sizing.NODE_CORES}" in page
    assert f"memory    = {sizing.HEADROOM} × (graph + words)" in page
    assert f"row       = 4 × {sizing.DIM} + 2 × text + {sizing.FIELDS} bytes" in page


def test_the_constants_are_read_from_their_rows() -> None:
    text = (
        "# Results\n\n## Indexing\n\n2048 passages of 60 tokens and 494 bytes of UTF-8\n\n"
        "| read, clean, split | 0.90 |\n| embed | 8.26 |\n| write | 1.12 |\n\n## The service under load\n\n"
        "| processor time of a search, of a refusal (429, 503) | 8.7 to 9.2 ms, 0.5 to 0.7 ms |\n\n"
        "## A store of 1,000,000 passages\n\n| on disk | 1565 MB, of it 74 MB | |\n| open | 3.0 s | 0.6 s |\n"
        "| memory | 256 MB | 768 MB |\n| search, p50 / p99 | 12.47 / 33.63 ms | 2.63 / 8.29 ms |\n\n"
        "## The graph of Milvus, in FAISS\n\nHNSW, M 16, efConstruction 200, ef 64, 100,000 passages\n\n"
        "| answer a query, ms of CPU | 0.443 |\n| bytes of a passage | 1680 |\n"
    )
    assert Measured.of(text) == Measured(
        0.90, 8.26, 1.12, 60, 494, 9.2, 1565, 256, 3.0, 12.47, 0.443, 100_000, 1680
    )
    with pytest.raises(KeyError, match="write"):
        Measured.of(text.replace("| write | 1.12 |\n", ""))
    with pytest.raises(KeyError, match="Indexing"):
        Measured.of(text.replace("## Indexing", "## Another"))


def test_one_machine_grows_with_the_passages() -> None:
    assert sizing.one_machine(10_000_000, ROUND) == {
        "disk": "15 GB",
        "memory": "2.5 GB",
        "open": "30 s",
        "nearest passages, p50": "120 ms",
    }


def test_a_cluster_by_hand() -> None:
    # a row: 4 × 384 + 2 × 500 + 200 = 2,736 bytes; 2^30 / 2,736 = 392,449 rows a segment
    assert sizing.rows_of_a_segment(ROUND) == 392_449
    # 10 M: 16.8 GB of graph, 10 M × 2 × 8 × 30 = 4.8 GB of words, 1.3 × 21.6 = 28.1 GB; 10 M / 392,449 = 25.5 segments;
    # 26 × 0.5 ms × ln 392,449 / ln 100,000 = 14.5 ms; 100 × 14.5 ms / 0.6 = 2.4 cores; 28.1 / 44.8 GB: one node
    assert sizing.milvus(10_000_000, ROUND) == {
        "vectors and graph": "17 GB",
        "words": "4.8 GB",
        "memory of the query nodes": "28 GB",
        "their disks: text and fields, mapped": "12 GB",
        "object store: rows and indexes": "49 GB",
        "segments": "26",
        "CPU of a search by meaning": "15 ms",
        "cores for 100 searches/s": "3",
        "query nodes of 64 GB and 16 cores": "1",
    }
    # 100 M: 280.8 GB ÷ 44.8 = 6.3 nodes by memory; 255 segments take 142.6 ms, × 1,000 ÷ 0.6 = 238 cores, 14.9 nodes
    assert sizing.milvus(100_000_000, ROUND, qps=100)["query nodes of 64 GB and 16 cores"] == "7"
    assert sizing.milvus(100_000_000, ROUND, qps=1000)["query nodes of 64 GB and 16 cores"] == "15"


def test_the_gain_of_more_processes_ends_where_one_reads_and_writes() -> None:
    assert [sizing.gain(jobs, ROUND) for jobs in (1, 2, 4, 5, 16)] == [1, 2, 4, 5, 5]


def test_hours_and_pods() -> None:
    assert sizing.embedding(3_600_000, 9, ROUND) == 1
    assert sizing.writing(3_600_000, ROUND) == 1
    assert [sizing.pods(qps, ROUND) for qps in (10, 100, 101, 1000)] == [1, 1, 2, 10]
