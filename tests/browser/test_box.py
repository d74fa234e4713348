"""`<sanad-search>`: in the demo, and in a right-to-left portal of another origin under a strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from index.search import Searcher
from service.app import create_app
from service.keys import KeyFile
from service.settings import Settings
from tests.browser.serving import Server, portal, serving

Visit = Callable[..., Any]


@dataclass
class Home:
    """A portal and the Sanad behind it, which asks for a key; `body` is what stands in the portal's page."""

    front: Server
    back: Server
    key: str
    body: str = ""


@pytest.fixture
def home(seeds: Searcher, tmp_path: Path) -> Iterator[Home]:
    _, key = KeyFile(tmp_path / "keys.json").create("search", "portal")
    found: list[Home] = []

    def policy() -> str:
        sanad = found[0].back.url
        return f"default-src 'none'; script-src {sanad}; connect-src 'self' {sanad}; base-uri 'none'"

    def body() -> str:
        return found[0].body.replace("SANAD", found[0].back.url)

    with serving(portal(body, policy, lambda: found[0].back.url, lambda: found[0].key)) as front:
        settings = Settings(cors_origins=(front.url,), keys=str(tmp_path / "keys.json"))
        with serving(create_app(settings, seeds)) as back:
            found.append(Home(front, back, key))
            yield found[0]


SCRIPT = '<script type="module" src="SANAD/static/sanad-search.js"></script>'


@pytest.mark.parametrize(
    ("locale", "question", "count"), [("ar", "اليورانيوم", "٤ فقرات"), ("en", "uranium", "4 paragraphs")]
)
def test_the_demo_answers_in_both_languages(
    visit: Visit, site: str, locale: str, question: str, count: str
) -> None:
    page = visit(f"{site}/demo", locale=locale)
    first = page.locator("#first")
    first.get_by_role("searchbox").fill(question)
    expect(first.get_by_role("status")).to_have_text(count)
    expect(first.locator(".text").first).to_contain_text("اليورانيوم")
    expect(first.locator("form")).to_have_css("direction", "rtl" if locale == "ar" else "ltr")


def test_two_boxes_on_one_page_do_not_meddle(visit: Visit, site: str) -> None:
    page = visit(f"{site}/demo")
    first, second = page.locator("#first"), page.locator("#second")
    first.get_by_role("searchbox").fill("uranium")
    second.get_by_role("searchbox").fill("Dreamliner jets")
    expect(first.locator(".text").first).to_contain_text("اليورانيوم")
    expect(second.locator(".text").first).to_contain_text("787")
    expect(second.locator(".hit")).to_have_count(3)


def test_the_keyboard_is_enough(visit: Visit, site: str) -> None:
    page = visit(f"{site}/demo")
    first = page.locator("#first")
    focused = "document.activeElement.shadowRoot.activeElement"
    page.keyboard.press("Tab")
    page.keyboard.type("uranium")
    expect(first.locator(".hit")).to_have_count(4)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{focused}.tagName") == "A"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.id") == "q"
    expect(first.locator(".panel")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(first.locator(".panel")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(first.get_by_role("searchbox")).to_have_value("")


def test_selecting_can_be_taken_over_by_the_portal(visit: Visit, site: str) -> None:
    page = visit(f"{site}/demo")
    page.evaluate(
        """document.addEventListener("sanad-select", (event) => {
             event.preventDefault();
             window.chosen = event.detail;
           })"""
    )
    first = page.locator("#first")
    first.get_by_role("searchbox").fill("uranium")
    first.locator(".hit a").first.click()
    assert page.evaluate("window.chosen.hit.rank") == 1
    assert page.evaluate("window.chosen.href").startswith(f"{site}/articles/")
    assert page.url == f"{site}/demo"


def test_a_portal_of_another_origin_embeds_it_with_a_key(visit: Visit, home: Home) -> None:
    home.body = (
        f'{SCRIPT}<sanad-search key="{home.key}" limit="3"></sanad-search>'
        f'<sanad-search inline lang="en" key="{home.key}"></sanad-search>'
    )
    page = visit(home.front.url, locale="ar")
    arabic, english = page.locator("sanad-search").first, page.locator("sanad-search").nth(1)
    arabic.get_by_role("searchbox").fill("اليورانيوم")
    expect(arabic.get_by_role("status")).to_have_text("٣ فقرات")
    english.get_by_role("searchbox").fill("Dreamliner jets")
    expect(english.get_by_role("status")).to_have_text("5 paragraphs")
    expect(english.locator("form")).to_have_css("direction", "ltr")
    expect(english.locator(".text").first).to_have_css("direction", "rtl")
    assert arabic.locator(".hit a").first.get_attribute("href").startswith(f"{home.back.url}/articles/")


def test_behind_the_portals_proxy_the_key_never_reaches_the_browser(visit: Visit, home: Home) -> None:
    home.body = f'{SCRIPT}<sanad-search endpoint="/find/" site="SANAD/"></sanad-search>'
    page = visit(home.front.url, locale="ar")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + str(request.headers)))
    box = page.locator("sanad-search")
    box.get_by_role("searchbox").fill("اليورانيوم")
    expect(box.locator(".hit")).to_have_count(5)
    assert asked
    assert not any(home.key in line for line in asked)
    assert box.locator(".hit a").first.get_attribute("href").startswith(f"{home.back.url}/articles/")


@pytest.mark.parametrize("attribute", ["", 'key="wrong"', 'endpoint="/find/"'])
def test_without_the_key_it_says_so(visit: Visit, home: Home, attribute: str) -> None:
    home.body, home.key = f"{SCRIPT}<sanad-search {attribute}></sanad-search>", "an-old-key"
    page = visit(home.front.url, locale="ar")
    page.evaluate("document.addEventListener('sanad-error', (event) => (window.failed = event.detail))")
    box = page.locator("sanad-search")
    box.get_by_role("searchbox").fill("اليورانيوم")
    expect(box.get_by_role("status")).to_have_text("هذه الخدمة تتطلب مفتاحًا.")
    assert page.evaluate("window.failed") == {"kind": "denied", "status": 401}


def test_the_page_itself_asks_its_reader_for_the_key(visit: Visit, home: Home) -> None:
    page = visit(home.back.url, http_credentials={"username": "reader", "password": home.key})
    page.fill("#q", "uranium")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).to_have_count(10)


def test_it_may_be_made_moved_and_taken_away(visit: Visit, site: str) -> None:
    page = visit(f"{site}/demo")
    page.evaluate(
        """() => {
             const box = document.createElement("sanad-search");
             box.id = "third";
             box.setAttribute("limit", "2");
             document.querySelector("main").append(box);
             document.querySelector("main").prepend(box);
             document.querySelector("#first").remove();
           }"""
    )
    third = page.locator("#third")
    third.get_by_role("searchbox").fill("uranium")
    expect(third.locator(".hit")).to_have_count(2)
    third.evaluate("box => box.lang = 'ar'")
    expect(third.get_by_role("button")).to_have_text("بحث")
