"""A real headless Chromium; a page that violates its policy, throws, or logs an error fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from index.encoder import load_encoder
from index.search import Searcher
from index.store import create_store
from index.sync import sync
from service.app import create_app
from service.settings import Settings
from tests.browser.chrome import FLAGS, chromium_path
from tests.browser.serving import Server, Staged, serving

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


NOT_RUN = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything in this folder is of the browser tier, and is left out where there is no Chromium."""
    here = [item for item in items if item.path.is_relative_to(HERE)]
    for item in here:
        item.add_marker(pytest.mark.browser)
    if here and "not browser" not in config.option.markexpr and chromium_path() is None:
        config.stash[NOT_RUN] = len(here)
        config.hook.pytest_deselected(items=here)
        items[:] = [item for item in items if item not in here]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line instead of one a test."""
    if not_run := config.stash.get(NOT_RUN, 0):
        terminalreporter.write_line(
            f"no Chromium found: {not_run} browser tests not run (apt-get install chromium, or set CHROMIUM)"
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages: `visit(url, locale="ar", width=360)`. What goes wrong on them fails the test."""
    contexts, wrong = [], []

    def open_page(url: str, locale: str = "en", width: int = 1100, watch: bool = True, **options: Any) -> Any:
        context = chromium.new_context(locale=locale, viewport={"width": width, "height": 800}, **options)
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH)
        contexts.append(context)
        page = context.new_page()
        if watch:
            page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refused search is told to the reader; that Chromium also logs its status is no fault.
    assert [line for line in wrong if not line.startswith("Failed to load resource")] == []


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """The five seed articles under the bundled model."""
    encoder = load_encoder()
    with create_store(tmp_path_factory.mktemp("seeds") / "store", encoder.key) as store:
        sync(ROOT / "seeds", store, encoder)
        yield Searcher(store, encoder)


@pytest.fixture(scope="session")
def site(seeds: Searcher) -> Iterator[str]:
    """The address of Sanad over the seeds."""
    with serving(create_app(Settings(examples=("اليورانيوم", "rare earth minerals")), seeds)) as server:
        yield server.url


@pytest.fixture
def stage(seeds: Searcher) -> Iterator[tuple[Staged, Server]]:
    """Sanad that acts as told, with room for one search at a time."""
    searcher = Staged(seeds)
    with serving(create_app(Settings(search_threads=1, search_queue=0), searcher)) as server:
        yield searcher, server
        searcher.held.set()
