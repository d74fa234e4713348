"""A corpus of articles → a store: only what changed is embedded, what is gone is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np

from index.clean import Phrases, clean
from index.errors import IndexingError, ReadError
from index.folders import check_apart, stray_sidecars
from index.identity import article_id, digest
from index.read import Corpus, Item
from index.split import split
from index.types import Article, Embeddings, Encoder, Entry, Passage, Store

FLUSH_PASSAGES = 512
"""Passages embedded and committed in one step: bounds memory, and what a kill in mid-sync has to do again."""

Known: TypeAlias = Mapping[str, tuple[str | None, Embeddings]]
"""Passage id → (heading, embedding row) of what is stored of one article."""

Kind = Literal["added", "changed", "unchanged", "removed", "refused"]
KINDS: tuple[Kind, ...] = ("added", "changed", "unchanged", "removed", "refused")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one source. `passages` counts those it has now; `reason` says why it was refused."""

    source: str
    kind: Kind
    passages: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a sync did (or, dry, would do), sources in order, removed ones last; `embedded` counts passages, `unused`
    are the sidecars that stand beside no article.
    """

    changes: tuple[Change, ...]
    embedded: int
    revision: int
    unused: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """How many sources met this fate."""
        return sum(change.kind == kind for change in self.changes)


@dataclass(frozen=True, slots=True)
class Cut:
    """An article cut into passages, on its way to the encoder."""

    article: Article
    passages: tuple[Passage, ...]


class Pool(Protocol):
    """Embeds in the background; see `index.encoder.pool`."""

    @property
    def room(self) -> int:
        """Passages under way that keep it busy while others are written."""
        ...

    def begin(self, texts: Sequence[str]) -> Callable[[], Embeddings]:
        """Begin to embed passages; what comes back waits for their unit rows `(len(texts), dim)`."""
        ...


@dataclass(frozen=True, slots=True)
class _Step:
    """What is put into the store at once; `rows` waits for the embeddings of `fresh`."""

    cuts: Sequence[Cut]
    fresh: Sequence[Passage]
    known: Sequence[Known]
    rows: Callable[[], Embeddings]


def sync(
    corpus: Path | Corpus,
    store: Store,
    encoder: Encoder,
    *,
    phrases: Phrases | None = None,
    dry_run: bool = False,
    allow_empty: bool = False,
    pool: Pool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Make what the store holds of a corpus (a folder, a file) equal to it; articles put from elsewhere are left alone.

    A source that cannot be read is refused and reported, and its article, if stored before, stays; so do all that may
    stand in a file of records that cannot be read to its end.
    `pool` embeds while this reads, cleans and writes; what is written, and in which steps, is the same without it.
    `progress(done, total)` is called after each file.

    Raises: IndexingError: no such folder or file; or it lies in one that was synced before, or holds one; or it holds
    no article while the store holds some of it (an unmounted disk looks like that), unless `allow_empty`.
    """
    if isinstance(corpus, Path):
        corpus = Corpus.at(corpus)
    return _Sync(store, encoder, phrases or Phrases.load(), corpus, dry_run, pool).run(allow_empty, progress)


