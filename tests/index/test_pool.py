"""Embedding in several processes: the same rows and the same store, and nothing left behind when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from index import sync as syncing
from index.encoder import load_encoder
from index.encoder.pool import ONE_THREAD, PIECE, EncoderPool
from index.errors import EncoderError, StoreError
from index.store import create_store, open_store
from index.sync import sync
from index.types import Embeddings, Store
from tests.fakes import CONCEPTS, ConceptEncoder
from tests.index.pooled import Mortal, Telling

ROOT = Path(__file__).parent.parent.parent
WORDS = [concept[0] for concept in CONCEPTS]
STORED = Mapping[str, tuple[str, Mapping[str, bytes]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve articles of two passages each; `law` is named in the ninth alone."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(12):
        words = [WORDS[number % 6], WORDS[(number + 1) % 6], "law" if number == 8 else "report"]
        paragraphs = [
            f"This is paragraph {place} of article {number} on {' and '.join(words)} in the region, at length."
            for place in (1, 2)
        ]
        (folder / f"{number:02}.txt").write_text("\n\n".join([f"Title {number}", *paragraphs]), "utf-8")
    return folder


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passages, one article, a step."""
    monkeypatch.setattr(syncing, "FLUSH_PASSAGES", 2)


def stored(store: Store) -> STORED:
    return {
        id_: (digest, {name: row.tobytes() for name, (_, row) in store.embeddings(id_).items()})
        for id_, digest in store.digests().items()
    }


@pytest.fixture
def expected(folder: Path, small_steps: None, tmp_path: Path) -> STORED:
    """What one process makes of the folder."""
    encoder = ConceptEncoder()
    with create_store(tmp_path / "alone", encoder.key) as store:
        assert sync(folder, store, encoder).revision == 12
        return stored(store)


class Recorder:
    """A pool in this process that embeds when asked for rows, and notes in which order that is."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.events: list[str] = []
        self.under_way = 0

    def begin(self, texts: Sequence[str]) -> Callable[[], Embeddings]:
        self.under_way += len(texts)
        self.events.append(f"begin, {self.under_way} under way")
        return partial(self._rows, texts)

    def _rows(self, texts: Sequence[str]) -> Embeddings:
        self.under_way -= len(texts)
        self.events.append("rows")
        return ConceptEncoder().encode_passages(texts)


def test_reading_goes_on_while_a_pool_embeds_and_never_further_ahead_than_its_room(
    folder: Path, small_steps: None, tmp_path: Path, expected: STORED
) -> None:
    encoder, pool = ConceptEncoder(), Recorder(room=3)
    with create_store(tmp_path / "store", encoder.key) as store:
        report = sync(folder, store, encoder, pool=pool)
        assert stored(store) == expected
    assert (report.embedded, report.revision, encoder.encoded) == (24, 12, [])
    ahead = ["begin, 2 under way", "begin, 4 under way"]
    assert pool.events == [*ahead, *["begin, 6 under way", "rows"] * 10, "rows", "rows"]


def test_without_a_pool_each_step_is_written_before_the_next_is_read(
    folder: Path, small_steps: None, tmp_path: Path
) -> None:
    encoder = ConceptEncoder()
    seen = []
    with create_store(tmp_path / "store", encoder.key) as store:
        sync(folder, store, encoder, progress=lambda done, _: seen.append((done, store.view().article_count)))
    assert seen == [(number, number) for number in range(1, 13)]


@pytest.mark.slow
def test_the_rows_are_those_of_one_process_bit_for_bit() -> None:
    encoder = load_encoder()
    texts = [
        line for file in sorted((ROOT / "seeds").iterdir()) for line in file.read_text("utf-8").split("\n")
    ]
    texts = [text for text in texts if text.strip()][: 2 * PIECE + 5]
    with EncoderPool.create(load_encoder, encoder.key, 2) as pool:
        first, second = pool.begin(texts), pool.begin(texts[:3])
        assert (first() == encoder.encode_passages(texts)).all()
        assert (second() == encoder.encode_passages(texts[:3])).all()
        assert pool.begin([])().shape == (0, encoder.key.dim)
    assert active_children() == []


@pytest.mark.slow
def test_every_process_has_one_thread_and_none_is_this_one() -> None:
    texts = ["a text"] * 4 * PIECE
    with EncoderPool.create(Telling, Telling().key, 2) as pool:
        rows = pool.begin(texts)()
        children = {child.pid for child in active_children()}
    assert set(rows[:, 0].astype(int)) <= children
    assert len(children) == 2
    assert (rows[:, 1 : 1 + len(ONE_THREAD)] == 1).all()


@pytest.mark.slow
def test_the_store_is_the_same_and_processes_start_only_for_work(
    folder: Path, small_steps: None, tmp_path: Path, expected: STORED
) -> None:
    encoder = ConceptEncoder()
    with (
        create_store(tmp_path / "store", encoder.key) as store,
        EncoderPool.create(ConceptEncoder, encoder.key, 2) as pool,
    ):
        assert sync(folder, store, encoder, pool=pool, dry_run=True).embedded == 24
        assert active_children() == []
        assert sync(folder, store, encoder, pool=pool).revision == 12
        assert stored(store) == expected
    assert encoder.encoded == []


@pytest.mark.slow
def test_a_process_that_dies_is_told_and_the_next_run_goes_on(
    folder: Path, small_steps: None, tmp_path: Path, expected: STORED
) -> None:
    encoder = ConceptEncoder()
    with create_store(tmp_path / "store", encoder.key) as store:
        with EncoderPool.create(Mortal, encoder.key, 2) as pool:
            with pytest.raises(EncoderError) as died:
                sync(folder, store, encoder, pool=pool)
            with pytest.raises(EncoderError):
                pool.begin(["a text"])()
        assert str(died.value) == (
            "a process that embeds died, killed or out of memory; what was stored until then stays: run again,"
            " with fewer jobs if memory is short"
        )
        kept = stored(store)
        assert kept.items() <= expected.items()
        assert len(kept) < 9  # the ninth killed it
        with EncoderPool.create(ConceptEncoder, encoder.key, 2) as pool:
            report = sync(folder, store, encoder, pool=pool)
        assert report.embedded == 2 * (12 - len(kept))
        assert stored(store) == expected
    assert active_children() == []


def unloadable() -> ConceptEncoder:
    raise EncoderError("cannot load the model in /nowhere: no such file")


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_or_has_changed_is_told() -> None:
    key = ConceptEncoder().key
    with (
        EncoderPool.create(unloadable, key, 1) as pool,
        pytest.raises(EncoderError, match=r"^cannot load the model in /nowhere: no such file$"),
    ):
        pool.begin(["a text"])()
    with (
        EncoderPool.create(partial(ConceptEncoder, "2"), key, 1) as pool,
        pytest.raises(
            EncoderError, match=r"^concepts was revision 1 when this began and is 2 now; run again$"
        ),
    ):
        pool.begin(["a text"])()


@pytest.fixture
def interrupted(folder: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sync of the folder in a session of its own, which has stored eight articles and is busy with the ninth."""
    place = tmp_path / "store"
    command = [sys.executable, "-m", "tests.index.pooled", str(folder), str(place)]
    running = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: articles(place) == 8)
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def articles(place: Path) -> int:
    try:
        with open_store(place, read_only=True) as store:
            return store.view().article_count
    except StoreError:  # it is not there yet, or just being made
        return 0


