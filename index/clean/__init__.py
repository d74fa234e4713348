"""A scraped page to an Article: body, title, section, author, publisher, date; the page around it dropped."""

from __future__ import annotations

from index.clean.article import clean
from index.clean.phrasebook import Phrases

__all__ = ["Phrases", "clean"]
