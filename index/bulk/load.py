"""Many articles → a store, past one machine: read, cleaned, split and embedded by a Ray cluster, written from here.

Built on Ray Data (https://docs.ray.io/en/latest/data/data.html), which streams: what waits to be written is bounded.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import re
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.bulk.actor import DIGEST, Embedder, Load, Portable, Row, refused
from index.errors import IndexingError
from index.folders import check_apart
from index.identity import article_id
from index.read import Corpus
from index.sync import FLUSH_PASSAGES, Change
from index.types import Entry, Store

BLOCKS_EACH, FILES = 4, 256
"""An actor is handed a block of names at a time: at least so many blocks for each, at most so many files in one."""
RETRIES = 3
"""How often what an actor that died was doing is done again, anywhere; a file that kills them all ends the load."""
REACHED_S = 10.0
"""Seconds in which a cluster must take a connection."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a bulk load did: how many articles it stored and how many it found stored already, and what it refused."""

    stored: int
    unchanged: int
    refused: tuple[Change, ...]
    embedded: int
    revision: int


@contextmanager
def cluster(address: str | None = None) -> Iterator[int]:
    """The number of processors of a Ray cluster: the one at this address, else this machine alone; left afterwards.

    Raises: IndexingError: the `ray` extra is missing, or no cluster answers there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster that is started here reports to nobody
    try:
        import ray
    except ImportError as error:
        raise IndexingError('a bulk load needs Ray: pip install "sanad-search[ray]"') from error
    try:
        _expect_somebody(address)
        ray.init(address=address or "local", logging_level=logging.ERROR, log_to_driver=False)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise IndexingError(f"no Ray cluster answers at {address or 'this machine'}: {reason}") from error
    try:
        resources: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        yield int(resources.get("CPU", 1))
    finally:
        ray.shutdown()


def _expect_somebody(address: str | None) -> None:
    """Raises: OSError: nobody listens at this HOST:PORT; Ray itself would try for many minutes."""
    if address and (found := re.fullmatch(r"\[?([^/\]]+)\]?:(\d+)", address)):
        socket.create_connection((found[1], int(found[2])), timeout=REACHED_S).close()


def bulk(
    corpus: Corpus,
    store: Store,
    load: Load,
    jobs: int,
    *,
    phrases: Sequence[Path] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Put the articles of a corpus into the store, embedded by `jobs` actors of the cluster that `cluster` reached.

    What is stored already is left alone, so a load that was broken off goes on; nothing is removed, which `sync` does.
    Each node reads the corpus at the same path. A file is read by one actor. `progress(done, total)` counts files.

    Raises: IndexingError: a node has no such folder; the corpus lies in one that was synced before, or holds one; or
    the encoder cannot be loaded on a node, or is another there. What was stored until then stays.
    """
    check_apart(corpus.root, {root for root in store.roots().values() if root})
    return _Bulk(corpus, store).run(_rows(corpus, store, load, jobs, phrases), progress)


class _Bulk:
    """One run: what it has seen, and the articles waiting to be written."""

    def __init__(self, corpus: Corpus, store: Store) -> None:
        self._corpus, self._store, self._root = corpus, store, str(corpus.root)
        self._roots = store.roots()
        self._seen: set[str] = set()
        self._pending: list[Entry] = []
        self._counts = {"stored": 0, "unchanged": 0, "embedded": 0}
        self._refused: list[Change] = []

    def run(self, rows: Iterator[Row], progress: Callable[[int, int], None] | None) -> Loaded:
        done = 0
        for row in rows:
            if row["kind"] == "file":
                done += 1
                if progress:
                    progress(done, len(self._corpus.names))
            else:
                self._take(row)
            if sum(len(entry.passages) for entry in self._pending) >= FLUSH_PASSAGES:
                self._flush()
        self._flush()
        refused = tuple(sorted(self._refused, key=lambda change: change.source))
        return Loaded(refused=refused, revision=self._store.view().revision, **self._counts)

    def _take(self, row: Row) -> None:
        id_ = article_id(row["source"])
        holder = self._roots.get(id_, "")
        reason = row["reason"]
        if id_ in self._seen:
            reason = "another article has this name; name it otherwise"
        elif row["kind"] == "entry" and holder not in ("", self._root):
            reason = f"an article of this name is already there from {holder}"
        elif reason and id_ in self._roots:
            reason += " (what was stored of it before stays)"
        self._seen.add(id_)
        if reason:
            self._refused.append(Change(row["source"], "refused", reason=reason))
        elif row["kind"] == "unchanged":
            self._counts["unchanged"] += 1
        else:
            self._pending.append(pickle.loads(row["entry"]))  # made by our own actors

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self._store.put(pending, root=self._root)
            self._counts["stored"] += len(pending)
            self._counts["embedded"] += sum(len(entry.passages) for entry in pending)


def _rows(corpus: Corpus, store: Store, load: Load, jobs: int, phrases: Sequence[Path]) -> Iterator[Row]:
    """The rows of all articles, in no order, while actors make them."""
    import ray.data
    from ray.exceptions import RayError
    from ray.util.annotations import RayDeprecationWarning

    names = list(corpus.names)
    if not names:
        return
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    known = np.array(sorted(bytes.fromhex(one)[:DIGEST] for one in store.digests().values()), f"S{DIGEST}")
    with warnings.catch_warnings(category=RayDeprecationWarning, action="ignore"):
        # These two are to have a name of their own in Ray 2.64, and have none yet.
        made = ray.data.from_items(names, override_num_blocks=_blocks(len(names), jobs)).map_batches(
            Embedder,
            fn_constructor_kwargs={
                "load": load,
                "key": store.encoder_key,
                "corpus": Portable.of(corpus),
                "phrases": tuple(phrases),
                "known": known,
            },
            batch_size=None,
            compute=ray.data.ActorPoolStrategy(size=jobs),
            num_cpus=1,
            max_restarts=RETRIES,
            max_task_retries=RETRIES,
        )
    try:
        for errors in corpus.sitemaps.refused.values():
            yield from (refused(error) for error in errors)
        yield from made.iter_rows()
    except RayError as error:
        raise _told(error) from error


def _blocks(files: int, jobs: int) -> int:
    return min(files, max(jobs * BLOCKS_EACH, math.ceil(files / FILES)))


def _told(error: Exception) -> IndexingError:
    """The error of ours that an actor raised, without what Ray adds to it; of any other, that the cluster failed."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, IndexingError):
        return IndexingError(str(cause).partition("\n")[0])
    reason = str(error).strip().splitlines()
    return IndexingError(
        f"the Ray cluster failed: {reason[-1] if reason else type(error).__name__};"
        " what was stored until then stays, run again"
    )
