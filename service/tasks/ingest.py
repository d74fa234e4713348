"""Raw articles into an open store: cut, embedded and committed in steps that bound memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from index.clean import Phrases, clean
from index.errors import ReadError
from index.identity import digest
from index.split import split
from index.sync import Cut, entries, fresh_passages
from index.types import Encoder, RawArticle, Store
from service import etags
from service.tasks.records import Counts, Refusal, Task

STEP_PASSAGES, STEP_ARTICLES = 128, 64
"""What is embedded and committed at one time: the most that a kill makes a batch do again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An article ready to be put, and what putting it will do: `added`, `changed` or `unchanged`."""

    cut: Cut
    change: str

    @property
    def etag(self) -> str:
        """The tag it will have."""
        return etags.etag(self.cut.article, self.cut.passages)


class Ingest:
    """Puts articles into one store; for one thread."""

    def __init__(self, store: Store, encoder: Encoder, phrases: Phrases) -> None:
        self._store, self._encoder, self._phrases = store, encoder, phrases

    def take(self, raw: RawArticle) -> Taken:
        """The article cut into passages. Raises: ReadError: no passage was found in it."""
        article = clean(raw, self._phrases)
        passages = split(article, self._encoder.count_tokens, self._encoder.max_tokens)
        if not passages:
            raise ReadError(raw.source, "text: no passage was found in it")
        stored = etags.current(self._store.view(), article.id)
        new = f'"{digest(article, passages)[:32]}"'
        change = "added" if stored is None else "unchanged" if stored == new else "changed"
        return Taken(Cut(article, passages), change)

    def put(self, taken: Iterable[Taken]) -> int:
        """Commit these; the revision that holds them, durable on return."""
        cuts = [one.cut for one in taken if one.change != "unchanged"]
        if not cuts:
            return self._store.view().revision
        fresh, known = fresh_passages(cuts, self._store)
        return self._store.put(entries(cuts, fresh, known, self._encoder))

    def batch(self, task: Task, items: Iterator[RawArticle | ReadError]) -> Iterator[Task]:
        """The task after each step, the articles it counts durable; those that it has done already are skipped."""
        step = _Step(task)
        for item in islice(items, task.done, None):
            if isinstance(item, RawArticle) and step.is_full(item):
                yield (step := self._committed(step)).task
            step.add(item, self.take)
        yield self._committed(step).task

    def _committed(self, step: _Step) -> _Step:
        return _Step(step.after(self.put(step.taken)))


class _Step:
    """The articles between two commits."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.taken: list[Taken] = []
        self._refused: list[Refusal] = []
        self._sources: set[str] = set()
        self._seen = 0

    def is_full(self, following: RawArticle) -> bool:
        """Whether to commit before taking the next: enough is here, or the same article once more."""
        passages = sum(len(one.cut.passages) for one in self.taken)
        return passages >= STEP_PASSAGES or self._seen >= STEP_ARTICLES or following.source in self._sources

    def add(self, item: RawArticle | ReadError, take: Callable[[RawArticle], Taken]) -> None:
        """Take the article, or note why it is refused."""
        place = self.task.done + self._seen
        self._seen += 1
        try:
            if isinstance(item, ReadError):
                raise item
            self.taken.append(take(item))
            self._sources.add(item.source)
        except ReadError as error:
            self._refused.append(Refusal(place, error.source, error.reason))

    def after(self, revision: int) -> Task:
        """The task with this step counted."""
        counts, done = self.task.counts, self.task.done + self._seen
        made = [one.change for one in self.taken]
        return replace(
            self.task,
            done=done,
            total=max(self.task.total or 0, done),  # a file may hold more than was counted
            refused=(*self.task.refused, *self._refused),
            revision=revision,
            counts=Counts(
                added=counts.added + made.count("added"),
                changed=counts.changed + made.count("changed"),
                unchanged=counts.unchanged + made.count("unchanged"),
                refused=counts.refused + len(self._refused),
            ),
        )
