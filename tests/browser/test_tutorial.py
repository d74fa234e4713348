"""The tutorial ends where it says it does: with a box in a page, which answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.docs.walk import ROOT, walked


def test_the_tutorial_ends_with_a_box_in_a_page(visit: Callable[..., Any], tmp_path: Path) -> None:
    with walked(ROOT / "docs" / "tutorial.md", tmp_path) as walk:
        page = visit(f"http://localhost:{walk.ports['8080']}/", locale="ar")
        box = page.locator("sanad-search")
        box.get_by_role("searchbox").fill("Who must register wells in Morocco?")
        expect(box.locator(".text").first).to_contain_text("ويلزم المزارعين بتسجيل آبارهم")
        link = box.locator(".hit a").first
        assert link.get_attribute("href").startswith(f"http://localhost:{walk.ports['8000']}/articles/")
        assert link.get_attribute("href").endswith("#p1")
