"""The article page: the cited paragraph found, its citation copied, paragraphs like it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

Visit = Callable[..., Any]


def cited(visit: Visit, site: str, **options: Any) -> Any:
    """The article page that the first hit leads to, its script at work."""
    page = visit(f"{site}/?q=Dreamliner+jets", **options)
    page.locator(".hit h2 a").first.click()
    expect(page.locator("#similar .hit")).to_have_count(5)
    return page


def test_the_cited_paragraph_is_marked_and_in_sight(visit: Visit, site: str) -> None:
    page = cited(visit, site)
    target = page.locator(".passage:target")
    expect(target).to_contain_text("787")
    expect(target).to_be_in_viewport()
    unmarked = page.locator(".passage:not(:target)").first.evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    assert target.evaluate("e => getComputedStyle(e).backgroundColor") != unmarked


def test_the_article_is_shown_as_stored(visit: Visit, site: str) -> None:
    page = cited(visit, site)
    identity = re.search(r"articles/(\w+)", page.url)[1]  # type: ignore[index]
    article = page.request.get(f"{site}/v1/articles/{identity}").json()
    shown = page.locator(".body :is(h2, p)").all_inner_texts()
    assert "".join("".join(shown).split()) == "".join(article["text"].split())
    assert page.locator(".body h2").count() >= 2
    for value in (article["source"], article["sha256"]):
        expect(page.locator(".provenance")).to_contain_text(value)


def test_the_citation_is_copied_with_its_link(visit: Visit, site: str) -> None:
    page = cited(visit, site, permissions=["clipboard-read", "clipboard-write"])
    number = page.url.partition("#p")[2]
    page.bring_to_front()  # a page without the focus may not write to the clipboard
    page.locator("[data-copy=en]").click()
    expect(page.locator("#copied")).to_have_text("Copied the citation with its link")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"para. {number}." in copied
    assert copied.endswith(page.url)
    page.locator("[data-copy=ar]").click()
    expect(page.locator("#copied")).to_be_visible()
    page.wait_for_timeout(100)
    assert "الفقرة" in page.evaluate("navigator.clipboard.readText()")


def test_another_paragraph_is_another_citation(visit: Visit, site: str) -> None:
    page = cited(visit, site)
    page.locator("#p2 .place").click()
    expect(page.locator("[data-citation=en]")).to_contain_text("para. 2.")
    expect(page.locator("#p2")).to_be_in_viewport()


def test_paragraphs_like_it_are_of_other_articles(visit: Visit, site: str) -> None:
    page = cited(visit, site)
    similar = page.locator("#similar .hit")
    expect(similar).to_have_count(5)
    own = re.search(r"articles/\w+", page.url)[0]  # type: ignore[index]
    for link in page.locator("#similar h2 a").all():
        assert own not in link.get_attribute("href")


def test_the_box_of_the_article_searches(visit: Visit, site: str) -> None:
    page = cited(visit, site)
    page.keyboard.press("/")
    page.keyboard.type("uranium")
    page.keyboard.press("Enter")
    expect(page.locator(".search .hit .text").first).to_contain_text("اليورانيوم")
