"""Pages within the text of an article: each ends with a form feed, as in what `pdftotext` writes."""

from __future__ import annotations

PAGE_END = "\f"
PAGED = (".pdf", ".pdf.gz")
"""Sources of these suffixes have pages."""


def page_at(text: str, offset: int) -> int | None:
    """The page, from 1, that holds this code point of an article's text; None for a text without pages."""
    return text.count(PAGE_END, 0, offset) + 1 if PAGE_END in text else None


def is_paged(source: str) -> bool:
    """Whether the article of this source may have pages."""
    return source.lower().endswith(PAGED)
