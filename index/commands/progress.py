"""A bar on stderr that counts; seen only in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from index.commands.console import log


@contextmanager
def counted(title: str) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many are done, of how many; the bar is gone after the block."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=log(), transient=True, disable=not log().is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
