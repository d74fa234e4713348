"""Bulk loads: what an actor makes of files, what is written, and the whole on two nodes of a real Ray cluster."""

from __future__ import annotations

import json
import os
import pickle
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.bulk.actor import Embedder, Portable
from index.errors import EncoderError, IndexingError
from index.identity import article_id
from index.read import Corpus
from index.store import create_store, open_store
from index.sync import sync
from index.types import EncoderKey, Entry, Store
from tests.fakes import ConceptEncoder

ROOT = Path(__file__).parents[3]
WORDS = ("summit", "minerals", "aircraft", "water", "visit", "trade")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve articles of two passages each; `law` is named in the ninth alone."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(12):
        word = "law" if number == 8 else WORDS[number % 6]
        lines = [
            f"This is paragraph {n} of article {number} on the {word} of the region, at length."
            for n in (1, 2)
        ]
        (folder / f"{number:02}.txt").write_text("\n\n".join([f"Title {number}", *lines]), "utf-8")
    return folder


def stored(store: Store) -> dict[str, tuple[str, dict[str, bytes]]]:
    return {
        id_: (digest, {name: row.tobytes() for name, (_, row) in store.embeddings(id_).items()})
        for id_, digest in store.digests().items()
    }


def synced(folder: Path, place: Path) -> dict[str, tuple[str, dict[str, bytes]]]:
    encoder = ConceptEncoder()
    with create_store(place, encoder.key) as store:
        sync(folder, store, encoder)
        return stored(store)


def embedder(root: Path, known: tuple[str, ...] = (), key: EncoderKey | None = None) -> Embedder:
    corpus = Portable(root, root, {}, {}, {})
    digests = np.array(sorted(bytes.fromhex(one)[:16] for one in known), "S16")
    return Embedder(ConceptEncoder, key or ConceptEncoder().key, corpus, (), digests)


def rows(actor: Embedder, *names: str) -> list[dict[str, Any]]:
    return [row for table in actor({"item": np.array(names)}) for row in table.to_pylist()]


@pytest.mark.slow
def test_an_actor_tells_what_became_of_each_article_and_when_a_file_is_done(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "bad.txt").write_bytes(b"\x00")
    expected = synced(folder, tmp_path / "synced")
    known = expected[article_id("01.txt")][0]
    found = rows(embedder(folder, (known,)), "00.txt", "01.txt", "bad.txt")
    assert [(row["kind"], row["source"]) for row in found] == [
        ("file", ""),
        ("unchanged", "01.txt"),
        ("file", ""),
        ("refused", "bad.txt"),
        ("file", ""),
        ("entry", "00.txt"),
    ]
    assert found[3]["reason"]
    entry = pickle.loads(found[5]["entry"])
    assert isinstance(entry, Entry)
    digest, embeddings = expected[article_id("00.txt")]
    assert [row.tobytes() for row in entry.embeddings] == [embeddings[one.id] for one in entry.passages]
    assert digest != known


def test_an_actor_refuses_a_node_without_the_folder_and_one_with_another_encoder(folder: Path) -> None:
    with pytest.raises(
        IndexingError, match=r" has no /nowhere; every node reads the corpus at the same path$"
    ):
        rows(embedder(Path("/nowhere")), "00.txt")
    with pytest.raises(
        EncoderError,
        match=r"^the store was made by concepts 7, a node has concepts 1; install the same everywhere$",
    ):
        rows(embedder(folder, key=EncoderKey("concepts", "7", 8)), "00.txt")


def test_what_is_handed_to_actors_knows_the_files_that_the_corpus_knows(folder: Path) -> None:
    (folder / "07.meta.json").write_text('{"publisher": "The Press"}')
    there = pickle.loads(pickle.dumps(Portable.of(Corpus.at(folder))))
    (items,) = there.some(("07.txt",)).files()
    (item,) = items
    assert (item.source, item.given.publisher) == ("07.txt", "The Press")