class _Sync:
    """One run: what it has seen, the articles waiting for the encoder, and the steps that it works on, oldest first."""

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        phrases: Phrases,
        corpus: Corpus,
        dry_run: bool,
        pool: Pool | None,
    ) -> None:
        self._store, self._encoder, self._phrases = store, encoder, phrases
        self._corpus, self._root, self._dry_run, self._pool = corpus, str(corpus.root), dry_run, pool
        self._known = store.digests()
        self._roots = dict(store.roots())
        self._pending: list[Cut] = []
        self._under_way: list[_Step] = []
        self._seen: set[str] = set()
        self._refused: set[str] = set()
        self._embedded = 0

    def run(self, allow_empty: bool, progress: Callable[[int, int], None] | None) -> Report:
        corpus, changes = self._corpus, []
        check_apart(corpus.root, {root for root in self._roots.values() if root})
        for done, items in enumerate(corpus.files(), start=1):
            for item in items:
                changes.append(self._take(item))
                if _count(self._pending) >= FLUSH_PASSAGES:
                    self._flush()
                    self._store_oldest(kept=self._pool.room if self._pool else 0)
            if progress:
                progress(done, len(corpus.names))
        self._flush()
        self._store_oldest(kept=0)
        gone = self._gone()
        if gone and not self._seen and not allow_empty:
            raise IndexingError(
                f"{corpus.root} holds no article, but the store holds {len(gone)} from it; nothing was removed"
                " (pass --allow-empty if they are to go)"
            )
        changes += self._remove(gone)
        unused = (
            stray_sidecars(corpus.root, corpus.names) if corpus.root.is_dir() and corpus.only is None else ()
        )
        return Report(tuple(changes), self._embedded, self._store.view().revision, unused)

    def _follow(self, old: str) -> None:
        """A folder that is gone, with an article of the same source as one here, is this corpus before it moved."""
        if not self._dry_run:
            self._store.move_root(old, self._root)
        self._roots = {id_: self._root if root == old else root for id_, root in self._roots.items()}

    def _take(self, item: Item) -> Change:
        if isinstance(item, ReadError):
            self._seen.add(article_id(item.source))
            self._refused.add(item.source)
            return self._refuse(item.source, item.reason)
        article = clean(item, self._phrases)
        if article.id in self._seen:
            return Change(
                item.source, "refused", reason="an article of this name came before it; name it otherwise"
            )
        holder = self._roots.get(article.id, "")
        if holder and not Path(holder).exists():
            self._follow(holder)
            holder = self._root
        if holder not in ("", self._root):
            return Change(
                item.source, "refused", reason=f"an article of this name is already there from {holder}"
            )
        self._seen.add(article.id)
        passages = split(article, self._encoder.count_tokens, self._encoder.max_tokens)
        if not passages:
            return self._refuse(item.source, "no passage was found in it")
        if self._known.get(article.id) == digest(article, passages):
            return Change(item.source, "unchanged", len(passages))
        self._pending.append(Cut(article, passages))
        kind: Kind = "changed" if article.id in self._known else "added"
        return Change(item.source, kind, len(passages))

    def _refuse(self, source: str, reason: str) -> Change:
        if article_id(source) in self._known:
            reason += " (what was stored of it before stays)"
        return Change(source, "refused", reason=reason)

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        fresh, known = fresh_passages(pending, self._store)
        self._embedded += len(fresh)
        if pending and not self._dry_run:
            texts = _texts(self._encoder, fresh)
            rows = self._pool.begin(texts) if self._pool else partial(self._encoder.encode_passages, texts)
            self._under_way.append(_Step(pending, fresh, known, rows))

    def _store_oldest(self, kept: int) -> None:
        """Put the oldest steps into the store, as long as those after them leave so many passages under way."""
        while self._under_way and sum(_count(step.cuts) for step in self._under_way[1:]) >= kept:
            step = self._under_way.pop(0)
            self._store.put(_entries(step.cuts, step.fresh, step.known, step.rows()), root=self._root)

    def _gone(self) -> list[str]:
        unmet = [id_ for id_, root in self._roots.items() if root == self._root and id_ not in self._seen]
        provenance = self._store.view().provenance(unmet)
        return [id_ for id_ in unmet if self._corpus.is_gone(provenance[id_].source, self._refused)]

    def _remove(self, gone: Sequence[str]) -> Iterator[Change]:
        provenance = self._store.view().provenance(gone)
        if gone and not self._dry_run:
            self._store.delete(gone)
        for source in sorted(provenance[article].source for article in gone):
            yield Change(source, "removed")


def fresh_passages(cuts: Sequence[Cut], store: Store) -> tuple[list[Passage], list[Known]]:
    """The passages that have to be embedded, and what the store knows of each article."""
    known = [store.embeddings(cut.article.id) for cut in cuts]
    fresh = [
        passage
        for cut, stored in zip(cuts, known, strict=True)
        for passage in cut.passages
        if passage.id not in stored or stored[passage.id][0] != passage.heading
    ]
    return fresh, known


def entries(
    cuts: Sequence[Cut], fresh: Sequence[Passage], known: Sequence[Known], encoder: Encoder
) -> list[Entry]:
    """What to put into the store: the fresh passages embedded, the rows of the others as they are stored."""
    return _entries(cuts, fresh, known, encode_passages(encoder, fresh))


def _entries(
    cuts: Sequence[Cut], fresh: Sequence[Passage], known: Sequence[Known], embeddings: Embeddings
) -> list[Entry]:
    rows = dict(zip((p.id for p in fresh), embeddings, strict=True))
    return [
        Entry(cut.article, cut.passages, _stack(cut.passages, rows, stored, embeddings.shape[1]))
        for cut, stored in zip(cuts, known, strict=True)
    ]


def encode_passages(encoder: Encoder, passages: Sequence[Passage]) -> Embeddings:
    """Unit rows `(len(passages), dim)`: each passage is read with its subheading before it, where both fit."""
    return encoder.encode_passages(_texts(encoder, passages))


def _texts(encoder: Encoder, passages: Sequence[Passage]) -> list[str]:
    """What the encoder reads of each passage."""
    headed = [_with_heading(passage) for passage in passages]
    fits = (count <= encoder.max_tokens for count in encoder.count_tokens(headed))
    return [text if fit else passage.text for passage, text, fit in zip(passages, headed, fits, strict=True)]


def _count(cuts: Iterable[Cut]) -> int:
    return sum(len(cut.passages) for cut in cuts)


def _with_heading(passage: Passage) -> str:
    return f"{passage.heading}\n{passage.text}" if passage.heading else passage.text


def _stack(
    passages: Iterable[Passage],
    fresh: dict[str, Embeddings],
    stored: Known,
    dim: int,
) -> Embeddings:
    rows = [fresh[p.id] if p.id in fresh else stored[p.id][1] for p in passages]
    return np.stack(rows) if rows else np.zeros((0, dim), dtype=np.float32)
