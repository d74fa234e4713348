"""Feeds: an article an item. Sitemaps: the address of files that lie beside them. Hostile XML is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import ReadError
from index.read import Corpus
from index.read.sitemap import listed
from index.read.xml import read
from index.types import Given, RawArticle
from tests.index.read.reading import file, refusal

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>وكالة الساحل</title><link>https://san.example</link><language>ar-AE</language>
<item><title>أمطار على &lt;b&gt;المرتفعات&lt;/b&gt;</title><link>https://san.example/1</link>
<guid isPermaLink="false">n-1</guid>
<pubDate>Mon, 03 Nov 2025 16:20:00 +0400</pubDate><dc:creator>سالم مراد</dc:creator>
<category>محليات</category><description>ملخص الخبر.</description>
<content:encoded><![CDATA[<p>توقعت الهيئة أمطارا على المرتفعات.</p>
<p>ودعت إلى الحذر &amp; الانتباه.</p>]]></content:encoded></item>
<item><title>Only a summary</title><link>https://san.example/2</link>
<description>A summary in English, as text.</description>
<author>desk@san.example (News Desk)</author><pubDate>soon</pubDate></item>
<item><title>Nothing</title><guid>https://san.example/3</guid></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title type="html">The &lt;i&gt;Courier&lt;/i&gt;</title>
<entry><id>tag:courier,1</id><title>Late buses stay</title><link rel="self" href="https://c.example/self"/>
<link rel="alternate" href="https://c.example/late-buses"/><published>2025-10-08T21:17:00-05:00</published>
<updated>2025-10-09T00:00:00Z</updated><author><name>Dana Whitfield</name></author>
<author><name>Ed Kowalski</name></author>
<category term="schools" label="Schools"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The buses stay.</p>
<p>So said the <b>board</b>.</p></div></content></entry>
<entry><id>tag:courier,2</id><title>Only updated</title><updated>2025-10-09</updated>
<summary>One line.</summary></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://o.example"><title>Old paper</title></channel>
<item rdf:about="https://o.example/1"><title>First</title><link>https://o.example/1</link>
<description>The first item.</description><dc:date>2004-06-17T08:00+03:00</dc:date></item></rdf:RDF>"""


def read_all(folder: Path, name: str, content: str | bytes) -> list[RawArticle]:
    items = list(read(file(folder, name, content)))
    assert all(isinstance(item, RawArticle) for item in items), items
    return [item for item in items if isinstance(item, RawArticle)]


def test_an_item_of_rss_is_an_article_and_one_without_text_is_refused(tmp_path: Path) -> None:
    first, second, third = read(file(tmp_path, "feed.xml", RSS))
    assert isinstance(first, RawArticle)
    assert first.source == "feed.xml#n-1"
    assert first.text == "توقعت الهيئة أمطارا على المرتفعات.\n\nودعت إلى الحذر & الانتباه."
    assert first.is_clean
    assert first.given == Given(
        title="أمطار على المرتفعات",
        url="https://san.example/1",
        publisher="وكالة الساحل",
        author="سالم مراد",
        published_at="2025-11-03T16:20+04:00",
        section="محليات",
        lang="ar",
    )
    assert isinstance(second, RawArticle)
    assert (second.source, second.text) == (
        "feed.xml#https://san.example/2",
        "A summary in English, as text.",
    )
    assert second.given == Given(
        "Only a summary", "https://san.example/2", "وكالة الساحل", "News Desk", None, None, None
    )
    assert str(third) == (
        "feed.xml#https://san.example/3: item 3: text: is empty or not there; an article needs text"
    )


def test_an_entry_of_atom_is_an_article(tmp_path: Path) -> None:
    first, second = read_all(tmp_path, "a.atom", ATOM)
    assert (first.source, first.text) == ("a.atom#tag:courier,1", "The buses stay.\n\nSo said the board.")
    assert first.given == Given(
        "Late buses stay",
        "https://c.example/late-buses",
        "The Courier",
        "Dana Whitfield, Ed Kowalski",
        "2025-10-08T21:17-05:00",
        "Schools",
        "en",
    )
    assert (second.text, second.given.published_at) == ("One line.", "2025-10-09")


def test_an_item_of_rss_1_is_an_article(tmp_path: Path) -> None:
    (item,) = read_all(tmp_path, "a.rss", RDF)
    assert item.source == "a.rss#https://o.example/1"
    assert item.given == Given("First", "https://o.example/1", "Old paper", None, "2004-06-17T08:00+03:00")


def test_an_item_keeps_its_digest_while_others_come_and_go(tmp_path: Path) -> None:
    before = read_all(tmp_path, "a.atom", ATOM)[1]
    start, end = ATOM.index("<entry>"), ATOM.index("</entry>") + len("</entry>")
    (after,) = read_all(tmp_path, "a.atom", ATOM[:start] + ATOM[end:])
    assert after == before


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16"])
def test_a_feed_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    declared = RSS.replace("UTF-8", "windows-1256" if encoding == "cp1256" else encoding)
    first, *_ = read(file(tmp_path, "feed.xml", ("\n" + declared).encode(encoding)))
    assert isinstance(first, RawArticle)
    assert first.given.title == "أمطار على المرتفعات"


LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><rss><item><title>&b;</title></item></rss>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty; an article needs text"),
        ("<rss>", "is not well-formed XML: no element found: line 1, column 5"),
        ("<rss></rss>", "is a feed without items"),
        ("<catalogue/>", "is XML, but neither a feed nor a sitemap: its root is <catalogue>"),
        (LAUGHS, "declares entities, which expand or lead elsewhere; it is not read"),
        (
            '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item>&x;</item></rss>',
            "declares entities, which expand or lead elsewhere; it is not read",
        ),
    ],
)
def test_xml_that_is_no_feed_or_not_safe_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    assert refusal(read, file(tmp_path, "a.xml", content)) == reason


PAGE = "<html><body><article><p>{}</p></article></body></html>"
TEXT = "The ferry to the outer isles will sail four times a day from May, the department said on Wednesday."
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{}</urlset>"""


def entry(address: str, more: str = "") -> str:
    return f"<url><loc>{address}</loc>{more}</url>"


NEWS = (
    "<news:news><news:publication><news:name>The Courier</news:name></news:publication>"
    "<news:publication_date>2025-04-02T09:00:00+01:00</news:publication_date><news:title>Ferries</news:title></news:news>"
)


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("a.html", "https://x.example/a.html"),
        ("a.html", "https://x.example/2025/04/a.html"),
        ("a.html", "a.html"),
        ("2025/04/a.html", "https://x.example/2025/04/a.html?page=1#top"),
        ("2025/04/ferries.html", "https://x.example/2025/04/ferries"),
        ("2025/04/ferries/index.html", "https://x.example/2025/04/ferries/"),
        ("x.example/2025/a.html.gz", "https://x.example/2025/a.html"),
        ("خبر.html", "https://x.example/%D8%AE%D8%A8%D8%B1.html"),
    ],
)
def test_a_listed_file_is_found_where_its_address_says(tmp_path: Path, place: str, address: str) -> None:
    file(tmp_path, "sitemap.xml", SITEMAP.format(entry(address)))
    found = listed(tmp_path, ["sitemap.xml"], [place, "sitemap.xml"])
    assert found.given == {place: Given(url=address if "://" in address else None)}
    assert found.refused == {"sitemap.xml": []}


@pytest.mark.slow
def test_a_sitemap_says_what_the_page_does_not(tmp_path: Path) -> None:
    file(tmp_path, "sitemap.xml", SITEMAP.format(entry("https://x.example/a.txt", NEWS)))
    file(tmp_path, "a.txt", f"---\ntitle: Of its own\n---\n{TEXT}")
    (raw,) = Corpus.at(tmp_path)
    assert isinstance(raw, RawArticle)
    assert raw.given == Given(
        title="Of its own",
        url="https://x.example/a.txt",
        publisher="The Courier",
        published_at="2025-04-02T09:00+01:00",
    )


@pytest.mark.parametrize(
    "address",
    [
        "../secret.html",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://x.example/../../secret.html",
        "https://x.example/%2e%2e/secret.html",
        "https://[bad",
        "a/../../secret.html",
    ],
)
def test_no_path_leads_out_of_the_folder(tmp_path: Path, address: str) -> None:
    (tmp_path / "secret.html").write_text(PAGE.format(TEXT))
    folder = tmp_path / "corpus"
    folder.mkdir()
    file(folder, "sitemap.xml", SITEMAP.format(entry(address)))
    found = listed(folder, ["sitemap.xml"], ["sitemap.xml", "secret.html.txt"])
    assert found.given == {}
    (refused,) = found.refused["sitemap.xml"]
    assert isinstance(refused, ReadError)
    assert refused.source == f"sitemap.xml#{address}"


def test_a_sitemap_alone_is_the_corpus_of_the_files_it_lists(tmp_path: Path) -> None:
    addresses = ("https://x.example/a.txt", "https://x.example/none.txt", "https://x.example/nor-this.txt")
    path = file(tmp_path, "sitemap.xml", SITEMAP.format("".join(map(entry, addresses)))).path
    for name in ("a.txt", "b.txt"):
        file(tmp_path, name, TEXT)
    corpus = Corpus.at(path)
    assert corpus.names == ("a.txt", "sitemap.xml")
    assert corpus.root == path
    (refused,) = corpus.sitemaps.refused["sitemap.xml"]
    assert str(refused) == (
        "sitemap.xml#https://x.example/none.txt: lists 2 files not beside it, this first; nothing is fetched"
    )


def test_a_hostile_sitemap_says_nothing_and_its_reader_refuses_it(tmp_path: Path) -> None:
    source = file(tmp_path, "sitemap.xml", LAUGHS.replace("<rss>", "<urlset>").replace("</rss>", "</urlset>"))
    assert listed(tmp_path, ["sitemap.xml"], ["sitemap.xml"]).given == {}
    assert refusal(read, source).startswith("declares entities")


def test_a_sitemap_holds_no_article_itself(tmp_path: Path) -> None:
    assert list(read(file(tmp_path, "a.xml", SITEMAP.format(entry("https://x.example/a.html"))))) == []


def test_a_document_type_is_not_looked_up(tmp_path: Path) -> None:
    declared = RSS.replace("<rss ", '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/rss-0.91.dtd">\n<rss ')
    first, *_ = read(file(tmp_path, "feed.xml", declared))
    assert isinstance(first, RawArticle)