def wait_until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def family(parent: int) -> list[int]:
    """The processes that this one started."""
    children = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(child) for file in children for child in file.read_text().split()]


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_in_the_middle_it_leaves_no_process_and_loses_nothing_that_was_stored(
    interrupted: subprocess.Popen[str], how: signal.Signals, folder: Path, tmp_path: Path, expected: STORED
) -> None:
    children = family(interrupted.pid)
    assert len(children) >= 2
    os.kill(interrupted.pid, how)
    assert interrupted.wait() == -how
    wait_until(lambda: not any(is_alive(child) for child in children))
    encoder = ConceptEncoder()
    with open_store(tmp_path / "store", encoder.key) as store:
        kept = stored(store)
        assert len(kept) == 8
        assert kept.items() <= expected.items()
        assert sync(folder, store, encoder).embedded == 8
        assert stored(store) == expected


@pytest.mark.slow
def test_control_c_ends_all_and_only_the_one_that_began_says_so(
    interrupted: subprocess.Popen[str], tmp_path: Path
) -> None:
    children = family(interrupted.pid)
    os.killpg(interrupted.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert interrupted.stderr
    said = interrupted.stderr.read()
    assert interrupted.wait() == -signal.SIGINT
    assert said.count("Traceback") == said.count("KeyboardInterrupt") == 1
    wait_until(lambda: not any(is_alive(child) for child in children))
    assert articles(tmp_path / "store") == 8


@pytest.mark.slow
def test_sanad_sync_jobs_makes_the_store_that_one_job_makes(tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        place = tmp_path / jobs
        command = [sys.executable, "-m", "index", "sync", "seeds", "--store", str(place), "--jobs", jobs]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "79 passages embedded; revision 1" in ran.stdout
        assert ran.stderr == ""
    with (
        open_store(tmp_path / "1", read_only=True) as one,
        open_store(tmp_path / "2", read_only=True) as two,
    ):
        assert stored(one) == stored(two)
        assert len(stored(one)) == 5
