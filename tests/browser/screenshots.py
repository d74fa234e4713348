"""Takes the pictures of the README: `python -m tests.browser.screenshots [FOLDER]`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import expect, sync_playwright

from index.encoder import load_encoder
from index.search import Searcher
from index.store import create_store
from index.sync import sync
from service.app import create_app
from service.settings import Settings
from tests.browser.chrome import FLAGS, chromium_path
from tests.browser.serving import serving

HERE = Path(__file__).parent
SEEDS = HERE.parent.parent / "seeds"
EXAMPLES = (
    "كم طائرة دريملاينر طُلبت؟",
    "من هم القادة المدعوون إلى قمة دورال؟",
    "How much of the world's uranium does Central Asia produce?",
    "Which rare earths does Kazakhstan hold?",
)
QUESTIONS = {"ar": "من هم القادة المدعوون إلى قمة دورال؟", "en": "How many Dreamliner jets were ordered?"}


class Shot(NamedTuple):
    """One picture: its name, what to do on a page to get there, and how the page is shown."""

    name: str
    act: Callable[[Any, str], None]
    locale: str
    width: int = 1100
    height: int = 760
    scheme: str = "light"


def empty(page: Any, locale: str) -> None:
    page.goto(f"/?ui={locale}")


def results(page: Any, locale: str) -> None:
    page.goto(f"/?ui={locale}")
    page.fill("#q", QUESTIONS[locale])
    page.keyboard.press("Enter")
    expect(page.locator(".hit").first).to_be_visible()


def article(page: Any, locale: str) -> None:
    results(page, locale)
    page.locator(".hit h2 a").first.click()
    expect(page.locator("#similar .hit").first).to_be_visible()


def box(page: Any, locale: str) -> None:
    page.goto(f"/demo?ui={locale}")
    first = page.locator("#first")
    first.get_by_role("searchbox").fill(QUESTIONS[locale])
    expect(first.locator(".hit").first).to_be_visible()


SHOTS = (
    Shot("home-ar", empty, "ar"),
    Shot("search-ar", results, "ar"),
    Shot("search-en", results, "en"),
    Shot("search-ar-dark", results, "ar", scheme="dark"),
    Shot("search-ar-phone", results, "ar", width=360, height=720),
    Shot("article-en", article, "en"),
    Shot("box-ar", box, "ar"),
    Shot("box-en", box, "en"),
)


@contextmanager
def seeds() -> Iterator[str]:
    """The address of Sanad over the seed articles."""
    encoder = load_encoder()
    with tempfile.TemporaryDirectory() as folder, create_store(Path(folder, "store"), encoder.key) as store:
        sync(SEEDS, store, encoder)
        with serving(create_app(Settings(examples=EXAMPLES), Searcher(store, encoder))) as server:
            yield server.url


def take(folder: Path) -> None:
    """All pictures, as PNG, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with seeds() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        for shot in SHOTS:
            page = browser.new_page(
                base_url=site,
                locale=shot.locale,
                color_scheme=shot.scheme,
                viewport={"width": shot.width, "height": shot.height},
                reduced_motion="reduce",
            )
            shot.act(page, shot.locale)
            page.screenshot(path=folder / f"{shot.name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "screenshots")
