"""Every noun of the library, and the two seams (Encoder, Store) as protocols.

Offsets everywhere are Unicode code points, start inclusive, end exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

Embeddings: TypeAlias = npt.NDArray[np.float32]
"""Unit rows, shape `(n, dim)`; one embedding is a row of shape `(dim,)`."""

Lang: TypeAlias = Literal["ar", "en", "und"]
"""Language of a text by its dominant script: Arabic script, Latin script, neither (`und`)."""

Mode: TypeAlias = Literal["hybrid", "semantic", "lexical"]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Given:
    """The provenance that a source states about itself (sidecar, front matter, fields of a record); None
    where it is silent.

    Given provenance is taken as it is; only what is None may be inferred. `published_at` is ISO 8601, a
    date or a date and time.
    """

    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    author: str | None = None
    published_at: str | None = None
    section: str | None = None
    lang: Lang | None = None


@dataclass(frozen=True, slots=True)
class RawArticle:
    """One source text as read, before cleaning: what a reader returns.

    `source` is the file's path relative to the synced folder (POSIX separators, for a record of a file of many with
    `#` and its id appended, or its place from 1), or the name or URL that a record gives itself; `sha256` is the hex
    digest of the bytes of the file or record.
    `is_clean` says that the text is already only the body (API, CMS export): it is split, not cleaned.
    `is_paged` says that each page of the text ends with a form feed, which the stored text keeps.
    `around` is the text of the whole page where `text` is only its body: provenance may be inferred from it.
    `inferred` names fields of `given` that were found by rule before, so that they go on being called inferred.
    """

    source: str
    text: str
    sha256: str
    given: Given = Given()
    is_clean: bool = False
    is_paged: bool = False
    around: str = ""
    inferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """The chain from a passage back to its article. `inferred` lists the fields that were found by rule,
    not given.
    """

    source: str
    sha256: str
    title: str
    lang: Lang
    publisher: str | None = None
    author: str | None = None
    section: str | None = None
    published_at: str | None = None
    url: str | None = None
    inferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article as stored. `text` is the cleaned body, paragraphs separated by a blank line; the title is
    not part of it. Where it has pages, each ends with a form feed: see `index.pages`.

    `headings` are the spans of the subheading lines within `text`. `id` is a function of `source` alone.
    """

    id: str
    provenance: Provenance
    text: str
    headings: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph with its offsets: `article.text[start:end] == text`.

    `id` is stable: the same text in the same article keeps it across syncs. `paragraph` is the passage's
    position in
    its article, from 1. `heading` is the subheading it stands under.
    """

    id: str
    article_id: str
    paragraph: int
    start: int
    end: int
    text: str
    lang: Lang
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a store takes in one step: an article, its passages in order, and one embedding row a passage
    `(len(passages), dim)`.
    """

    article: Article
    passages: tuple[Passage, ...]
    embeddings: Embeddings


@dataclass(frozen=True, slots=True)
class Filters:
    """Which passages may answer; all that are set must hold. Dates are `YYYY-MM-DD`, inclusive; undated
    articles fail a date filter.
    """

    source: str | None = None
    publisher: str | None = None
    lang: Lang | None = None
    date_from: str | None = None
    date_to: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One question and how to answer it. `lang` None means: find out."""

    text: str
    limit: int = 10
    offset: int = 0
    mode: Mode = "hybrid"
    lang: Lang | None = None
    filters: Filters = Filters()
    min_relevance: float | None = None
    group_by: Literal["article"] | None = None
    rerank: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question as the words that may stand for it in a passage, each counting its weight in (0, 1].

    `words` are folded words, `stems` stand for all words of that stem; where both name a word, the higher counts.
    """

    words: Mapping[str, float]
    stems: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Matches:
    """The passages that hold a term of a question: `rows` ascending, `(n,)`, and their lexical `scores`, in (0, 1).

    A score is BM25 over its upper bound for the terms that the corpus holds, so that it means the same for every
    question.
    `rarity` is the weight of each term by how rare it is (BM25's idf), `coverage` the share of all of it that the
    corpus holds: 1 when no word is unknown to it.
    """

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    rarity: tuple[float, ...]
    coverage: float

    def among(self, rows: npt.NDArray[np.int64]) -> Matches:
        """Those of these distinct rows."""
        kept = np.isin(self.rows, rows, assume_unique=True)
        return Matches(self.rows[kept], self.scores[kept], self.rarity, self.coverage)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage's row in a view and its score there, a cosine for `nearest`; higher is better."""

    row: int
    score: float


@dataclass(frozen=True, slots=True)
class Content:
    """What the passage of an article says, by number: passages of one number say the same; those whose number is in
    `near` say the same but for a whole sentence or a few. See `index.duplicates` for where the line is.
    """

    article_id: str
    number: int
    near: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked passage with the chain back to its article. `relevance` is a calibrated probability, None
    while uncalibrated.

    `highlights` are spans within `passage.text`: the sentence that answers best, then the words in it that match; none
    where it would take too long to say which (see `index.highlight`). `also_in` is the provenance of other articles
    that hold the same passage, and that sentence, best match first. `page`, from 1, is where the passage begins in an
    article that has pages.
    """

    rank: int
    score: float
    relevance: float | None
    passage: Passage
    provenance: Provenance
    highlights: tuple[Span, ...] = ()
    also_in: tuple[tuple[str, Provenance], ...] = ()
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search returns, best hit first, all read from one revision. `mode` is the one that was really
    used.

    `answerable` says whether anything in the corpus answers the query; None while uncalibrated. `reranked` counts the
    first hits that were reranked, fewer than there are when time ran out; None when it was not asked for. `notice` says
    in one line why another mode than the one asked for was used; None when it was that one.
    """

    query_lang: Lang
    mode: Mode
    answerable: bool | None
    revision: int
    passages: int
    hits: tuple[Hit, ...] = field(default=())
    reranked: int | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class EncoderKey:
    """What makes embeddings comparable: two encoders with equal keys give the same vectors."""

    id: str
    revision: str
    dim: int


