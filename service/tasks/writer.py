"""The one thread that writes: it takes tasks from the spool, and holds the store's lock only while there are any."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from index.clean import Phrases
from index.errors import IndexingError, ReadError, StoreLockedError
from index.types import Encoder, Store
from service import etags
from service.tasks import payloads
from service.tasks.ingest import Ingest
from service.tasks.records import Failure, Kind, Task, now
from service.tasks.spool import Spool

IDLE_S = 3.0
"""How long the store stays open for writing after the last write; then `sanad sync` may have it."""
POLL_S = 0.1
"""How often to look for tasks that another process left."""

log = logging.getLogger("sanad.tasks")


class Seat:
    """The right to be the writer among all processes that share a spool; a process that dies gives it up."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "seat"
        self._descriptor = -1

    def take(self) -> bool:
        """Whether this process has it, now or from before."""
        if self._descriptor < 0:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            self._descriptor = descriptor
        return True

    def leave(self) -> None:
        """Let another process have it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Writer:
    """Carries out the tasks of a spool, one at a time; single writes go before the next step of a batch.

    `start` may be called again and again, from one thread; `stop` waits for the step at hand.
    """

    def __init__(self, spool: Spool, encoder: Encoder, open_store: Callable[[], Store]) -> None:
        self._spool, self._encoder, self._open_store = spool, encoder, open_store
        self._seat = Seat(spool.folder)
        self._store: Store | None = None
        self._phrases: Phrases | None = None
        self._used = 0.0
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if the spool's folder is there and it has not begun; otherwise look for work at once."""
        if self._thread is None and self._spool.folder.is_dir():
            self._thread = threading.Thread(target=self._run, name="sanad-writer", daemon=True)
            self._thread.start()
        self._wake.set()

    def stop(self) -> None:
        """Finish the step at hand and let go; what is not done waits for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        is_recovered = False
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    if self._seat.take():
                        if not is_recovered:
                            self._spool.recover()
                            self._spool.prune()
                            is_recovered = True
                        self._all_waiting()
                except Exception:
                    log.exception("writing failed; trying again")
                    self._stopping.wait(1)
                self._close_if_idle()
                self._wake.wait(POLL_S)
        finally:
            self._close()
            self._seat.leave()

    def _all_waiting(self) -> None:
        while not self._stopping.is_set():
            waiting = self._spool.waiting()
            singles = [one for one in waiting if one[1] != "batch"]
            if not waiting or not self._next(*(singles or waiting)[0]):
                return

    def _next(self, task_id: str, kind: Kind) -> bool:
        """Carry the task out; False when the store is not to be had now."""
        try:
            store = self._opened()
        except StoreLockedError:
            return False
        except IndexingError as error:
            return self._fail(task_id, kind, error)
        if not self._spool.claim(task_id, kind):
            return True
        task = self._spool.read(task_id)
        if task is None:
            self._spool.discard(task_id, kind)
            return True
        try:
            self._carry_out(task, Ingest(store, self._encoder, self._rules()))
        except Exception as error:
            self._fail(task_id, kind, error)
        self._used = time.monotonic()
        return True

    def _fail(self, task_id: str, kind: Kind, error: Exception) -> bool:
        self._spool.claim(task_id, kind)
        task = self._spool.read(task_id)
        foreseen = isinstance(error, IndexingError)
        log.error(
            "task %s failed",
            task_id,
            exc_info=None if foreseen else error,
            extra={"fields": {"why": str(error)}},
        )
        if task is not None:
            code = "store_unavailable" if foreseen else "internal_error"
            self._spool.write(task.finished(Failure(503 if foreseen else 500, code)))
        return True

    def _carry_out(self, task: Task, ingest: Ingest) -> None:
        if task.kind == "batch":
            self._batch(task, ingest)
            return
        order = json.loads((self._spool.payload(task.id) / "order.json").read_bytes())
        do = self._put if task.kind == "put" else self._delete
        self._spool.write(do(task, order, ingest))

    def _batch(self, task: Task, ingest: Ingest) -> None:
        task = replace(task, status="processing", started_at=task.started_at or now())
        self._spool.write(task)
        for task in ingest.batch(task, payloads.articles(self._spool.payload(task.id))):  # noqa: B020 - its next state
            self._spool.write(task)
            if self._stopping.is_set():
                self._spool.put_back(task.id, task.kind)
                return
            self._singles()
        self._spool.write(task.finished(total=task.done))
        self._spool.drop_payload(task.id)
        log.info("task %s done", task.id, extra={"fields": asdict(task.counts)})
        self._spool.prune()

    def _singles(self) -> None:
        for task_id, kind in self._spool.waiting():
            if kind != "batch":
                self._next(task_id, kind)

    def _put(self, task: Task, order: dict[str, Any], ingest: Ingest) -> Task:
        try:
            taken = ingest.take(payloads.raw_article(order["article"], order["source"]))
        except ReadError as error:
            name, _, reason = error.reason.partition(": ")
            return task.finished(Failure(422, "invalid_request", name, reason))
        article = taken.cut.article
        if not self._holds(order, article.id):
            return task.finished(Failure(412, "precondition_failed"))
        revision = ingest.put([taken])
        written = {
            "id": article.id,
            "source": article.provenance.source,
            "change": taken.change,
            "passages": len(taken.cut.passages),
            "revision": revision,
            "etag": taken.etag,
        }
        return task.finished(revision=revision, written=written)

    def _delete(self, task: Task, order: dict[str, Any], ingest: Ingest) -> Task:
        article_id, store = order["id"], self._opened()
        tag = etags.current(store.view(), article_id)
        if not self._holds(order, article_id):
            return task.finished(Failure(412, "precondition_failed"))
        if tag is None:
            return task.finished(Failure(404, "article_not_found"))
        revision = store.delete([article_id])
        return task.finished(revision=revision, written={"id": article_id, "revision": revision})

    def _holds(self, order: dict[str, Any], article_id: str) -> bool:
        """Whether the caller's conditions hold; nobody else can write in between."""
        tag = etags.current(self._opened().view(), article_id)
        wanted, unwanted = order.get("if_match"), order.get("if_none_match")
        return (wanted is None or etags.is_named(wanted, tag)) and (
            unwanted is None or not etags.is_named(unwanted, tag)
        )

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
            self._used = time.monotonic()
        return self._store

    def _rules(self) -> Phrases:
        if self._phrases is None:
            self._phrases = Phrases.load()
        return self._phrases

    def _close_if_idle(self) -> None:
        if self._store is not None and time.monotonic() - self._used > IDLE_S:
            self._close()

    def _close(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            try:
                store.close()
            except IndexingError:
                log.exception("the store could not be closed")
