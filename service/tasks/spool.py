"""The folder where writes wait: a task is there whole or not at all, and stays until it is done.

waiting/ID.KIND      an empty file: this task waits
claimed/ID.KIND      the writer has begun it
ID/task.json         where it stands
ID/…                 what to write
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from index.errors import StoreError
from service.tasks.records import FINISHED, Kind, Task

IDS = re.compile(r"[0-9a-f]{24}")
KINDS: Mapping[str, Kind] = {"put": "put", "delete": "delete", "batch": "batch"}
DRAFT_S, SINGLE_S = 86_400, 600
"""Seconds after which nobody fills a draft, or waits for a single write, any more."""
KEPT = 1000
"""Finished tasks that can still be looked up; older ones are forgotten."""


class SpoolFullError(StoreError):
    """As many tasks wait as may."""


class Spool:
    """Tasks on disk, for any number of processes; `most` may wait at one time. Nothing is made before the first."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder, self._most = folder, most
        self._waiting, self._claimed = folder / "waiting", folder / "claimed"

    def draft(self, task: Task) -> Path:
        """A folder to put the task's payload into; nobody sees the task before `commit`.

        Raises: SpoolFullError; StoreError: the disk cannot be written.
        """
        if len(self.waiting()) >= self._most:
            raise SpoolFullError(f"{self._most} tasks wait already")
        draft = self._draft(task)
        try:
            for folder in (self._waiting, self._claimed, draft):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder}: {error.strerror or error}") from error
        return draft

    def commit(self, task: Task) -> None:
        """Let the task wait for the writer. A batch is durable on return; what is answered only when it is stored
        need not be. Raises: StoreError: the disk is full; the task is forgotten then.
        """
        draft, is_batch = self._draft(task), task.kind == "batch"
        try:
            (draft / "task.json").write_text(task.to_json(), encoding="utf-8")
            if is_batch:
                _sync_tree(draft)
            draft.rename(self.folder / task.id)
            (self._waiting / f"{task.id}.{task.kind}").touch()
            if is_batch:
                _sync(self.folder)
                _sync(self._waiting)
        except OSError as error:
            self.abandon(task)
            raise StoreError(f"{self.folder}: {error.strerror or error}") from error

    def abandon(self, task: Task) -> None:
        """Forget a task that was not committed."""
        shutil.rmtree(self._draft(task), ignore_errors=True)

    def waiting(self) -> list[tuple[str, Kind]]:
        """The tasks that wait, oldest first."""
        return _listed(self._waiting)

    def claimed(self) -> list[tuple[str, Kind]]:
        """The tasks that were begun, oldest first."""
        return _listed(self._claimed)

    def claim(self, task_id: str, kind: Kind) -> bool:
        """Begin the task; False when it was withdrawn."""
        return _moved(self._waiting / f"{task_id}.{kind}", self._claimed / f"{task_id}.{kind}")

    def put_back(self, task_id: str, kind: Kind) -> None:
        """Let a task that was begun wait again."""
        _moved(self._claimed / f"{task_id}.{kind}", self._waiting / f"{task_id}.{kind}")

    def withdraw(self, task: Task) -> bool:
        """Forget a task nobody has begun; False when it is too late for that."""
        try:
            (self._waiting / f"{task.id}.{task.kind}").unlink()
        except FileNotFoundError:
            return False
        self.forget(task.id)
        return True

    def payload(self, task_id: str) -> Path:
        """The task's folder."""
        return self.folder / task_id

    def read(self, task_id: str) -> Task | None:
        """Where the task stands; None when there is none of this id."""
        if not IDS.fullmatch(task_id):
            return None
        try:
            return Task.from_json((self.folder / task_id / "task.json").read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, task: Task) -> None:
        """Say where the task stands; a reader sees the old or the new, never half. A finished one waits no more."""
        place = self.folder / task.id / "task.json"
        draft = place.with_suffix(".new")
        draft.write_text(task.to_json(), encoding="utf-8")
        if task.kind == "batch":
            _sync(draft)
        draft.replace(place)
        if task.status in FINISHED:
            (self._claimed / f"{task.id}.{task.kind}").unlink(missing_ok=True)

    def recover(self) -> None:
        """After a crash: batches that were begun wait again; what nobody waits for any more is forgotten.

        For the one writer, before it begins.
        """
        for task_id, kind in self.claimed():
            if kind == "batch" and self.read(task_id) is not None:
                self.put_back(task_id, kind)
            else:
                self.discard(task_id, kind)
        waiting = self.waiting()
        for task_id, kind in waiting:
            if self.read(task_id) is None:
                (self._waiting / f"{task_id}.{kind}").unlink(missing_ok=True)
        marked = {task_id for task_id, _ in waiting}
        for name in _names(self.folder):
            task = self.read(name)
            if task is not None and name not in marked and task.status not in FINISHED:
                # Killed between its two last steps; a batch is done, a single write has no caller any more.
                self._take_up(task)

    def discard(self, task_id: str, kind: Kind) -> None:
        """Forget a task that was begun."""
        (self._claimed / f"{task_id}.{kind}").unlink(missing_ok=True)
        self.forget(task_id)

    def forget(self, task_id: str) -> None:
        """Remove the task and its payload."""
        shutil.rmtree(self.folder / task_id, ignore_errors=True)

    def list(self, limit: int, offset: int) -> tuple[list[Task], int]:
        """A page of the batches, newest first, and how many there are."""
        ids = sorted((name for name in _names(self.folder) if IDS.fullmatch(name)), reverse=True)
        batches = [task for name in ids if (task := self.read(name)) is not None and task.kind == "batch"]
        return batches[offset : offset + limit], len(batches)

    def drop_payload(self, task_id: str) -> None:
        """Keep of a finished task only what became of it."""
        for path in (self.folder / task_id).iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != "task.json":
                path.unlink(missing_ok=True)

    def prune(self) -> None:
        """Forget the oldest finished tasks beyond what is kept, and drafts that nobody can be writing any more."""
        for name in _names(self.folder):
            draft = self.folder / name
            if name.endswith(".new") and time.time() - draft.stat().st_mtime > DRAFT_S:
                shutil.rmtree(draft, ignore_errors=True)
        busy = {task_id for task_id, _ in [*self.waiting(), *self.claimed()]}
        finished = sorted(name for name in _names(self.folder) if IDS.fullmatch(name) and name not in busy)
        for name in finished[: max(0, len(finished) - KEPT)]:
            self.forget(name)

    def _take_up(self, task: Task) -> None:
        if task.kind == "batch":
            (self._waiting / f"{task.id}.batch").touch()
        elif time.time() - (self.folder / task.id).stat().st_mtime > SINGLE_S:
            self.forget(task.id)

    def _draft(self, task: Task) -> Path:
        return self.folder / f"{task.id}.new"


def _listed(folder: Path) -> list[tuple[str, Kind]]:
    found: list[tuple[str, Kind]] = []
    for name in sorted(_names(folder)):
        task_id, _, kind = name.partition(".")
        if IDS.fullmatch(task_id) and kind in KINDS:
            found.append((task_id, KINDS[kind]))
    return found


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []


def _moved(here: Path, there: Path) -> bool:
    try:
        here.rename(there)
    except FileNotFoundError:
        return False
    return True


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