class Encoder(Protocol):
    """Text to unit float32 vectors. Implementations are safe to call from several threads."""

    @property
    def key(self) -> EncoderKey: ...

    @property
    def max_tokens(self) -> int:
        """The longest passage it reads, in its own tokens, special tokens included."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, special tokens included, never truncated."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order; `(0, dim)` for none."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Embeddings:
        """Unit rows `(len(texts), dim)` in order; `(0, dim)` for none."""
        ...


class View(Protocol):
    """One revision of a store, immutable: whatever is written meanwhile, all its answers are of that
    revision.
    """

    @property
    def revision(self) -> int: ...

    @property
    def passage_count(self) -> int: ...

    @property
    def article_count(self) -> int: ...

    @property
    def without_words(self) -> str | None:
        """Why nothing can be searched by its words here, in one line fit for a user; None where it can."""
        ...

    def nearest(self, embedding: Embeddings, k: int, filters: Filters = Filters()) -> list[Candidate]:
        """The k passages of highest cosine that pass the filters, best first, ties by lower row; fewer when
        fewer pass.
        """
        ...

    def cosines(self, embedding: Embeddings, rows: Sequence[int]) -> list[float]:
        """The cosines of the passages at these rows, in that order: what `nearest` would score them."""
        ...

    def matches(
        self,
        terms: Sequence[Term],
        phrases: Sequence[Sequence[str]] = (),
        filters: Filters = Filters(),
        *,
        k: int | None = None,
        near: Sequence[int] = (),
    ) -> Matches:
        """The passages that pass the filters, hold every phrase (folded words side by side) and any of the terms.

        All of them; or, where `k` is given and the engine cannot list all, its k best and those among the rows `near`.
        """
        ...

    def wordings(self, rows: Sequence[int]) -> list[tuple[str, frozenset[int]]]:
        """Of the passages at these rows, in that order: the article's id and the distinct words as numbers."""
        ...

    def contents(self, rows: Sequence[int]) -> list[Content]:
        """What the passages at these rows say, in that order: duplicates were found when they were put."""
        ...

    def langs(self, rows: Sequence[int]) -> list[Lang]:
        """The languages of the passages at these rows, in that order."""
        ...

    def spellings(self, skeletons: Sequence[str]) -> list[str]:
        """The words of the corpus whose consonants these are (see `index.names`), in order."""
        ...

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages at these rows, in that order."""
        ...

    def passage(self, passage_id: str) -> Passage | None:
        """The passage of this id, None when this revision has none."""
        ...

    def provenance(self, article_ids: Sequence[str]) -> dict[str, Provenance]:
        """Provenance by article id; unknown ids are absent."""
        ...

    def article(self, article_id: str) -> Article:
        """The whole article. Raises: ArticleMissingError."""
        ...

    def article_passages(self, article_id: str) -> list[Passage]:
        """The passages of an article in order; empty for an unknown id."""
        ...

    def articles(
        self, limit: int, offset: int = 0, filters: Filters = Filters()
    ) -> tuple[list[tuple[str, Provenance, int]], int]:
        """A page of `(article id, provenance, passage count)` ordered by source, and the number of all that
        pass.
        """
        ...

    def publishers(self) -> dict[str, int]:
        """How many articles each publisher has, most first, then by name."""
        ...


class Store(Protocol):
    """Where passages and embeddings live. One writer at a time; any number of readers, never blocked."""

    @property
    def encoder_key(self) -> EncoderKey: ...

    def view(self) -> View:
        """The newest committed revision."""
        ...

    def digests(self, root: str | None = None) -> Mapping[str, str]:
        """Article id → content digest (see `index.identity.digest`), of those put under `root`, or of all."""
        ...

    def roots(self) -> Mapping[str, str]:
        """Article id → the folder it was synced from, empty for one that was put by other means."""
        ...

    def move_root(self, old: str, new: str) -> None:
        """Take the articles synced from the folder `old` for those of `new`: it was moved or renamed."""
        ...

    def embeddings(self, article_id: str) -> Mapping[str, tuple[str | None, Embeddings]]:
        """Passage id → (heading, embedding row) of what is stored, so that sync embeds only what changed."""
        ...

    def put(self, entries: Sequence[Entry], root: str = "") -> int:
        """Store these articles in one step, replacing those of the same id; returns the new revision.
        Durable on return.
        """
        ...

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove these articles in one step; unknown ids are ignored; returns the revision after."""
        ...

    def prepare(
        self,
        key: EncoderKey,
        embed: Callable[[Sequence[Passage]], Embeddings],
        progress: Callable[[int, int], None] | None = None,
    ) -> View:
        """Embed all passages with another encoder beside the live one; the view that it would give.

        Done again after a kill, only the rest is embedded. `progress(done, total)` counts passages.
        """
        ...

    def switch(self, key: EncoderKey) -> int:
        """Let a prepared encoder answer from now on, in one step; returns the new revision. The one before stays, to
        be rolled back to.
        """
        ...

    def previous_key(self) -> EncoderKey:
        """The encoder that answered before the last switch. Raises: StoreError: there is none."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
