"""What a request may carry: the fields of the wire, checked before anything else sees them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from index.types import Mode

LONGEST_QUERY = 512
MOST_HITS = 50
DEEPEST_OFFSET = 1000
MOST_QUERIES = 64
LARGEST_PAGE = 100


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold the NUL character")
    if not any(unicodedata.category(char)[0] not in "ZC" for char in text):
        raise ValueError("must hold more than blanks")
    return text


def _whole(value: Any) -> Any:
    # pydantic would also read "1_0", " 1" and "1.0" from a query string.
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise ValueError("must be a whole number")
    return value


def _day(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("must be a date, YYYY-MM-DD")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None
    return text


Text = Annotated[str, AfterValidator(_clean)]
Whole = Annotated[int, BeforeValidator(_whole)]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]


class SearchFields(BaseModel):
    """One question and how to answer it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Text = Field(
        min_length=1,
        max_length=LONGEST_QUERY,
        description="The question, Arabic or English.",
        examples=["How many Dreamliner jets were ordered?"],
    )
    limit: Whole = Field(default=10, ge=1, le=MOST_HITS, description="How many hits at most.")
    offset: Whole = Field(
        default=0, ge=0, le=DEEPEST_OFFSET, description="How many of the best hits to leave out."
    )
    mode: Mode = Field(default="hybrid", description="How to look; the answer names the mode really used.")
    lang: Literal["auto", "ar", "en"] = Field(
        default="auto", description="The question's language; auto: find out."
    )
    source: Text | None = Field(default=None, max_length=LONGEST_QUERY, description="Only from this source.")
    publisher: Text | None = Field(
        default=None, max_length=LONGEST_QUERY, description="Only from this publisher."
    )
    passage_lang: Literal["ar", "en"] | None = Field(
        default=None, description="Only paragraphs in this language."
    )
    date_from: Day | None = Field(default=None, description="Published on this day or later.")
    date_to: Day | None = Field(default=None, description="Published on this day or earlier.")
    min_relevance: float | None = Field(
        default=None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Only hits at least this relevant, once calibrated.",
    )
    group_by: Literal["article"] | None = Field(
        default=None, description="At most the best paragraph of each article."
    )

    rerank: bool = Field(
        default=False, description="Read the first hits with the cross-encoder, where one is configured."
    )

    @field_validator("date_to")
    @classmethod
    def _not_before_date_from(cls, value: str | None, info: ValidationInfo) -> str | None:
        first = info.data.get("date_from")
        if value is not None and first is not None and value < first:
            raise ValueError("must not be before date_from")
        return value


class SearchBody(SearchFields):
    """The same as JSON: types are taken as they are, `"10"` is no number."""

    model_config = ConfigDict(strict=True)


class BatchBody(BaseModel):
    """Several questions in one call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queries: list[SearchBody] = Field(min_length=1, max_length=MOST_QUERIES)


class ArticlesFields(BaseModel):
    """Which articles to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Whole = Field(default=20, ge=1, le=LARGEST_PAGE)
    offset: Whole = Field(default=0, ge=0, le=1_000_000_000)
    source: Text | None = Field(default=None, max_length=LONGEST_QUERY)
    publisher: Text | None = Field(default=None, max_length=LONGEST_QUERY)


class SimilarFields(BaseModel):
    """Which paragraph of the article, and how many like it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paragraph: Whole = Field(default=1, ge=1, le=1_000_000)
    limit: Whole = Field(default=5, ge=1, le=20)


LONGEST_TEXT = 1_000_000
MOST_TEXTS = 256
Line = Annotated[Text, Field(min_length=1, max_length=2000)]
PlainText = Annotated[Text, Field(min_length=1, max_length=LONGEST_TEXT)]


class ArticleBody(BaseModel):
    """An article as its publisher states it: the body as plain text, paragraphs separated by a blank line."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: PlainText = Field(
        description="The body, taken as it is. A first line that repeats the title is left out."
    )
    source: Annotated[Text, Field(min_length=1, max_length=LONGEST_QUERY)] | None = Field(
        default=None, description="What names it for ever; the address's id is a function of it."
    )
    title: Line | None = None
    url: Line | None = Field(default=None, description="http or https.")
    publisher: Line | None = None
    author: Line | None = None
    section: Line | None = None
    published_at: Line | None = Field(default=None, description="ISO 8601, a date or a date and time.")
    lang: Literal["ar", "en", "und"] | None = None


class TasksFields(BaseModel):
    """Which tasks to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Whole = Field(default=20, ge=1, le=LARGEST_PAGE)
    offset: Whole = Field(default=0, ge=0, le=1_000_000)


class EmbeddingsBody(BaseModel):
    """Texts to embed, as OpenAI's clients send them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    input: PlainText | Annotated[list[PlainText], Field(min_length=1, max_length=MOST_TEXTS)]
    model: str = Field(max_length=200, description="The id that `/v1/info` tells.")
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, ge=1, description="Only the model's own.")
    input_type: Literal["query", "passage"] = Field(
        default="passage", description="Not of OpenAI: what they are."
    )
    user: str | None = Field(default=None, max_length=200, description="Not used.")


class RerankBody(BaseModel):
    """A question and texts to rank by it, as Cohere's clients send them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    query: Annotated[Text, Field(min_length=1, max_length=LONGEST_QUERY)]
    documents: list[PlainText] = Field(min_length=1, max_length=MOST_TEXTS)
    model: str = Field(max_length=200, description="The id that `/v1/info` tells.")
    top_n: int | None = Field(default=None, ge=1, description="How many of the best; all when unset.")
    max_tokens_per_doc: int | None = Field(
        default=None, ge=1, description="Not used: the model's limit holds."
    )
