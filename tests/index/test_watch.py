"""A folder that is watched: what is synced when, and the command with real files, kills and another writer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from index.errors import ReadError
from index.read import Corpus, FieldMap
from index.store import open_store
from index.store.verify import verify
from index.watch import PATIENCE_S, Watch, ticks

TEXT = (
    "The leaders met at the summit in Astana on Monday and spoke about the minerals of the region for hours."
)
REST = 2.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, text: str = TEXT, *, age: float = 3600) -> Path:
    """A file that was last changed so many seconds ago."""
    path = folder / name
    path.write_text(text, "utf-8")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def begun(folder: Path) -> Watch:
    """A watch that has taken all that is there."""
    watch = Watch(folder, FieldMap(), REST)
    corpus = watch.look(0.0)
    assert corpus is not None
    watch.taken(corpus)
    return watch


def looked(watch: Watch, now: float) -> tuple[tuple[str, ...], frozenset[str] | None] | None:
    """What is to be synced now: the files there, and those that it is only about; then it is taken."""
    corpus = watch.look(now)
    if corpus is None:
        return None
    watch.taken(corpus)
    return corpus.names, corpus.only


def test_first_all_that_is_at_rest_is_taken_as_a_whole(folder: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(folder, name)
    watch = Watch(folder, FieldMap(), REST)
    assert watch.is_waiting
    assert looked(watch, 0.0) == (("a.txt", "b.txt"), None)
    assert not watch.is_waiting
    assert looked(watch, 100.0) is None


def test_an_empty_folder_is_taken_at_once(folder: Path) -> None:
    watch = Watch(folder, FieldMap(), REST)
    assert looked(watch, 0.0) == ((), None)
    assert not watch.is_waiting


def test_first_it_waits_for_a_file_that_is_being_written_but_not_for_ever(folder: Path) -> None:
    write(folder, "a.txt")
    write(folder, "b.txt", age=0)
    watch = Watch(folder, FieldMap(), REST)
    assert looked(watch, 0.0) is None
    assert looked(watch, REST) == (("a.txt", "b.txt"), None)
    watch = Watch(folder, FieldMap(), REST)
    for second in range(int(PATIENCE_S)):
        write(folder, "b.txt", f"{TEXT} {second}", age=0)
        assert watch.look(float(second)) is None
    write(folder, "b.txt", f"{TEXT} at last", age=0)
    assert looked(watch, PATIENCE_S) == (("a.txt", "b.txt"), None)


def test_a_file_is_taken_once_its_size_and_time_have_been_at_rest(folder: Path) -> None:
    write(folder, "a.txt")
    watch = begun(folder)
    for second in (10.0, 11.0, 12.0):
        write(folder, "b.txt", TEXT * int(second), age=0)
        assert looked(watch, second) is None
    assert watch.is_waiting
    assert looked(watch, 13.9) is None
    assert looked(watch, 14.0) == (("b.txt",), frozenset({"b.txt"}))
    assert looked(watch, 20.0) is None


def test_files_that_rest_do_not_wait_for_one_that_does_not(folder: Path) -> None:
    watch = begun(folder)
    write(folder, "a.txt")
    write(folder, "b.txt")
    assert looked(watch, 10.0) is None
    write(folder, "b.txt", f"{TEXT} more", age=0)
    assert looked(watch, 12.0) == (("a.txt",), frozenset({"a.txt"}))
    assert looked(watch, 14.0) == (("b.txt",), frozenset({"b.txt"}))


def test_a_rename_and_a_removal_are_one_step(folder: Path) -> None:
    write(folder, "a.txt").with_name("b.txt")
    write(folder, "c.txt")
    watch = begun(folder)
    (folder / "a.txt").rename(folder / "b.txt")
    assert looked(watch, 10.0) is None
    assert looked(watch, 12.0) == (("b.txt",), frozenset({"a.txt", "b.txt"}))


def test_the_same_file_written_anew_is_taken_again(folder: Path) -> None:
    path = write(folder, "a.txt")
    watch = begun(folder)
    copy = write(folder, ".a.txt.new", age=3600)
    os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    copy.rename(path)
    assert looked(watch, 10.0) is None
    assert looked(watch, 12.0) == (("a.txt",), frozenset({"a.txt"}))


@pytest.mark.parametrize("name", ["a.meta.json", "b.jsonl", "b.map.toml", "sitemap.xml"])
def test_what_says_something_of_other_articles_has_all_synced(folder: Path, name: str) -> None:
    write(folder, "a.txt")
    watch = begun(folder)
    write(folder, name, "{}")
    assert looked(watch, 10.0) is None
    taken = looked(watch, 12.0)
    assert taken is not None
    assert taken[1] is None
    assert "a.txt" in taken[0]


def test_when_the_last_file_goes_all_is_synced_so_that_the_guard_holds(folder: Path) -> None:
    path = write(folder, "a.txt")
    watch = begun(folder)
    path.unlink()
    assert looked(watch, 10.0) is None
    assert looked(watch, 12.0) == ((), None)


def test_a_folder_that_is_gone_is_told_and_its_return_is_no_change(folder: Path) -> None:
    write(folder, "a.txt")
    watch = begun(folder)
    folder.rename(folder.with_name("away"))
    with pytest.raises(ReadError, match="is not a folder that is there; what is stored of it stays"):
        watch.look(10.0)
    folder.with_name("away").rename(folder)
    assert looked(watch, 20.0) is None


def test_hidden_files_broken_links_and_linked_folders_do_no_harm(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", "x.txt")
    (folder / "link").symlink_to(tmp_path / "other")
    (folder / "broken.txt").symlink_to("nowhere")
    write(folder, ".hidden.txt")
    os.utime(folder / "link", (0, 0), follow_symlinks=False)
    watch = begun(folder)
    write(tmp_path / "other", "y.txt")
    assert looked(watch, 10.0) is None


@pytest.mark.slow
def test_the_system_tells_of_changes_and_where_it_cannot_they_are_looked_for(folder: Path) -> None:
    stop, notes = threading.Event(), list[str]()
    told = ticks(folder, stop, 3600, notes.append)
    assert next(told)
    write(folder, "a.txt")
    assert any(told_of for told_of, _ in zip(told, range(200), strict=False))
    stop.set()
    assert list(told) == []
    assert notes == []
    stop.clear()
    folder.rename(folder.with_name("away"))
    told = ticks(folder, stop, 0.1, notes.append)
    assert next(told)
    assert notes == [
        f"{folder}: the system cannot tell of changes ({folder} is not there); looking every 0.1 seconds"
    ]


class Watching:
    """`sanad watch` as a process, and what it has printed."""

    def __init__(self, folder: Path, store: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "index",
                "watch",
                folder,
                "--store",
                store,
                "--rest",
                "0.5",
                "--json",
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.changes: list[tuple[str, str]] = []
        self.notes: list[str] = []
        assert self.process.stdout
        assert self.process.stderr
        self._threads = [
            threading.Thread(target=self._changes, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._notes, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _changes(self, lines: IO[str]) -> None:
        for line in lines:
            told = json.loads(line)
            self.changes.append((told["kind"], told["source"]))

    def _notes(self, lines: IO[str]) -> None:
        self.notes.extend(line.strip() for line in lines)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until it is so; generously, as machines may be busy."""
        deadline = time.monotonic() + 120
        while not is_so():
            assert time.monotonic() < deadline, (self.changes, self.notes)
            assert self.process.poll() is None, self.notes
            time.sleep(0.05)

    def end(self, number: int) -> int:
        """The exit code after this signal."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        for thread in self._threads:
            thread.join(10)
        return code


@contextmanager
def watching(folder: Path, store: Path, *options: str) -> Iterator[Watching]:
    running = Watching(folder, store, *options)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def texts(store: Path) -> dict[str, str]:
    """The text of each article by its source."""
    with open_store(store, read_only=True) as opened:
        view = opened.view()
        return {of.source: view.article(article).text for article, of, _ in view.articles(100)[0]}


@pytest.mark.slow
def test_files_written_slowly_renamed_and_removed_are_followed(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    write(folder, "a.txt")
    with watching(folder, store) as running:
        running.until(lambda: ("added", "a.txt") in running.changes)
        with (folder / "slow.txt").open("w", encoding="utf-8") as slow:
            for n in range(12):
                slow.write(f"{TEXT} Sentence {n} of a file that is written slowly.\n\n")
                slow.flush()
                time.sleep(0.1)
        running.until(lambda: any(source == "slow.txt" for _, source in running.changes))
        assert [kind for kind, source in running.changes if source == "slow.txt"] == ["added"]
        assert "Sentence 11 of" in texts(store)["slow.txt"]
        (folder / "slow.txt").rename(folder / "renamed.txt")
        running.until(lambda: ("removed", "slow.txt") in running.changes)
        assert ("added", "renamed.txt") in running.changes
        (folder / "a.txt").unlink()
        running.until(lambda: ("removed", "a.txt") in running.changes)
        assert set(texts(store)) == {"renamed.txt"}
        (folder / "renamed.txt").unlink()
        running.until(lambda: any("nothing was removed" in note for note in running.notes))
        assert set(texts(store)) == {"renamed.txt"}
        assert running.end(signal.SIGTERM) == 0
    assert running.changes == [
        ("added", "a.txt"),
        ("added", "slow.txt"),
        ("added", "renamed.txt"),
        ("removed", "slow.txt"),
        ("removed", "a.txt"),
    ]


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_nothing_and_a_new_start_catches_up(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    write(folder, "first.txt")
    with watching(folder, store) as running:
        running.until(lambda: ("added", "first.txt") in running.changes)
        for n in range(40):
            write(
                folder, f"{n:03}.txt", "\n\n".join(f"{TEXT} Paragraph {n} and {m}." for m in range(15)), age=0
            )
        (folder / "first.txt").unlink()
        running.until(lambda: (store / "lock").exists() and len(texts(store)) > 1)
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    assert verify(store).damages == ()
    assert set(texts(store)) <= {"first.txt", *(f"{n:03}.txt" for n in range(40))}
    with watching(folder, store) as running:
        running.until(lambda: set(texts(store)) == {f"{n:03}.txt" for n in range(40)})
        assert running.end(signal.SIGINT) == 0
    assert verify(store).damages == ()


@pytest.mark.slow
def test_another_writer_may_write_in_between_and_is_waited_for(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    write(folder, "a.txt")
    with watching(folder, store) as running:
        running.until(lambda: ("added", "a.txt") in running.changes)
        with open_store(store):  # for writing: it does not hold the lock while it waits
            write(folder, "b.txt")
            running.until(lambda: any("changes wait" in note for note in running.notes))
            assert set(texts(store)) == {"a.txt"}
        running.until(lambda: ("added", "b.txt") in running.changes)
        write(folder, "c.exe", "MZ")
        running.until(lambda: ("refused", "c.exe") in running.changes)
        assert running.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_what_is_no_folder_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "index", "watch", tmp_path / "none", "--store", tmp_path / "store"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert (
        ran.stderr == f"sanad: {tmp_path / 'none'} is not a folder; sanad watch takes a folder of articles\n"
    )


def test_a_corpus_of_some_files_is_what_is_left_of_them(folder: Path) -> None:
    write(folder, "a.txt")
    assert Corpus.some(folder, {"a.txt", "b.txt"}).names == ("a.txt",)
