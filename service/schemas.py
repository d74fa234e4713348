"""The wire format: what an answer holds; every field is always present, null where it is unknown."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from index.types import Lang, Mode
from service.bidi import Dir


class ModelRef(BaseModel):
    """The encoder that the answer was made with."""

    id: str
    revision: str


class IndexRef(BaseModel):
    """The state of the index that the answer was read from."""

    revision: int
    passages: int


class Mark(BaseModel):
    """A half-open range of Unicode code points in a hit's text."""

    start: int
    end: int


class Article(BaseModel):
    """Where a text comes from; `inferred` lists what was found by rule and not stated by the source."""

    id: str
    title: str
    publisher: str | None
    author: str | None
    section: str | None
    published_at: str | None
    source: str
    url: str | None
    sha256: str
    inferred: list[str]


class Locator(BaseModel):
    """Where in its article a paragraph stands: code points into the article's text, and a link."""

    heading: str | None
    paragraph: int
    start: int
    end: int
    href: str
    page: int | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="The page of the PDF where it begins, from 1; absent for what has no pages.",
    )


class Citation(BaseModel):
    """A line to cite the paragraph by."""

    ar: str
    en: str


class Hit(BaseModel):
    """One ranked paragraph."""

    id: str
    rank: int
    score: float
    relevance: float | None = Field(description="Calibrated probability; null while uncalibrated.")
    lang: Lang
    dir: Dir
    text: str
    highlights: list[Mark]
    article: Article
    locator: Locator
    citation: Citation
    also_in: list[Article]


class SearchAnswer(BaseModel):
    """The ranked answer to one question."""

    request_id: str
    query_lang: Lang
    mode: Mode
    took_ms: float
    answerable: bool | None = Field(description="Whether anything here answers; null while uncalibrated.")
    model: ModelRef
    index: IndexRef
    hits: list[Hit]
    reranked: int | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="So many of the first hits were reranked in time; absent unless `rerank` was asked for.",
    )
    notice: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Why `mode` is another than was asked for; absent where it is that one.",
    )


class BatchAnswer(BaseModel):
    """The answers, in the order of the questions."""

    request_id: str
    took_ms: float
    answers: list[SearchAnswer]


class PassageOut(BaseModel):
    """A paragraph of an article."""

    id: str
    text: str
    lang: Lang
    dir: Dir
    locator: Locator


class ArticleListed(Article):
    """An article in a list; `passages` counts its paragraphs."""

    lang: Lang
    passages: int


class ArticleWhole(Article):
    """An article in full; `passages` are its paragraphs."""

    lang: Lang
    text: str
    passages: list[PassageOut]


class ArticlesPage(BaseModel):
    """A page of articles, ordered by source; `next_offset` is null on the last page."""

    articles: list[ArticleListed]
    total: int
    next_offset: int | None


class Limits(BaseModel):
    """What a request may carry."""

    query_characters: int
    hits: int
    offset: int
    batch: int
    articles: int
    body_bytes: int


class ModelInfo(ModelRef):
    """The encoder in full."""

    dim: int
    max_tokens: int
    languages: list[str]


class IndexInfo(IndexRef):
    """The index in full."""

    articles: int


class Info(BaseModel):
    """What this service is and holds."""

    name: str
    version: str
    model: ModelInfo
    index: IndexInfo
    limits: Limits


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Ready(BaseModel):
    """The index can be searched."""

    status: Literal["ready"]
    revision: int
    passages: int
    notice: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="What cannot be searched here, and why; absent where everything can.",
    )


class ArticleWritten(BaseModel):
    """What a write did: the article is durable, and searchable from this revision on."""

    id: str
    source: str
    change: Literal["added", "changed", "unchanged"]
    passages: int
    revision: int
    etag: str


class ArticleRemoved(BaseModel):
    """The article is gone from this revision on."""

    id: str
    revision: int


class ArticleRefused(BaseModel):
    """An article of a batch that was not taken; `place` counts from 0."""

    place: int
    source: str
    reason: str


class TaskCounts(BaseModel):
    """What became of the articles so far."""

    added: int
    changed: int
    unchanged: int
    refused: int


class TaskOut(BaseModel):
    """A batch of writes: `done` of `total` articles are durable, and searchable from `revision` on.

    `failed` says that an article was refused, or, with `code`, that the whole stopped; the others are stored.
    """

    id: str
    status: Literal["enqueued", "processing", "succeeded", "failed"]
    created_at: str
    started_at: str | None
    finished_at: str | None
    total: int
    done: int
    counts: TaskCounts
    refused: list[ArticleRefused]
    revision: int | None
    code: str | None


class TasksPage(BaseModel):
    """A page of tasks, newest first; `next_offset` is null on the last page."""

    tasks: list[TaskOut]
    total: int
    next_offset: int | None


class Embedding(BaseModel):
    """One embedding, as OpenAI's clients read it: a list of numbers, or base64 of little-endian float32."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class Usage(BaseModel):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsAnswer(BaseModel):
    """The embeddings, in the order of the texts."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: Usage


class RerankResult(BaseModel):
    """A text's place in what was sent, and how well it answers."""

    index: int
    relevance_score: float


class RerankAnswer(BaseModel):
    """The best texts first, as Cohere's clients read it."""

    id: str
    results: list[RerankResult]


class FieldError(BaseModel):
    """A field that is not as it must be."""

    field: str
    reason: str


class Problem(BaseModel):
    """What went wrong (RFC 9457); `code` is stable."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]
    request_id: str
