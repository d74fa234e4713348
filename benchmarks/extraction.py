"""`python -m benchmarks.extraction`: how much of the written pages' bodies is found, and how much else, by layout."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Sequence
from statistics import mean

import trafilatura
from lxml import html

from benchmarks import results
from benchmarks.pages import Page, pages
from index.clean import Phrases, clean
from index.read.blocks import blocks, parsed, plain
from index.read.body import chosen
from index.read.encodings import decoded
from index.read.html import page as read_page
from index.types import Given, RawArticle

Score = tuple[float, float]
PHRASES = Phrases.load()
ABOUT = """
Precision / recall of the body by word, on the {n} pages of `tests/corpora/html`, written for this in the layouts of
Arabic and English publishers; `python -m benchmarks.extraction`. "Nameless": the same pages, what their elements are
called (`class`, `id`) replaced by hashes, as build tools do it.

Held out, for a while: four pages (ar_agency_details, ar_cultural_review, en_ngo_report, en_regional_chain) were
written when all rules for the others were done. Before anything was changed for them, what is stored scored
0.968 / 1.000 on them, trafilatura 0.923 / 0.972. Of eight before these (ar_embeds_tweets, ar_portal_mixed,
ar_sport_infinite, ar_university_drupal, en_daily_columns, en_listicle, en_medium_hashed, en_press_release_wire) that
was 0.930 / 1.000.

- *trafilatura*: its text as it comes.
- *trafilatura, cleaned*: its paragraphs as lines of text, then our cleaning.
- *lines*: the lines of the page that trafilatura chooses, corrected by where they stand (`index/read/body.py`).
- *lines, cleaned*: the same, then our cleaning: what `sanad sync` stores.
- *page, cleaned*: all lines of the page, then our cleaning, as for pages copied as text.
"""


def alone(page: Page) -> str:
    """What trafilatura alone gives."""
    return trafilatura.extract(page.content, include_comments=False) or ""


def alone_cleaned(page: Page) -> str:
    """What trafilatura gives, a line a paragraph, then cleaned."""
    document = trafilatura.bare_extraction(page.content, include_comments=False, with_metadata=False)
    if document is None or isinstance(document, dict) or document.body is None:
        return ""
    return _cleaned("\n\n".join(_lines(document.body)), page)


def lines(page: Page) -> str:
    """The lines that are chosen."""
    tree = parsed(decoded(page.content, page.name), page.name)
    return plain(chosen(blocks(tree), copy.deepcopy(tree), page.given["title"]))


def lines_cleaned(page: Page) -> str:
    """What is stored."""
    return clean(read_page(decoded(page.content, page.name), page.name), PHRASES).text


def page_cleaned(page: Page) -> str:
    """The whole page as text, then cleaned."""
    return _cleaned(plain(blocks(parsed(decoded(page.content, page.name), page.name))), page)


WAYS: dict[str, Callable[[Page], str]] = {
    "trafilatura": alone,
    "trafilatura, cleaned": alone_cleaned,
    "lines": lines,
    "lines, cleaned": lines_cleaned,
    "page, cleaned": page_cleaned,
}


def main() -> None:
    """Print the table, and write it to RESULTS.md."""
    logging.disable(logging.CRITICAL)
    every = list(pages())
    named = [[page.score(way(page)) for way in WAYS.values()] for page in every]
    nameless = [[page.score(way(page.nameless())) for way in WAYS.values()] for page in every]
    head = [f"| layout | {' | '.join(WAYS)} |", f"|---|{'--:|' * len(WAYS)}"]
    rows = [_row(page.name, scores) for page, scores in zip(every, named, strict=True)]
    rows += [_row("**all, mean**", _means(named)), _row("**all, mean, nameless**", _means(nameless))]
    table = "\n".join([ABOUT.format(n=len(every)), *head, *rows])
    print(table)  # noqa: T201 - this is the command's output
    results.put("Extraction of web pages", table)


def _row(name: str, scores: Sequence[Score]) -> str:
    return f"| {name} | {' | '.join(f'{precision:.3f} / {recall:.3f}' for precision, recall in scores)} |"


def _means(rows: Sequence[Sequence[Score]]) -> list[Score]:
    columns = zip(*rows, strict=True)
    return [(mean(p for p, _ in column), mean(r for _, r in column)) for column in map(list, columns)]


def _cleaned(text: str, page: Page) -> str:
    title = page.given["title"]
    return clean(RawArticle(page.name, f"# {title}\n\n{text}", "", Given(title=title)), PHRASES).text


def _lines(body: html.HtmlElement) -> list[str]:
    """A line for each paragraph, heading, item and row, line breaks kept."""
    found: list[str] = []
    for element in body:
        if element.tag in ("p", "head", "item", "quote", "row"):
            for end in element.iter("lb"):
                end.tail = f"\n{end.tail or ''}"
            text = "".join(element.itertext())
            mark = {"head": "## ", "item": "- "}.get(element.tag, "")
            found += [mark + " ".join(line.split()) for line in text.split("\n") if line.strip()]
        else:
            found += _lines(element)
    return found


if __name__ == "__main__":
    main()
