"""The five seeds and the written pages, cleaned: fields, bodies, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.clean import clean
from index.phrasebook import Phrases
from index.sentences import sentences
from index.types import Article, Given, RawArticle

ROOT = Path(__file__).parents[2]
PHRASES = Phrases.load()
FIELDS = ("section", "author", "publisher", "published_at")

TITLES = {
    "000": "في خطوة لافتة تعكس تحولاً في أولويات السياسة الخارجية الأمريكية…",
    "001": "من الثروات إلى التحالفات.. آسيا الوسطى تتطلع لبناء محور استراتيجي مع أمريكا",
    "002": "أميركا تنهى دروس الديمقراطية في آسيا الوسطى",
    "003": "25 مليار دولار تغيّر قواعد اللعبة.. كيف يعيد ترامب تشكيل تحالفات آسيا الوسطى؟",
    "004": "كازاخستان في قلب التحول الأمريكي: بوابة واشنطن الجديدة إلى آسيا الوسطى",
}
DETAILS = {
    "000": {},
    "001": {"section": "العالم", "publisher": "إرم ميديا - Erem Media FZ LLC"},
    "002": {"published_at": "2025-11-09T11:07"},
    "003": {"section": "العالم", "publisher": "إرم ميديا - Erem Media FZ LLC"},
    "004": {"section": "تقارير", "author": "مريم حسن (Mariam Hassan)"},
}
# The numbers of the lines (from 1) that are not of the body, title and details included.
REMOVED = {
    "000": {29},
    "001": {1, 3, 4, 6, 8, 18, 20, 22, 32, 34, 36, 50, 52, 54, 64, 65, 66},
    "002": {1, 2, 18, 19},
    "003": {1, 3, 4, 6, 8, 16, 18, 20, 34, 36, 38, 58, 60, 62, 70, 71, 72},
    "004": {1, 3, 63, 65, 67, 69},
}
HEADINGS = {
    "000": [3, 9, 15, 21],
    "001": [28, 44],
    "002": [],
    "003": [24, 42, 52],
    "004": [9, 15, 21, 27, 33, 39, 45, 51, 57],
}


def seed(number: str) -> tuple[str, str]:
    path = next((ROOT / "seeds").glob(f"{number}_*.txt"))
    return path.name, path.read_text(encoding="utf-8")


def cleaned(text: str, given: Given = Given(), source: str = "a.txt", is_clean: bool = False) -> Article:  # noqa: B008
    return clean(RawArticle(source, text, "0" * 64, given, is_clean), PHRASES)


def paragraphs(article: Article) -> list[str]:
    return article.text.split("\n\n") if article.text else []


def headings(article: Article) -> list[str]:
    return [article.text[span.start : span.end] for span in article.headings]


@pytest.mark.parametrize("number", sorted(TITLES))
def test_a_seed_has_its_provenance_and_says_what_was_inferred(number: str) -> None:
    source, text = seed(number)
    provenance = cleaned(text, source=source).provenance
    assert provenance.title == TITLES[number]
    assert {name: value for name in FIELDS if (value := getattr(provenance, name))} == DETAILS[number]
    assert set(provenance.inferred) == {"title", "lang", *DETAILS[number]}
    assert (provenance.lang, provenance.url, provenance.source) == ("ar", None, source)


@pytest.mark.parametrize("number", sorted(TITLES))
def test_a_seed_loses_exactly_the_lines_that_are_not_of_its_body(number: str) -> None:
    source, text = seed(number)
    rows = [row.strip() for row in text.split("\n")]
    kept = [row for i, row in enumerate(rows, 1) if row and i not in REMOVED[number]]
    article = cleaned(text, source=source)
    promotion = "تابعوا آخر التطورات في السياسة الخارجية الأمريكية لمعرفة المزيد."
    assert paragraphs(article) == [row.removesuffix(promotion).rstrip() for row in kept]
    assert headings(article) == [rows[i - 1] for i in HEADINGS[number]]


@pytest.mark.parametrize("number", sorted(TITLES))
def test_no_sentence_of_a_seeds_body_is_lost(number: str) -> None:
    source, text = seed(number)
    article = cleaned(text, source=source)
    for i, row in enumerate(text.split("\n"), 1):
        if i in REMOVED[number]:
            continue
        for span in sentences(row):
            sentence = row[span.start : span.end]
            assert sentence in article.text or sentence.startswith("تابعوا آخر التطورات"), sentence


@dataclass(frozen=True)
class WrittenPage:
    """A page of tests/corpora with what is expected of it; its README gives the format."""

    text: str
    title: str | None
    fields: dict[str, str]
    body: list[str]
    headings: list[str]


def written(path: Path) -> WrittenPage:
    rows, fields, body, subheadings = [], {}, [], []
    title = None
    for row in path.read_text(encoding="utf-8").splitlines():
        mark, text = (row[0], row[2:]) if row[1:2] == "|" else ("", row)
        plain = re.sub(r"\s*\{\{.*?\}\}", "", text)
        if mark == "=":
            name, value = text.split(":", 1)
            fields[name.strip()] = value.strip()
        if mark in "=#" and mark:
            continue
        rows.append(text.replace("{{", "").replace("}}", ""))
        if mark == "T":
            title = plain.lstrip("# ")
        elif mark == "B":
            body.append(plain)
        elif mark == "C":
            body[-1] += " " + plain
        elif mark == "H":
            subheadings.append(plain.lstrip("# "))
    return WrittenPage("\n".join(rows), title, fields, body, subheadings)


PAGES = {path.stem: written(path) for path in sorted((ROOT / "tests" / "corpora").glob("*.page"))}


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_gives_its_article(name: str) -> None:
    page = PAGES[name]
    article = cleaned(page.text)
    found = headings(article)
    assert [text for text in paragraphs(article) if text not in found] == page.body
    assert found == page.headings
    assert {f: value for f in FIELDS if (value := getattr(article.provenance, f))} == page.fields
    if page.title:
        assert article.provenance.title == page.title


def test_body_lines_of_all_pages_are_found_and_little_else(
    record_property: Callable[[str, object], None],
) -> None:
    wanted = found = right = 0
    for page in PAGES.values():
        article = cleaned(page.text)
        got = [text for text in paragraphs(article) if text not in headings(article)]
        wanted, found, right = (
            wanted + len(page.body),
            found + len(got),
            right + len(set(got) & set(page.body)),
        )
    record_property("recall", right / wanted)
    record_property("precision", right / found)
    assert len(PAGES) >= 15
    assert right / wanted >= 0.99
    assert right / found >= 0.97