@pytest.mark.slow
def test_a_cluster_that_nobody_answers_for_is_told_and_no_store_is_made(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        sys.executable,
        "-m",
        "index",
        "bulk",
        "seeds",
        "--store",
        str(tmp_path / "store"),
        "--ray",
        address,
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"sanad: no Ray cluster answers at {address}: [Errno 111] Connection refused\n"
    assert not (tmp_path / "store").exists()


@pytest.fixture(scope="module")
def head() -> Iterator[str]:
    """The address of a cluster of two nodes, a processor each, on this machine."""
    from ray.cluster_utils import Cluster

    room = {"num_cpus": 1, "object_store_memory": 100_000_000}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_raylet_start_wait_time_s", "240")
        patch.setenv(
            "PYTHONPATH", str(ROOT)
        )  # nodes have the library installed; these are this one's children
        cluster = Cluster(initialize_head=True, head_node_args={**room, "include_dashboard": False})
        try:
            cluster.add_node(**room)
            yield cluster.address
        finally:
            cluster.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray's test cluster leaves its files to the collector
def test_two_nodes_make_the_store_that_sync_makes_and_go_on_after_each_failure(
    head: str, folder: Path, tmp_path: Path
) -> None:
    expected = synced(folder, tmp_path / "synced")
    command = [sys.executable, "-m", "tests.index.bulk.loading", head, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert ran.returncode == 0, ran.stderr
    told = [json.loads(line) for line in (tmp_path / "told").read_text("utf-8").splitlines()]
    started, lawless, mortal, other, first, again, changed, ended = told
    assert started == {"cores": 2}
    assert lawless["error"] == "the graph cannot be run: out of memory"
    assert lawless["articles"] <= mortal["articles"] < 12
    assert mortal["error"].startswith("the Ray cluster failed: ")
    assert mortal["error"].endswith("; what was stored until then stays, run again")
    assert (
        other["error"]
        == "the store was made by concepts 1, a node has concepts 2; install the same everywhere"
    )
    assert first["stored"] == 12 - mortal["articles"]
    assert first["unchanged"] == mortal["articles"]
    assert first["embedded"] == 2 * first["stored"]
    assert (first["articles"], first["last"], first["refused"]) == (12, [12, 12], [])
    assert (again["stored"], again["unchanged"], again["revision"]) == (0, 12, first["revision"])
    assert (changed["stored"], changed["unchanged"], changed["articles"]) == (1, 9, 12)
    (refused,) = changed["refused"]
    assert refused["source"] == "05.txt"
    assert refused["reason"].endswith(" (what was stored of it before stays)")
    assert ended == {"nodes": 2}
    with open_store(tmp_path / "store", read_only=True) as store:
        found = stored(store)
    differing = {id_ for id_ in found if found[id_] != expected[id_]}
    assert differing == {article_id("03.txt")}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_sanad_bulk_puts_into_milvus_what_sanad_sync_puts_into_a_folder(head: str, tmp_path: Path) -> None:
    folder, milvus = str(tmp_path / "store"), f"milvus-lite:{tmp_path / 'store.db'}"
    loads = (["sync", "--store", folder], ["bulk", "--store", milvus, "--ray", head, "--jobs", "2"])
    for load in loads:
        command = [sys.executable, "-m", "index", *load, "seeds"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(
        r"\S+/seeds: 5 stored, 0 unchanged, 0 refused; 79 passages embedded; revision \d+\n", ran.stdout
    )
    with open_store(folder, read_only=True) as one, open_store(milvus, read_only=True) as other:
        assert one.digests() == other.digests()
        assert len(one.digests()) == 5
        for id_ in one.digests():
            here, there = one.embeddings(id_), other.embeddings(id_)
            assert here.keys() == there.keys()
            assert all(np.abs(here[name][1] - there[name][1]).max() < 0.001 for name in here)
