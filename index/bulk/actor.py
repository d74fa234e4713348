"""An actor of a Ray cluster: names of files in, what became of their articles out."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from platform import node
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from index.clean import Phrases, clean
from index.errors import EncoderError, IndexingError, ReadError
from index.identity import digest
from index.read import Corpus, FieldMap, Item
from index.read.sitemap import Listed
from index.split import split
from index.sync import FLUSH_PASSAGES, Cut, entries
from index.types import Encoder, EncoderKey, Given

DIGEST = 16
"""Bytes of a content digest that say whether an article is stored already."""

Load: TypeAlias = Callable[[], Encoder]
"""Gives the encoder in the process that calls it; it can be pickled."""
Known: TypeAlias = npt.NDArray[np.bytes_]
"""The first bytes of the digests of all that is stored, ascending."""
Row: TypeAlias = dict[str, Any]
"""What became of an article: its `source`, the `reason` it is refused for, the pickled `entry` of one to be written. Or
a row of kind `file`, for a file that is done.
"""


@dataclass(frozen=True, slots=True)
class Portable:
    """What an actor needs to know of a corpus besides the names it is handed; can be pickled."""

    root: Path
    folder: Path
    fields: dict[str, tuple[str, ...]]
    only: dict[str, tuple[str, ...]]
    given: dict[str, Given]

    @classmethod
    def of(cls, corpus: Corpus) -> Self:
        fields = corpus.fields
        given = dict(corpus.sitemaps.given)
        return cls(corpus.root, corpus.folder, dict(fields.fields), dict(fields.only), given)

    def some(self, names: tuple[str, ...]) -> Corpus:
        """The corpus of these files alone."""
        return Corpus(self.root, self.folder, names, FieldMap(self.fields, self.only), Listed(self.given))


class Embedder:
    """Called with a batch of names, gives tables of rows; loads the encoder when it is first called."""

    def __init__(
        self,
        load: Load,
        key: EncoderKey,
        corpus: Portable,
        phrases: Sequence[Path],
        known: Known,
    ) -> None:
        self._load, self._key, self._corpus, self._known = load, key, corpus, known
        self._phrases = phrases
        self._ready: tuple[Encoder, Phrases] | None = None

    def __call__(self, batch: Mapping[str, npt.NDArray[Any]]) -> Iterator[Any]:
        encoder, phrases = self._ready = self._ready or self._start()
        rows: list[Row] = []
        cuts: list[Cut] = []
        for items in self._corpus.some(tuple(str(name) for name in batch["item"])).files():
            for item in items:
                cut = self._cut(item, encoder, phrases)
                if isinstance(cut, Cut):
                    cuts.append(cut)
                else:
                    rows.append(cut)
                if sum(len(one.passages) for one in cuts) >= FLUSH_PASSAGES:
                    yield _table([*rows, *_embedded(cuts, encoder)])
                    rows, cuts = [], []
            rows.append(row("file"))
        yield _table([*rows, *_embedded(cuts, encoder)])

    def _start(self) -> tuple[Encoder, Phrases]:
        root = self._corpus.root
        if not root.exists():
            raise IndexingError(f"{node()} has no {root}; every node reads the corpus at the same path")
        encoder = self._load()
        if encoder.key != self._key:
            raise EncoderError(
                f"the store was made by {self._key.id} {self._key.revision}, a node has {encoder.key.id}"
                f" {encoder.key.revision}; install the same everywhere"
            )
        return encoder, Phrases.load(*self._phrases)

    def _cut(self, item: Item, encoder: Encoder, phrases: Phrases) -> Cut | Row:
        if isinstance(item, ReadError):
            return refused(item)
        article = clean(item, phrases)
        passages = split(article, encoder.count_tokens, encoder.max_tokens)
        if not passages:
            return row("refused", item.source, "no passage was found in it")
        if self._is_known(digest(article, passages)):
            return row("unchanged", item.source)
        return Cut(article, passages)

    def _is_known(self, found: str) -> bool:
        wanted = np.array([bytes.fromhex(found)[:DIGEST]], self._known.dtype)
        place = int(np.searchsorted(self._known, wanted)[0])
        return place < len(self._known) and bool(self._known[place] == wanted[0])


def _embedded(cuts: Sequence[Cut], encoder: Encoder) -> list[Row]:
    fresh = [passage for cut in cuts for passage in cut.passages]
    made = entries(cuts, fresh, [{} for _ in cuts], encoder)
    return [row("entry", entry.article.provenance.source, entry=pickle.dumps(entry)) for entry in made]


def refused(error: ReadError) -> Row:
    return row("refused", error.source, error.reason)


def row(
    kind: Literal["entry", "unchanged", "refused", "file"],
    source: str = "",
    reason: str = "",
    entry: bytes = b"",
) -> Row:
    return {"kind": kind, "source": source, "reason": reason, "entry": entry}


def _table(rows: Sequence[Row]) -> Any:
    """The rows as Ray Data moves them."""
    import pyarrow as pa

    fields = [(name, pa.large_binary() if name == "entry" else pa.string()) for name in row("file")]
    return pa.Table.from_pylist(rows, pa.schema(fields))
