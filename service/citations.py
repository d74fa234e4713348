"""A line that names where a paragraph comes from, in Arabic and in English."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from index.types import Provenance
from service.bidi import isolated
from service.words import day, number

QUOTED = {"ar": "«{}»", "en": "“{}”"}
COMMA = {"ar": "، ", "en": ", "}
PAGE = {"ar": "الصفحة {}", "en": "p. {}"}
PARAGRAPH = {"ar": "الفقرة {}", "en": "para. {}"}


def citation(
    provenance: Provenance, paragraph: int | None, lang: Literal["ar", "en"], page: int | None = None
) -> str:
    """Author, title, publisher, date, page and paragraph, as far as they are known, in one line.

    Where no publisher is known the site's host stands for it, or else the source itself.
    """
    where = provenance.publisher or web_host(provenance.url) or provenance.source
    date = day(provenance.published_at, lang)
    parts = [
        isolated(provenance.author, lang) if provenance.author else "",
        QUOTED[lang].format(isolated(provenance.title, lang)),
        isolated(where, lang),
        date,
        PAGE[lang].format(number(page, lang)) if page else "",
        PARAGRAPH[lang].format(number(paragraph, lang)) if paragraph else "",
    ]
    return COMMA[lang].join(part for part in parts if part) + "."


def web_url(url: str | None) -> str | None:
    """The URL when a page may link to it: http or https with a host; else None."""
    return url if web_host(url) else None


def web_host(url: str | None) -> str | None:
    """The host of an http or https URL; None for anything else."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None
