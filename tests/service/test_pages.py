"""The pages as they come from the server, before any script runs."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from index.search import Searcher
from service.app import STATIC, create_app
from service.settings import Settings
from tests.service.conftest import HOSTILE, MARKUP, SUMMIT

HTML = {"Accept": "text/html"}


def page(client: TestClient, path: str, status: int = 200, **headers: str) -> str:
    response = client.get(path, headers={**HTML, **headers})
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    return response.text


@pytest.mark.parametrize(
    ("path", "accept", "opening"),
    [
        ("/", "ar-EG,ar;q=0.9,en;q=0.8", '<html lang="ar" dir="rtl">'),
        ("/", "en-GB,ar;q=0.5", '<html lang="en" dir="ltr">'),
        ("/", "fr;q=0.9, ar;q=0.2", '<html lang="ar" dir="rtl">'),
        ("/", "de", '<html lang="en" dir="ltr">'),
        ("/", "ar;q=x,;;,", '<html lang="en" dir="ltr">'),
        ("/?ui=ar", "en", '<html lang="ar" dir="rtl">'),
        ("/?ui=xx", "en", '<html lang="en" dir="ltr">'),
    ],
)
def test_the_page_is_in_the_readers_language(
    client: TestClient, path: str, accept: str, opening: str
) -> None:
    assert opening in page(client, path, **{"Accept-Language": accept})


def test_the_empty_page_offers_examples(client: TestClient) -> None:
    assert "What does the water law say?" in page(client, "/")


def test_without_set_examples_the_titles_are_asked(searcher: Searcher) -> None:
    with TestClient(create_app(Settings(), searcher)) as client:
        assert ">Water law</a>" in page(client, "/")


def test_the_filters_offer_the_corpuss_publishers(client: TestClient) -> None:
    text = page(client, "/?q=summit&publisher=الناشر&passage_lang=ar&ui=en")
    assert '<option value="الناشر" dir="auto" selected>الناشر</option>' in text
    assert '<option value="ar" selected>Arabic</option>' in text
    assert "2 paragraphs" in text


def test_results_are_there_without_a_script(client: TestClient) -> None:
    text = page(client, "/?q=minerals+summit&ui=en")
    href = f"/articles/{SUMMIT.article.id}?ui=en#p2"
    assert f'href="{href}" lang="ar" dir="rtl">قمة المعادن</a>' in text
    unmarked = re.sub("</?mark[^>]*>", "", text)
    assert '<p class="text" data-f="text" lang="ar" dir="rtl">قمة حول المعادن في العاصمة</p>' in unmarked
    for shown in ("الناشر", "العالم", "9 November 2025", "Paragraph 2", "5 paragraphs"):
        assert shown in text


def test_arabic_pages_count_and_date_in_arabic(client: TestClient) -> None:
    text = page(client, "/?q=minerals+summit&ui=ar")
    for shown in ("٩ نوفمبر ٢٠٢٥", "الفقرة ٢", "٥ فقرات"):
        assert shown in text


def test_empty_fields_of_the_form_are_no_fields(client: TestClient) -> None:
    assert "5 paragraphs" in page(client, "/?q=summit&publisher=&date_from=&ui=en")


def test_a_question_too_long_is_told_on_the_page(client: TestClient) -> None:
    assert 'data-state="invalid"' in page(client, "/?q=" + "a" * 513, status=422)


def test_no_results_have_their_own_words(client: TestClient) -> None:
    assert 'data-state="none"' in page(client, "/?q=summit&date_from=2030-01-01")


def test_more_results_keep_the_question(client: TestClient) -> None:
    text = page(client, "/?q=summit&limit=2&ui=en")
    assert 'href="/?q=summit&amp;limit=2&amp;offset=2&amp;ui=en"' in text


def test_a_full_queue_is_told_on_the_page(searcher: Searcher) -> None:
    app = create_app(Settings(search_threads=1, search_queue=0), searcher)
    with TestClient(app) as client:
        state = next(iter(client.app_state.values()))
        state.gate._inside = 1
        response = client.get("/?q=summit", headers=HTML)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "1"
        assert 'data-state="busy"' in response.text
        assert client.get("/v1/search?q=summit").json()["code"] == "overloaded"
        assert client.get("/livez").status_code == 200


def test_the_article_is_shown_with_its_paragraphs(client: TestClient) -> None:
    text = page(client, f"/articles/{SUMMIT.article.id}?ui=en")
    assert '<article class="article" lang="ar" dir="rtl">' in text
    assert "<h2>المعادن النادرة</h2>" in text
    assert re.findall(r'<div class="passage" id="(p\d+)"', text) == ["p1", "p2"]
    for shown in ("summit.txt", "a" * 64, "https://example.org/summit", "9 November 2025"):
        assert shown in text
    assert text.count('<span class="inferred">') == 2


def test_each_paragraph_carries_its_citation(client: TestClient) -> None:
    text = page(client, f"/articles/{SUMMIT.article.id}?ui=en")
    assert 'data-cite-ar="مريم حسن، «قمة المعادن»، الناشر، ٩ نوفمبر ٢٠٢٥، الفقرة ٢."' in text
    assert ">مريم حسن، «قمة المعادن»، الناشر، ٩ نوفمبر ٢٠٢٥.</p>" in text


def test_the_demo_stands_in_both_languages(client: TestClient) -> None:
    assert '<html lang="ar" dir="rtl">' in page(client, "/demo?ui=ar")
    assert page(client, "/demo?ui=en").count("<sanad-search ") == 2


def test_scripts_may_be_loaded_by_other_sites_but_the_api_may_not(client: TestClient) -> None:
    origin = {"Origin": "https://portal.example"}
    script = client.get("/static/sanad-search.js", headers=origin)
    assert script.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/v1/search?q=summit", headers=origin).headers


def test_the_api_is_open_to_the_origins_that_are_set(searcher: Searcher) -> None:
    settings = Settings(cors_origins=("https://portal.example",))
    with TestClient(create_app(settings, searcher)) as client:
        for origin, allowed in (("https://portal.example", True), ("https://other.example", False)):
            headers = client.get("/v1/search?q=summit", headers={"Origin": origin}).headers
            assert (headers.get("Access-Control-Allow-Origin") == origin) is allowed
            assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origin", ["*", "portal.example", "https://portal.example/"])
def test_an_origin_is_an_exact_one(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(cors_origins=(origin,))


def test_a_missing_article_is_a_page_for_people(client: TestClient) -> None:
    assert "There is nothing at this address" in page(client, "/articles/nowhere?ui=en", status=404)


def test_stored_text_never_becomes_markup(client: TestClient) -> None:
    for path in ("/?q=aircraft", f"/articles/{MARKUP.article.id}", f"/?q={HOSTILE}"):
        text = page(client, path)
        assert "<script>" not in text
        assert "<img" not in text
        assert "javascript:" not in text


def test_nothing_comes_from_another_host(client: TestClient) -> None:
    files = [path for path in STATIC.iterdir() if path.suffix in (".js", ".css")]
    assert files
    for file in files:
        assert not re.search(r"https?://", file.read_text(encoding="utf-8").replace("http://www.w3.org", ""))
    for src in re.findall(r'(?:src|href)="([^"]*)"', page(client, "/")):
        assert src.startswith(("/", "#")) or not src


def test_links_stand_under_the_proxys_prefix(searcher: Searcher) -> None:
    app = create_app(Settings(), searcher)
    with TestClient(app, root_path="/portal") as client:
        hit = client.get("/v1/search?q=water+law&limit=1").json()["hits"][0]
        assert hit["locator"]["href"].startswith("/portal/articles/")
        assert 'href="/portal/static/page.css"' in page(client, "/")
