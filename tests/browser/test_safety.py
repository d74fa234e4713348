"""A hostile corpus leaves the pages unharmed: no script runs, no policy is violated, nothing is fetched elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from index.search import Searcher
from index.store import create_store
from index.types import Provenance
from service.app import create_app
from service.settings import Settings
from tests.browser.serving import serving
from tests.fakes import ConceptEncoder
from tests.service.conftest import entry

Visit = Callable[..., Any]

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closing": "</p></li></ol></main></template><script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)><svg onload=alert(1)>",
    "attribute": "\" autofocus onfocus=alert(1) x='",
    "style": "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "frame": "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "template": "{{ 7*7 }} {% raw %} ${alert(1)} #{alert(1)}",
    "words": '{"weak": "</section><script>alert(1)</script>"}',
    "override": "\u202etxt.exe\u202d \u2066\u2067 unbalanced \u061c",
    "long": "ا" * 10_000,
    "latin": "W" * 10_000,
    "controls": "a\u0001\u0007\u200b\ufeff\ufff9b",
    "entity": "&lt;script&gt; &#x3c;script&#x3e; &amp;amp;",
    "emoji": "👩‍👩‍👧‍👦" * 50 + "\U000e0041",
}
URLS = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://ok.example/'\"><script>",
    "//evil.example",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The address of Sanad over articles hostile in every field, and their ids."""
    entries = [
        entry(
            Provenance(
                source=f"{name}/{text[:500]}",
                sha256="0" * 64,
                title=text,
                lang="en",
                publisher=text,
                author=text,
                section=text,
                published_at="2025-11-09" if place % 2 else text[:40],
                url=URLS[place % len(URLS)],
                inferred=("title",),
            ),
            f"{text} summit",
            text,
            "the same minerals in every article",
            headings=(1,),
        )
        for place, (name, text) in enumerate(HOSTILE.items())
    ]
    encoder = ConceptEncoder()
    with create_store(tmp_path_factory.mktemp("hostile") / "store", encoder.key) as store:
        store.put(entries)
        with serving(create_app(Settings(), Searcher(store, encoder))) as server:
            yield server.url, [one.article.id for one in entries]


def unharmed(page: Any) -> None:
    """Nothing ran, nothing came from elsewhere, the page still stands."""
    assert page.locator("main").is_visible()
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("iframe, object, embed, base, [onerror], [onload], [onfocus]").count() == 0
    assert page.locator("main img, main style, main link").count() == 0
    for address in page.locator("a[href]").evaluate_all("links => links.map(link => link.href)"):
        assert address.startswith(("http://127.0.0.1", "https://ok.example/")), address


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_hits_are_drawn_as_text(visit: Visit, hostile: tuple[str, list[str]], locale: str) -> None:
    site, _ = hostile
    page = visit(f"{site}/?q=summit&limit=50", locale=locale, width=360)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    assert page.locator(".hit").count() == len(HOSTILE) + 1
    unharmed(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    texts = page.locator(".hit .text").all_text_contents()
    assert f"{HOSTILE['script']} summit" in texts
    page.goto(f"{site}/?q=minerals&limit=50")
    assert page.locator(".also a").count() == len(HOSTILE) - 1
    unharmed(page)
    page.fill("#q", "a summit")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).to_have_count(10)
    unharmed(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert all(url.startswith(site) for url in requested)


def test_articles_are_drawn_as_text(visit: Visit, hostile: tuple[str, list[str]]) -> None:
    site, ids = hostile
    page = visit(f"{site}/")
    for identity in ids:
        page.goto(f"{site}/articles/{identity}#p2")
        expect(page.locator("#similar .hit")).to_have_count(5)
        unharmed(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1100
        assert page.locator(".passage").count() == 2


def test_a_hostile_question_is_text_too(visit: Visit, hostile: tuple[str, list[str]]) -> None:
    site, _ = hostile
    page = visit(site)
    for text in HOSTILE.values():
        question = text[:512]
        page.goto(f"{site}/?q={quote(question)}")
        unharmed(page)
        page.goto(site)
        page.fill("#q", question)
        page.keyboard.press("Enter")
        expect(page.locator("#state")).not_to_have_attribute("data-state", "empty")
        unharmed(page)


def test_the_box_draws_text_too(visit: Visit, hostile: tuple[str, list[str]]) -> None:
    site, _ = hostile
    page = visit(f"{site}/demo")
    page.locator("#second").evaluate(
        "box => { box.removeAttribute('group-by'); box.setAttribute('limit', '50'); }"
    )
    box = page.locator("#second")
    box.get_by_role("searchbox").fill("summit")
    expect(box.locator(".hit")).to_have_count(len(HOSTILE) + 1)
    unharmed(page)
    assert box.locator("img, script, iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1100


def test_the_guard_of_these_tests_sees_violations(chromium: Any, site: str) -> None:
    """Without this the tests above could pass blind."""
    context = chromium.new_context()
    page = context.new_page()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    page.goto(site)
    page.evaluate(
        "document.body.insertAdjacentElement('beforeend', Object.assign(document.createElement('img'), {src: 'http://127.0.0.2/x.png'}))"
    )
    page.wait_for_timeout(200)
    context.close()
    assert any("Content Security Policy" in line for line in seen)
