"""axe-core finds nothing on any page, in either language, light or dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.serving import Server, Staged

Visit = Callable[..., Any]
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Any) -> list[str]:
    """What axe finds, one line each, with the elements at fault."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run({runOnly: tags, resultTypes: ['violations']})", TAGS)
    return [
        f"{one['impact']} {one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["ar", "en"])
@pytest.mark.parametrize(
    "path", ["/", "/?q=uranium&passage_lang=ar", "/?q=uranium&passage_lang=en", "/articles/none", "article"]
)
def test_axe_finds_nothing(visit: Visit, site: str, path: str, locale: str, scheme: str) -> None:
    address = f"{site}/?q=uranium" if path == "article" else f"{site}{path}"
    page = visit(address, locale=locale, color_scheme=scheme, bypass_csp=True)
    if path == "article":
        page.locator(".hit h2 a").first.click()
        expect(page.locator("#similar .hit")).to_have_count(5)
    assert violations(page) == []


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_axe_finds_nothing_in_the_box(visit: Visit, site: str, locale: str) -> None:
    page = visit(f"{site}/demo", locale=locale, bypass_csp=True)
    page.locator("#second").get_by_role("searchbox").fill("minerals")
    expect(page.locator("#second .hit")).to_have_count(3)
    assert violations(page) == []
    page.locator("#first").get_by_role("searchbox").fill("uranium")
    expect(page.locator("#first .hit")).to_have_count(4)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_weak_answer(visit: Visit, stage: tuple[Staged, Server], scheme: str) -> None:
    searcher, server = stage
    searcher.act = "weak"
    page = visit(f"{server.url}/?q=moon", color_scheme=scheme, bypass_csp=True)
    assert violations(page) == []


def test_what_came_of_a_search_is_announced(visit: Visit, site: str) -> None:
    page = visit(site, locale="ar")
    assert page.get_by_role("search").count() == 1
    page.get_by_role("searchbox", name="ابحث في المقالات").fill("اليورانيوم")
    expect(page.get_by_role("status")).to_have_text("١٠ فقرات")


def test_the_focus_is_seen(visit: Visit, site: str) -> None:
    page = visit(f"{site}/?q=uranium")
    for _ in range(12):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                 const e = document.activeElement;
                 const box = e.closest(".box") ?? e;
                 const style = getComputedStyle(e), outer = getComputedStyle(box);
                 return style.outlineStyle !== "none" || outer.boxShadow !== "none";
               }"""
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
