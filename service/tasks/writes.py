"""Writing as the endpoints see it: a single write is waited for, a batch is left to be looked up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from index.errors import ReadError, StoreError
from index.types import Store
from service.problems import ProblemError
from service.schemas import FieldError
from service.tasks import payloads
from service.tasks.records import FINISHED, Failure, Kind, Task
from service.tasks.spool import Spool, SpoolFullError
from service.tasks.writer import Writer

WAIT_S = 20.0
"""How long a single write waits for its turn; when another program writes to the store it may never come."""
LONGEST_S = 120.0
RETRY = {"Retry-After": "5"}


class Writes:
    """The spool and the writer behind the endpoints; `start` and `stop` with the application."""

    def __init__(self, spool: Spool, writer: Writer, read: Store) -> None:
        self.spool, self._writer, self._read = spool, writer, read

    def start(self) -> None:
        """Take up what an earlier run left."""
        self._writer.start()

    def stop(self) -> None:
        """Finish the step at hand."""
        self._writer.stop()

    async def carry_out(self, kind: Kind, order: dict[str, Any]) -> dict[str, Any]:
        """What was written, durable and searchable here. Raises: ProblemError: the write failed, and why."""
        task = Task.new(kind)
        await anyio.to_thread.run_sync(self._enqueue, task, order)
        over = await self._finished(task)
        self.spool.forget(task.id)
        if over.failure is not None:
            raise _problem(over.failure)
        await self._seen(over.revision or 0)
        return dict(over.written or {})

    async def enqueue(self, task: Task, fill: Callable[[Path], None]) -> Task:
        """The task, durable, its payload written by `fill`. Raises: ProblemError: too many wait, or it is empty."""
        return await anyio.to_thread.run_sync(self._enqueue_batch, task, fill)

    def _enqueue(self, task: Task, order: dict[str, Any]) -> None:
        draft = self._draft(task)
        (draft / "order.json").write_text(json.dumps(order), encoding="utf-8")
        self.spool.commit(task)
        self._writer.start()

    def _enqueue_batch(self, task: Task, fill: Callable[[Path], None]) -> Task:
        draft = self._draft(task)
        try:
            fill(draft)
            counted = replace(task, total=_counted(draft))
        except OSError as error:
            self.spool.abandon(task)
            raise StoreError(f"{draft}: {error.strerror or error}") from error
        except BaseException:
            self.spool.abandon(task)
            raise
        self.spool.commit(counted)
        self._writer.start()
        return counted

    def _draft(self, task: Task) -> Path:
        try:
            return self.spool.draft(task)
        except SpoolFullError:
            raise ProblemError(503, "tasks_full", headers=RETRY) from None

    async def _finished(self, task: Task) -> Task:
        """The task when it is over. Raises: ProblemError: its turn did not come, or it was cut short (503)."""
        pause, waited = 0.002, 0.0
        while True:
            now = self.spool.read(task.id)
            if now is None or waited > LONGEST_S:  # the writer was killed, or is stuck
                raise ProblemError(503, "interrupted", headers=RETRY)
            if now.status in FINISHED:
                return now
            if waited > WAIT_S and self.spool.withdraw(task):
                raise ProblemError(503, "store_busy", headers=RETRY)
            await anyio.sleep(pause)
            waited += pause
            pause = min(pause * 1.5, 0.05)

    async def _seen(self, revision: int) -> None:
        """Wait until this process searches that revision too."""
        for _ in range(200):
            if await anyio.to_thread.run_sync(lambda: self._read.view().revision) >= revision:
                return
            await anyio.sleep(0.01)


def _counted(draft: Path) -> int:
    try:
        total = payloads.count(draft)
    except ReadError:
        total = 0
    if not total:
        raise ProblemError(422, "invalid_request", [FieldError(field="articles", reason="there is none")])
    if total > payloads.MOST_ARTICLES:
        reason = f"there are {total}, the limit is {payloads.MOST_ARTICLES}"
        raise ProblemError(422, "invalid_request", [FieldError(field="articles", reason=reason)])
    return total


def _problem(failure: Failure) -> ProblemError:
    errors = [FieldError(field=failure.field, reason=failure.reason or "")] if failure.field else []
    headers = RETRY if failure.status == 503 else None
    return ProblemError(failure.status, failure.code, errors, headers)
