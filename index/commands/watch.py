"""`sanad watch`: a store kept in step with a folder."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from index.clean import Phrases
from index.commands.console import DEFAULT_STORE, ModelOption, StoreOption, isolate, log
from index.commands.corpus import MapOption, PhrasesOption, field_map, open_or_create
from index.encoder import load_encoder
from index.errors import IndexingError, StoreDamagedError, StoreLockedError
from index.read import Corpus, FieldMap
from index.sync import Change, Report, sync
from index.types import Encoder
from index.watch import Watch, ticks

AGAIN_S, LONGEST_S = 1.0, 30.0
"""Seconds until what failed is tried again; twice as many each time, up to the longest."""


class _StopError(Exception):
    """Raised within a sync when it is time to stop; what was stored by then stays."""


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("watch")(watch_folder)


def watch_folder(
    folder: Annotated[Path, typer.Argument(help="A folder of articles.", metavar="FOLDER")],
    store: StoreOption = DEFAULT_STORE,
    model: ModelOption = None,
    phrases: PhrasesOption = None,
    mapping: MapOption = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let the folder empty its part of the store.")
    ] = False,
    rest: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds that a file must stay as it is before it is read.")
    ] = 1.0,
    every: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds after which to look though nothing was told.")
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each change.")] = False,
) -> None:
    """Keep the store in step with a folder, until it is told to end (Ctrl-C, SIGTERM).

    What `sanad sync FOLDER` does, done whenever files of it have changed and come to rest; a line is printed for each
    change, with the revision that holds it. A file that cannot be read is refused, and what was stored of it stays;
    files that are gone are removed, but not all at once: an unmounted disk looks like an empty folder.

    The store is held only while changes are written, so that services and other programs can write in between; while
    another program writes, changes wait. Killed in the middle, nothing stored is lost: start it again.
    """
    fields = field_map(mapping)
    if not folder.is_dir():
        raise IndexingError(f"{folder} is not a folder; sanad watch takes a folder of articles")
    folder = folder.resolve()
    keeper = _Keeper(store, load_encoder(model), Phrases.load(*(phrases or [])), allow_empty, as_json)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, keeper.stop)
    keeper.keep(folder, fields, rest, every)


class _Keeper:
    """Syncs what a watch says into one store, and prints what came of it."""

    def __init__(
        self, store: str, encoder: Encoder, phrases: Phrases, allow_empty: bool, as_json: bool
    ) -> None:
        self._store, self._encoder, self._phrases = store, encoder, phrases
        self._allow_empty, self._as_json = allow_empty, as_json
        self._stopping = threading.Event()
        self._last_note, self._pause = "", AGAIN_S
        self._refused: dict[str, str | None] = {}

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End after the step at hand; the handler of a signal."""
        self._stopping.set()

    def keep(self, folder: Path, fields: FieldMap, rest: float, every: float) -> None:
        """Go on until stopped."""
        watch = Watch(folder, fields, rest)
        for may_have_changed in ticks(folder, self._stopping, every, self._note):
            if self._stopping.is_set():
                return
            if may_have_changed or watch.is_waiting:
                try:
                    self._look(watch)
                except _StopError:
                    return

    def _look(self, watch: Watch) -> None:
        """Sync what has come to rest, if anything has; what goes wrong is told and tried again."""
        try:
            corpus = watch.look(time.monotonic())
            if corpus is None:
                return
            report = self._sync(corpus)
        except StoreDamagedError:
            raise
        except StoreLockedError as error:
            self._note(f"{error}; changes wait")
            self._stopping.wait(AGAIN_S)
        except IndexingError as error:
            self._note(str(error))
            self._stopping.wait(self._pause)
            self._pause = min(2 * self._pause, LONGEST_S)
        else:
            watch.taken(corpus)
            self._last_note, self._pause = "", AGAIN_S
            self._print(report)

    def _sync(self, corpus: Corpus) -> Report:
        with open_or_create(self._store, self._encoder.key, dry_run=False) as opened:
            # Some files of a folder may well be gone without the others: only all of it is held.
            may_be_empty = self._allow_empty or corpus.only is not None
            return sync(
                corpus,
                opened,
                self._encoder,
                phrases=self._phrases,
                allow_empty=may_be_empty,
                progress=self._step,
            )

    def _step(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _StopError

    def _print(self, report: Report) -> None:
        for change in report.changes:
            if change.kind == "refused" and self._refused.get(change.source) == change.reason:
                continue  # told before
            if change.kind == "refused":
                self._refused[change.source] = change.reason
            else:
                self._refused.pop(change.source, None)
            if change.kind != "unchanged":
                self._tell(change, report.revision)

    def _tell(self, change: Change, revision: int) -> None:
        if self._as_json:
            told = {"kind": change.kind, "source": change.source, "passages": change.passages}
            line = json.dumps(told | {"reason": change.reason, "revision": revision}, ensure_ascii=False)
        elif change.kind == "refused":
            line = f"refused {isolate(change.source)}: {change.reason}"
        else:
            passages = f", {change.passages} passages" if change.kind != "removed" else ""
            line = f"{change.kind} {isolate(change.source)}{passages}; revision {revision}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def _note(self, message: str) -> None:
        """Say what goes wrong on stderr, once until it goes right."""
        if message != self._last_note:
            self._last_note = message
            log().print(f"sanad: {message}", soft_wrap=True)
