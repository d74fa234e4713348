"""The search page, driven as a reader would."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from service.marks import pieces
from service.schemas import Mark
from tests.browser.serving import Server, Staged

Visit = Callable[..., Any]


def test_an_arabic_question_typed_is_answered_without_enter(visit: Visit, site: str) -> None:
    page = visit(site, locale="ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("كم طائرة دريملاينر طُلبت؟", delay=10)
    expect(page.locator(".hit .text").first).to_contain_text("787")
    expect(page.locator(".hit").first).to_have_attribute("dir", "rtl")
    expect(page.locator("#state")).to_have_text("١٠ فقرات")
    assert "q=" in page.url


def test_an_english_question_finds_arabic_text(visit: Visit, site: str) -> None:
    page = visit(site)
    page.fill("#q", "How many Dreamliner jets were ordered?")
    page.keyboard.press("Enter")
    hit = page.locator(".hit").first
    expect(hit.locator(".text")).to_contain_text("787")
    expect(hit.locator(".text")).to_have_attribute("lang", "ar")
    expect(hit.locator(".text")).to_have_css("direction", "rtl")
    expect(hit.locator(".meta")).to_contain_text("Erem Media")
    expect(hit.locator(".place")).to_have_text(re.compile(r"Paragraph \d+"))
    assert page.locator("html").get_attribute("dir") == "ltr"


MARKED = """
async cases => {
  const { pieces } = await import("/static/marks.js");
  return cases.map(([text, spans]) => pieces(text, spans));
}
"""


def test_code_points_are_converted_to_utf16(visit: Visit, site: str) -> None:
    texts = ("😀ab😀 قِمّة 👩‍👩‍👧", "سند", "", "𐤀𐤁𐤂 a\u0301")
    spans = [[], [(0, 2)], [(1, 4), (2, 3)], [(3, 99)], [(2, 2)], [(4, 1)], [(0, 3), (1, 2), (1, 6)]]
    cases = [(text, [Mark(start=start, end=end) for start, end in some]) for text in texts for some in spans]
    page = visit(site)
    drawn = page.evaluate(MARKED, [(text, [mark.model_dump() for mark in some]) for text, some in cases])
    assert drawn == [[list(piece) for piece in pieces(*case)] for case in cases]


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_the_script_draws_what_the_server_draws(visit: Visit, site: str, locale: str) -> None:
    page = visit(site, locale=locale)
    page.fill("#q", "presidents visit to Washington")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).to_have_count(10)
    squeezed = "list => list.map(item => item.outerHTML.replace(/>\\s+/g, '>').replace(/\\s+</g, '<'))"
    drawn = page.locator(".hit").evaluate_all(squeezed)
    page.reload()
    assert page.locator(".hit").evaluate_all(squeezed) == drawn


def test_the_keyboard_is_enough(visit: Visit, site: str) -> None:
    page = visit(f"{site}/?q=uranium")
    focused = "document.activeElement.textContent.trim()"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == page.locator(".hit h2 a").nth(1).inner_text()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == page.locator(".hit h2 a").first.inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/articles/\w+#p\d+"))
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("body")).to_have_class(re.compile("empty"))
    expect(page.locator(".hit")).to_have_count(0)


def test_back_and_forward_lead_through_the_questions(visit: Visit, site: str) -> None:
    page = visit(site)
    texts = page.locator(".hit .text")
    for question in ("uranium", "Dreamliner jets"):
        page.fill("#q", question)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(question.split()[0]))
        expect(page.locator("#hits")).not_to_have_attribute("aria-busy", "true")
    expect(texts.first).to_contain_text("787")
    page.go_back()
    expect(page.locator("#q")).to_have_value("uranium")
    expect(texts.first).to_contain_text("اليورانيوم")
    page.go_back()
    expect(page.locator("body")).to_have_class(re.compile("empty"))
    page.go_forward()
    expect(texts.first).to_contain_text("اليورانيوم")


def test_an_address_can_be_shared(visit: Visit, site: str) -> None:
    page = visit(f"{site}/?q=uranium&passage_lang=ar&group_by=article&ui=ar", locale="en")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator("[name=passage_lang]")).to_have_value("ar")
    expect(page.locator("[name=group_by]")).to_be_checked()
    expect(page.locator(".hit")).to_have_count(5)


def test_filters_narrow_and_are_cleared(visit: Visit, site: str) -> None:
    page = visit(f"{site}/?q=summit")
    page.locator("#filters summary").click()
    page.select_option("[name=publisher]", index=1)
    expect(page).to_have_url(re.compile("publisher="))
    expect(page.locator("#hits")).not_to_have_attribute("aria-busy", "true")
    for meta in page.locator(".hit .meta").all_inner_texts():
        assert "إرم ميديا" in meta
    page.select_option("[name=passage_lang]", "en")
    expect(page.locator("#state .what")).to_have_text("No results")
    page.locator("#clear").click()
    expect(page.locator(".hit")).to_have_count(10)
    page.go_back()
    expect(page.locator("#state .what")).to_have_text("No results")
    expect(page.locator("[name=passage_lang]")).to_have_value("en")


def test_it_works_without_a_script(visit: Visit, site: str) -> None:
    page = visit(site, java_script_enabled=False)
    page.fill("#q", "Dreamliner jets")
    page.locator("#box button").click()
    expect(page.locator(".hit .text").first).to_contain_text("787")
    page.locator("[rel=next]").click()
    expect(page.locator(".hit")).to_have_count(10)
    page.locator(".hit h2 a").first.click()
    expect(page.locator(".passage:target")).to_have_count(1)


def test_a_word_being_composed_is_not_asked_for(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    page = visit(server.url)
    page.evaluate("document.getElementById('q').dispatchEvent(new CompositionEvent('compositionstart'))")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("قم")
    page.wait_for_timeout(400)
    assert searcher.heard == []
    page.keyboard.type("ة")
    page.evaluate("document.getElementById('q').dispatchEvent(new CompositionEvent('compositionend'))")
    expect(page.locator(".hit")).to_have_count(10)
    assert searcher.heard == ["قمة"]


def test_typing_asks_once_it_pauses(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    page = visit(server.url)
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("uranium", delay=30)
    expect(page.locator(".hit")).to_have_count(10)
    assert searcher.heard == ["uranium"]


def test_enter_does_not_ask_again_for_what_is_on_its_way(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    page = visit(server.url)
    searcher.held.clear()
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("uranium")
    expect(page.locator(".skeleton")).to_have_count(3)
    page.keyboard.press("Enter")
    searcher.held.set()
    expect(page.locator(".hit")).to_have_count(10)
    assert searcher.heard == ["uranium"]


def test_a_stale_answer_is_dropped(visit: Visit, seeds: Any) -> None:
    from service.app import create_app
    from service.settings import Settings
    from tests.browser.serving import serving

    searcher = Staged(seeds)
    searcher.slow = {"uranium": 0.8}
    with serving(create_app(Settings(), searcher)) as server:
        page = visit(server.url)
        for question in ("uranium", "Dreamliner jets"):
            page.fill("#q", question)
            page.keyboard.press("Enter")
        expect(page.locator(".hit .text").first).to_contain_text("787")
        page.wait_for_timeout(1000)
        expect(page.locator(".hit .text").first).to_contain_text("787")
        assert sorted(searcher.heard) == ["Dreamliner jets", "uranium"]  # each on a connection of its own


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "Nothing here clearly answers this"), ("ar", "لا شيء هنا يجيب")]
)
def test_weak_matches_are_said_to_be_weak(
    visit: Visit, stage: tuple[Staged, Server], locale: str, words: str
) -> None:
    searcher, server = stage
    searcher.act = "weak"
    page = visit(server.url, locale=locale)
    page.fill("#q", "the moon")
    page.keyboard.press("Enter")
    expect(page.locator("#state[data-state=weak] .what")).to_contain_text(words)
    expect(page.locator(".hit")).to_have_count(10)
    page.reload()
    expect(page.locator("#state[data-state=weak] .what")).to_contain_text(words)


def test_no_results_is_another_state(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    searcher.act = "none"
    page = visit(server.url)
    page.fill("#q", "the moon")
    page.keyboard.press("Enter")
    expect(page.locator("#state[data-state=none] .what")).to_have_text("No results")
    expect(page.locator(".hit")).to_have_count(0)


def test_a_skeleton_stands_while_the_first_answer_is_on_its_way(
    visit: Visit, stage: tuple[Staged, Server]
) -> None:
    searcher, server = stage
    searcher.held.clear()
    page = visit(server.url)
    page.fill("#q", "uranium")
    page.keyboard.press("Enter")
    expect(page.locator(".skeleton")).to_have_count(3)
    expect(page.locator("#state")).to_have_text("Searching…")
    searcher.held.set()
    expect(page.locator(".hit")).to_have_count(10)
    expect(page.locator(".skeleton")).to_have_count(0)


def test_a_busy_service_says_so_and_can_be_tried_again(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    page = visit(server.url)
    searcher.held.clear()
    threading.Thread(
        target=urllib.request.urlopen, args=(f"{server.url}/v1/search?q=first",), daemon=True
    ).start()
    page.wait_for_timeout(300)
    page.fill("#q", "uranium")
    page.keyboard.press("Enter")
    expect(page.locator("#state[data-state=busy] .what")).to_have_text("The service is busy")
    searcher.held.set()
    page.wait_for_timeout(300)
    page.locator(".retry").click()
    expect(page.locator(".hit")).to_have_count(10)


def test_a_service_that_is_down_is_told_from_no_results(visit: Visit, stage: tuple[Staged, Server]) -> None:
    _, server = stage
    page = visit(server.url)
    page.context.set_offline(True)
    page.fill("#q", "uranium")
    page.keyboard.press("Enter")
    expect(page.locator("#state[data-state=down] .what")).to_have_text("The service cannot be reached")


def test_a_failing_service_keeps_its_reason(visit: Visit, stage: tuple[Staged, Server]) -> None:
    searcher, server = stage
    searcher.act = "broken"
    page = visit(server.url)
    page.fill("#q", "uranium")
    page.keyboard.press("Enter")
    expect(page.locator("#state[data-state=down]")).to_be_visible()
    assert "staged" not in page.content()


def test_the_empty_page_tries_examples(visit: Visit, site: str) -> None:
    page = visit(site)
    page.get_by_role("link", name="rare earth minerals").click()
    expect(page.locator(".hit")).to_have_count(10)
    expect(page.locator("#q")).to_have_value("rare earth minerals")


def test_the_switch_keeps_the_question(visit: Visit, site: str) -> None:
    page = visit(f"{site}/?q=uranium", locale="en")
    page.get_by_role("link", name="التبديل إلى العربية").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator("#q")).to_have_value("uranium")
    page.locator(".hit h2 a").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_nothing_is_wider_than_its_window(visit: Visit, site: str, locale: str) -> None:
    page = visit(f"{site}/?q=uranium", locale=locale)
    article = page.locator(".hit h2 a").first.get_attribute("href")
    for width in (320, 360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        for path in ("/", "/?q=uranium", "/?q=summit&passage_lang=ar", "/demo", article):
            page.goto(f"{site}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    expect(page.locator(".passage:target")).to_be_in_viewport()
