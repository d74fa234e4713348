"""Web pages: their bodies word for word, the provenance they state, the encodings they come in."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from benchmarks.pages import Page, pages
from index.clean import Phrases, clean
from index.read.html import read
from index.split import split
from index.types import Article, Given, RawArticle
from tests.fakes import ConceptEncoder
from tests.index.read.reading import file, only, refusal

PHRASES = Phrases.load()
PAGES = {page.name: page for page in pages()}
BODY = (
    "قالت الوزارة في بيان إن الأمطار التي هطلت على المرتفعات منذ مساء أمس ملأت السدود الثلاثة إلى نصفها، وإن المياه "
    "وصلت إلى القرى التي كانت تشتري الماء من الصهاريج."
)
MORE = "وأضافت أن فرق الصيانة بدأت العمل على إصلاح الطريق الذي يصل إلى السد الأكبر، وأنه سيفتح بعد أسبوع من الآن."
WEST = (
    "The café on the quay has closed after forty years, its owner said, because the ferry that brought most of its "
    "guests no longer stops there in the winter."
)


def page_of(*paragraphs: str, head: str = "", attributes: str = 'lang="ar"') -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!DOCTYPE html><html {attributes}><head>{head}</head><body><article>{body}</article></body></html>"
    )


def read_page(folder: Path, content: bytes | str) -> RawArticle:
    return only(read(file(folder, "a.html", content)))


def cleaned(folder: Path, page: Page) -> Article:
    return clean(read_page(folder, page.content), PHRASES)


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def test_there_are_pages_of_many_layouts() -> None:
    assert len(PAGES) >= 20
    assert sum(name.startswith("ar_") for name in PAGES) >= 10


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_its_body_word_for_word(tmp_path: Path, name: str) -> None:
    page = PAGES[name]
    found = cleaned(tmp_path, page).text
    if page.either:
        precision, recall = page.score(found)
        assert recall == 1.0
        assert precision >= 0.96
    else:
        assert squeezed(found) == squeezed(" ".join(page.body))


@pytest.mark.parametrize("name", PAGES)
def test_the_subheadings_of_a_page_are_headings(tmp_path: Path, name: str) -> None:
    article = cleaned(tmp_path, PAGES[name])
    found = [article.text[span.start : span.end] for span in article.headings]
    assert [text for text in found if text in PAGES[name].headings] == list(PAGES[name].headings)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_states_is_given_and_the_rest_is_inferred_or_silent(tmp_path: Path, name: str) -> None:
    page = PAGES[name]
    raw = read_page(tmp_path, page.content)
    assert {slot: value for slot in Given.__slots__ if (value := getattr(raw.given, slot))} == page.given
    provenance = clean(raw, PHRASES).provenance
    assert {name: getattr(provenance, name) for name in provenance.inferred} == page.inferred
    assert raw.sha256 == hashlib.sha256(page.content).hexdigest()


@pytest.mark.parametrize("name", PAGES)
def test_offsets_are_exact_in_the_stored_text(tmp_path: Path, name: str) -> None:
    article = cleaned(tmp_path, PAGES[name])
    passages = split(article, ConceptEncoder().count_tokens, 400)
    assert passages
    assert all(article.text[passage.start : passage.end] == passage.text for passage in passages)
    words = [word for passage in passages for word in passage.text.split()]
    headings = {article.text[span.start : span.end] for span in article.headings}
    paragraphs = [text for text in article.text.split("\n\n") if text not in headings]
    assert words == [word for text in paragraphs for word in text.split()]


@pytest.mark.parametrize("name", PAGES)
def test_names_of_elements_are_not_needed(tmp_path: Path, name: str) -> None:
    precision, recall = PAGES[name].score(cleaned(tmp_path, PAGES[name].nameless()).text)
    assert recall >= 0.99
    assert precision >= 0.7


LAST = "وقال مزارعون من الوادي إنهم سيعودون إلى زراعة القمح بعد خمس سنوات اكتفوا فيها بالشعير لقلة الماء."
STORY = '<div class="story"><h1>{}</h1><div class="text">{}</div></div>'


def body(folder: Path, content: str) -> list[str]:
    return clean(read_page(folder, content), PHRASES).text.split("\n\n")


def test_what_a_page_goes_on_with_under_another_main_heading_is_another_article(tmp_path: Path) -> None:
    first = STORY.format("السدود تمتلئ", f"<p>{BODY}</p><p>{MORE}</p>")
    second = STORY.format("مدرب الفجر لا يفكر في اللقب", f"<p>{LAST}</p>")
    head = "<title>السدود تمتلئ</title>"
    assert body(tmp_path, f"<html><head>{head}</head><body>{first}{second}</body></html>") == [BODY, MORE]


def test_main_headings_within_an_article_do_not_end_it(tmp_path: Path) -> None:
    parts = f"<p>{BODY}</p><h1>الطريق</h1><p>{MORE}</p><h1>المياه</h1><p>{LAST}</p>"
    written = f"<html><body><div><h1>السدود تمتلئ</h1>{parts}</div></body></html>"
    assert body(tmp_path, written) == [BODY, "الطريق", MORE, "المياه", LAST]


def test_of_several_bodies_in_a_row_none_is_lost(tmp_path: Path) -> None:
    texts = [f"{BODY} {MORE}", LAST]
    entries = "".join(f'<div class="post-body"><p>{text}</p></div>' for text in texts)
    assert body(tmp_path, f"<html><body><main><h1>السدود تمتلئ</h1>{entries}</main></body></html>") == texts


def test_a_field_for_an_address_is_a_box_only_with_the_words_around_it(tmp_path: Path) -> None:
    box = '<div class="x"><p>أفكار للسفر البطيء، مرة في الشهر لا أكثر ولا أقل من ذلك.</p><input type="email"></div>'
    section = f"<section><p>{BODY}</p>{box}<p>{MORE}</p></section>"
    assert body(tmp_path, f"<html><body><h1>السدود تمتلئ</h1>{section}</body></html>") == [BODY, MORE]


META = '<meta charset="{}">'


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("windows-1256", "cp1256"),
        ("utf-8", "cp1256"),
        ("iso-8859-1", "cp1256"),
        ("iso-8859-1", "utf-8"),
        ("windows-1256", "utf-8"),
        ("", "cp1256"),
        ("", "utf-8"),
        ("iso-8859-6", "iso8859-6"),
        ("", "iso8859-6"),
        ("utf-16", "utf-16"),
        ("", "utf-16-le"),
        ("", "utf-16-be"),
        ("no-such-encoding", "cp1256"),
        ("base64", "cp1256"),
    ],
)
def test_the_encoding_is_found_whatever_is_declared(tmp_path: Path, declared: str, encoding: str) -> None:
    written = page_of(BODY, MORE, head=META.format(declared) if declared else "")
    assert clean(read_page(tmp_path, written.encode(encoding)), PHRASES).text == f"{BODY}\n\n{MORE}"


@pytest.mark.parametrize(
    ("declared", "encoding"), [("iso-8859-1", "cp1252"), ("", "cp1252"), ("utf-8", "latin-1")]
)
def test_western_bytes_stay_western(tmp_path: Path, declared: str, encoding: str) -> None:
    written = page_of(
        WEST, WEST.replace("café", "crèche"), head=META.format(declared), attributes='lang="en"'
    )
    assert "café" in clean(read_page(tmp_path, written.encode(encoding)), PHRASES).text


def test_a_packed_page_is_the_same_page(tmp_path: Path) -> None:
    content = page_of(BODY, MORE).encode()
    packed = gzip.compress(content)
    raw = only(read(file(tmp_path, "a.html.gz", packed)))
    assert raw.text == read_page(tmp_path, content).text
    assert raw.sha256 == hashlib.sha256(packed).hexdigest()


def ld(**fields: object) -> str:
    said = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(said, ensure_ascii=False)}</script>'


@pytest.mark.parametrize(
    ("head", "given"),
    [
        (ld(headline="أ"), {"title": "أ"}),
        (ld(headline="R &amp; D"), {"title": "R & D"}),
        (ld(author="مريم"), {"author": "مريم"}),
        (ld(author=["مريم", {"@type": "Person", "name": "علي"}]), {"author": "مريم, علي"}),
        (ld(author={"name": "https://x.example/mariam"}), {}),
        (ld(author={"name": "By Jane Doe"}), {"author": "Jane Doe"}),
        (ld(author={"name": "قناة"}, publisher={"name": "قناة"}), {"publisher": "قناة"}),
        (ld(datePublished="2025-11-09T11:07:00+03:00"), {"published_at": "2025-11-09T11:07+03:00"}),
        (ld(datePublished="2025-11-09T11:07:30Z"), {"published_at": "2025-11-09T11:07:30+00:00"}),
        (ld(datePublished="soon", dateCreated="2025-11-08"), {"published_at": "2025-11-08"}),
        (ld(url="javascript:alert(1)"), {}),
        (ld(**{"@type": "WebPage", "headline": "أ"}), {}),
        (ld(headline="أ") + ld(headline="ب"), {"title": "أ"}),
        ('<script type="application/ld+json">{"@type": "NewsArticle", </script>', {}),
        ('<script type="application/ld+json">' + "[" * 9000 + "</script>", {}),
        (
            '<meta property="og:title" content="أ"><meta property="og:site_name" content="ب">',
            {"title": "أ", "publisher": "ب"},
        ),
        (
            '<title>خبر اليوم | قناة</title><meta property="og:site_name" content="قناة">',
            {"title": "خبر اليوم", "publisher": "قناة"},
        ),
        ('<meta name="author" content="مريم"><meta name="author" content="علي">', {"author": "مريم, علي"}),
        ('<meta property="article:author" content="https://facebook.com/x">', {}),
        (
            '<link rel="canonical" href="https://x.example/1"><meta property="og:url" content="https://x.example/2">',
            {"url": "https://x.example/1"},
        ),
        ('<link rel="canonical" href="/relative">', {}),
        ('<time datetime="2025-11-09T11:07:00+0300">today</time>', {"published_at": "2025-11-09T11:07+03:00"}),
        ('<meta name="date" content="Sun, 09 Nov 2025 11:07:00 +0300">', {"published_at": "2025-11-09T11:07+03:00"}),
        ('<meta name="date" content="٢٠٢٥/١١/٩">', {"published_at": "2025-11-09"}),
        (f'<meta property="og:title" content="{"x" * 2500}">', {"title": "x" * 2000}),
    ],
)  # fmt: skip
def test_tags_for_machines_are_believed_as_far_as_they_are_well_formed(
    tmp_path: Path, head: str, given: dict[str, str]
) -> None:
    raw = read_page(tmp_path, page_of(BODY, MORE, head=head))
    assert raw.given == Given(**given, lang="ar")


def test_a_language_is_believed_only_where_the_text_is_in_it(tmp_path: Path) -> None:
    raw = read_page(tmp_path, page_of(BODY, MORE, attributes='lang="en-US"'))
    assert raw.given.lang is None
    provenance = clean(raw, PHRASES).provenance
    assert (provenance.lang, "lang" in provenance.inferred) == ("ar", True)


def test_a_page_without_tags_is_read_from_its_lines(tmp_path: Path) -> None:
    written = page_of(BODY, MORE, attributes="").replace(
        "<article>", "<h1>امتلأت السدود</h1><div>9 نوفمبر 2025</div><article>"
    )
    provenance = clean(read_page(tmp_path, written), PHRASES).provenance
    assert (provenance.title, provenance.published_at) == ("امتلأت السدود", "2025-11-09")
    assert provenance.inferred == ("lang", "published_at")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<p>\0</p>", "is binary (it has NUL bytes)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is binary (it has NUL bytes)"),
        (b"<html><body></body></html>", "holds no article"),
        (b"<html><body><script>render()</script><div id=root></div></body></html>", "holds no article"),
        (b"<div>" * 100_000, "holds no article"),
    ],
)
def test_a_page_that_holds_no_article_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert refusal(read, file(tmp_path, "a.html", content)).startswith(reason)


def test_entities_that_a_page_declares_are_not_looked_up(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the house")
    declared = f'<!DOCTYPE html [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    raw = read_page(tmp_path, declared + page_of(BODY, f"{MORE} &e;").removeprefix("<!DOCTYPE html>"))
    assert "secret of the house" not in raw.text
    assert "&e;" in raw.text
