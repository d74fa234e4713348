"""`<sanad-search>`: in the demo, and in a right-to-left portal of another origin under a strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from index.search import Searcher
from service.app import create_app
from service.settings import Settings
from tests.browser.serving import Server, keyed, portal, serving

Visit = Callable[..., Any]
KEY = "a-search-key"


@pytest.fixture
def home(seeds: Searcher) -> Iterator[tuple[Server, Server, dict[str, str]]]:
    """A portal, the keyed Sanad behind it, and what stands in the portal's page (to be filled)."""
    words = {"body": "", "key": KEY}
    servers: list[Server] = []

    def policy() -> str:
        sanad = servers[1].url
        return f"default-src 'none'; script-src {sanad}; connect-src 'self' {sanad}; base-uri 'none'"

    def body() -> str:
        return words["body"].replace("SANAD", servers[1].url)

    with serving(portal(body, policy, lambda: servers[1].url, KEY)) as front:
        app = create_app(Settings(cors_origins=(front.url,)), seeds)
        with serving(guarded_but_preflights(app)) as back:
            servers += [front, back]
            yield front, back, words


def guarded_but_preflights(app: Any) -> Any:
    """A browser asks leave (OPTIONS) before it shows a key; that question carries none."""
    behind = keyed(app, KEY)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        await (app if scope.get("method") == "OPTIONS" else behind)(scope, receive, send)

    return guarded


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


def test_a_portal_of_another_origin_embeds_it_with_a_key(
    visit: Visit, home: tuple[Server, Server, dict[str, str]]
) -> None:
    front, back, words = home
    words["body"] = (
        f'{SCRIPT}<sanad-search key="{KEY}" limit="3"></sanad-search>'
        f'<sanad-search inline lang="en" key="{KEY}"></sanad-search>'
    )
    page = visit(front.url, locale="ar")
    arabic, english = page.locator("sanad-search").first, page.locator("sanad-search").nth(1)
    arabic.get_by_role("searchbox").fill("اليورانيوم")
    expect(arabic.get_by_role("status")).to_have_text("٣ فقرات")
    english.get_by_role("searchbox").fill("Dreamliner jets")
    expect(english.get_by_role("status")).to_have_text("5 paragraphs")
    expect(english.locator("form")).to_have_css("direction", "ltr")
    expect(english.locator(".text").first).to_have_css("direction", "rtl")
    assert arabic.locator(".hit a").first.get_attribute("href").startswith(f"{back.url}/articles/")


def test_behind_the_portals_proxy_the_key_never_reaches_the_browser(
    visit: Visit, home: tuple[Server, Server, dict[str, str]]
) -> None:
    front, back, words = home
    words["body"] = f'{SCRIPT}<sanad-search endpoint="/find/" site="SANAD/"></sanad-search>'
    page = visit(front.url, locale="ar")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + str(request.headers)))
    box = page.locator("sanad-search")
    box.get_by_role("searchbox").fill("اليورانيوم")
    expect(box.locator(".hit")).to_have_count(5)
    assert asked
    assert not any(KEY in line for line in asked)
    assert box.locator(".hit a").first.get_attribute("href").startswith(f"{back.url}/articles/")


@pytest.mark.parametrize("attribute", ["", 'key="wrong"'])
def test_without_the_key_it_says_so(
    visit: Visit, home: tuple[Server, Server, dict[str, str]], attribute: str
) -> None:
    front, _, words = home
    words["body"] = f"{SCRIPT}<sanad-search {attribute}></sanad-search>"
    # The refusal comes without CORS headers, as a stranger's would; Chromium logs that as an error.
    page = visit(front.url, locale="ar", watch=False)
    page.evaluate("document.addEventListener('sanad-error', (event) => (window.failed = event.detail))")
    box = page.locator("sanad-search")
    box.get_by_role("searchbox").fill("اليورانيوم")
    expect(box.get_by_role("status")).to_have_text("تعذّر الوصول إلى الخدمة.")
    assert page.evaluate("window.failed") == {"kind": "down", "status": 0}


def test_a_refusal_through_the_proxy_asks_for_a_key(visit: Visit, seeds: Searcher) -> None:
    servers: list[Server] = []
    body = f'{SCRIPT}<sanad-search endpoint="/find/"></sanad-search>'
    front_app = portal(
        lambda: body.replace("SANAD", servers[0].url),
        lambda: f"default-src 'none'; script-src {servers[0].url}; connect-src 'self'",
        lambda: servers[0].url,
        "an-old-key",
    )
    with serving(keyed(create_app(Settings(), seeds), KEY)) as back, serving(front_app) as front:
        servers.append(back)
        page = visit(front.url)
        page.locator("sanad-search").get_by_role("searchbox").fill("uranium")
        expect(page.locator("sanad-search").get_by_role("status")).to_have_text("هذه الخدمة تتطلب مفتاحًا.")


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
