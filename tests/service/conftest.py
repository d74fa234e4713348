"""A service over a real store of three short articles, their scores computed by hand (see tests/fakes.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from index.identity import article_id, passage_id
from index.search import Searcher
from index.store import create_store
from index.types import Article, Entry, Passage, Provenance, Span
from service.app import create_app
from service.settings import Settings
from tests.fakes import ConceptEncoder

if TYPE_CHECKING:
    from tests.service.institution import Institution

HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)>'


def entry(provenance: Provenance, *lines: str, headings: tuple[int, ...] = ()) -> Entry:
    """An article of these lines, one passage a line; those at `headings` are subheadings."""
    text = "\n\n".join(lines)
    identity = article_id(provenance.source)
    passages: list[Passage] = []
    spans: list[Span] = []
    start = 0
    for place, line in enumerate(lines):
        end = start + len(line)
        if place in headings:
            spans.append(Span(start, end))
        else:
            heading = text[spans[-1].start : spans[-1].end] if spans else None
            number = len(passages) + 1
            passages.append(
                Passage(
                    passage_id(identity, line, 0),
                    identity,
                    number,
                    start,
                    end,
                    line,
                    provenance.lang,
                    heading,
                )
            )
        start = end + 2
    article = Article(identity, provenance, text, tuple(spans))
    return Entry(article, tuple(passages), ConceptEncoder().encode_passages([p.text for p in passages]))


SUMMIT = entry(
    Provenance(
        source="summit.txt",
        sha256="a" * 64,
        title="قمة المعادن",
        lang="ar",
        publisher="الناشر",
        author="مريم حسن",
        section="العالم",
        published_at="2025-11-09T11:07:00",
        url="https://example.org/summit",
        inferred=("title", "published_at"),
    ),
    "زيارة تاريخية إلى واشنطن",
    "المعادن النادرة",
    "قمة حول المعادن في العاصمة",
    headings=(1,),
)
WATER = entry(
    Provenance(source="water.txt", sha256="b" * 64, title="Water law", lang="en", url="javascript:alert(1)"),
    "water law",
    "aircraft and trade",
)
MARKUP = entry(
    Provenance(
        source="markup.txt", sha256="c" * 64, title=HOSTILE, lang="en", publisher=HOSTILE, section=HOSTILE
    ),
    f"{HOSTILE} aircraft",
)


@pytest.fixture(scope="session")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    encoder = ConceptEncoder()
    folder: Path = tmp_path_factory.mktemp("store") / "sanad"
    with create_store(folder, encoder.key) as store:
        store.put([SUMMIT, WATER, MARKUP])
        yield Searcher(store, encoder)


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(store="unused", rate=0, examples=("What does the water law say?",))


@pytest.fixture(scope="session")
def client(searcher: Searcher, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings, searcher)) as client:
        yield client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institution]:
    from tests.service.institution import institution  # which takes its articles from here

    with institution(tmp_path_factory.mktemp("house") / "store") as house:
        yield house
