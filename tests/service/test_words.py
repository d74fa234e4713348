"""The interface's two languages hold the same words, and say numbers and names right."""

from __future__ import annotations

import re

import pytest

from index.types import Provenance
from service.bidi import isolated, lang_of
from service.citations import citation, web_url
from service.words import WORDS, count, day, number


def test_both_languages_have_every_word() -> None:
    assert set(WORDS["ar"]) == set(WORDS["en"])
    assert not set(WORDS["ar"]) & set(dir(dict)), "a template would find the dictionary's method"
    for name, word in WORDS["ar"].items():
        assert re.findall(r"\{\w+\}", word) == re.findall(r"\{\w+\}", WORDS["en"][name])


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "فقرة واحدة"),
        (2, "فقرتان"),
        (3, "٣ فقرات"),
        (10, "١٠ فقرات"),
        (11, "١١ فقرة"),
        (100, "١٠٠ فقرة"),
        (103, "١٠٣ فقرات"),
    ],
)
def test_arabic_counts_take_their_plural(n: int, words: str) -> None:
    assert count("hits", n, "ar") == words


def test_days_and_numbers() -> None:
    assert day("2025-11-09T11:07", "en") == "9 November 2025"
    assert day("2025-11-09", "ar") == "٩ نوفمبر ٢٠٢٥"
    assert day(None, "en") == day("soon", "en") == ""
    assert number(1203, "ar") == "١٢٠٣"


def test_the_language_of_a_title_is_that_of_most_letters() -> None:
    assert lang_of("G20 قمة العشرين في دورال") == "ar"
    assert lang_of("The word سند") == "en"
    assert lang_of("1 + 1") == "und"


def test_a_foreign_name_is_isolated_and_cannot_reorder_its_line() -> None:
    assert isolated("Reuters", "ar") == "\u2068Reuters\u2069"
    assert isolated("Reuters", "en") == "Reuters"
    assert isolated("a\u202eb\u2066", "en") == "ab"


def test_a_citation_falls_back_to_host_then_source() -> None:
    known = {"sha256": "0" * 64, "title": "A title", "lang": "en", "source": "news/1.txt"}
    web = Provenance(**known, url="https://news.example.org/1")  # type: ignore[arg-type]
    bare = Provenance(**known)  # type: ignore[arg-type]
    assert citation(web, 3, "en") == "“A title”, news.example.org, para. 3."
    assert citation(bare, None, "en") == "“A title”, news/1.txt."


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//x.org", "http://[", "/a"]
)
def test_only_web_links_go_out(url: str | None) -> None:
    assert web_url(url) is None
