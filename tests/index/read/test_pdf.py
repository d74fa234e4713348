"""PDF files: Arabic in the order it is read, page by page; pages that come out wrong are refused by number."""

from __future__ import annotations

import hashlib
import io
import zlib
from pathlib import Path

import pytest
from pypdf import PdfWriter

from index.clean import Phrases, clean
from index.errors import ReadError
from index.pages import page_at
from index.read.legible import fault
from index.read.pdf import read
from index.read.pdf_lines import Line, paragraphs, without_running_titles
from index.split import split
from index.types import Article, Given, RawArticle
from tests.fakes import ConceptEncoder
from tests.index.read import pdfs
from tests.index.read.pdfs import ARABIC, ENGLISH, made
from tests.index.read.reading import file, only, refusal

PHRASES = Phrases.load()


def article(folder: Path, content: bytes) -> Article:
    return clean(only(read(file(folder, "a.pdf", content))), PHRASES)


def joined(*contents: bytes) -> bytes:
    writer = PdfWriter()
    for content in contents:
        writer.append(io.BytesIO(content))
    return pdfs.written(writer)


@pytest.mark.parametrize("text", [ARABIC, ENGLISH])
def test_paragraphs_come_out_as_they_are_read(tmp_path: Path, text: tuple[str, ...]) -> None:
    assert article(tmp_path, made([text])).text == "\n\n".join(text) + "\n\f"


def test_a_piece_of_a_page_names_its_page(tmp_path: Path) -> None:
    made_of = article(tmp_path, made([ARABIC, ENGLISH]))
    passages = split(made_of, ConceptEncoder().count_tokens, 400)
    assert [(page_at(made_of.text, passage.start), passage.text) for passage in passages] == [
        *((1, text) for text in ARABIC),
        *((2, text) for text in ENGLISH),
    ]


def test_crumbs_are_not_joined_over_the_end_of_a_page(tmp_path: Path) -> None:
    made_of = article(tmp_path, made([["A short line."], ["Another short line."]]))
    passages = split(made_of, ConceptEncoder().count_tokens, 400)
    assert [passage.text for passage in passages] == ["A short line.", "Another short line."]
    assert [page_at(made_of.text, passage.start) for passage in passages] == [1, 2]


def test_a_paragraph_that_goes_on_over_the_page_stands_where_it_begins(tmp_path: Path) -> None:
    first, second = ENGLISH[0].split(" at the end of ")
    text = article(tmp_path, made([[f"{first} at the end of"], [second, ENGLISH[1]]])).text
    assert text == f"{ENGLISH[0]}\n\f{ENGLISH[1]}\n\f"


def test_the_properties_of_the_document_are_given(tmp_path: Path) -> None:
    content = made([["# تقرير السدود", *ARABIC]], title="تقرير السدود", author="هيئة المياه", lang="ar-SA")
    raw = only(read(file(tmp_path, "a.pdf", content)))
    assert raw.given == Given(title="تقرير السدود", author="هيئة المياه", lang="ar")
    assert raw.sha256 == hashlib.sha256(content).hexdigest()
    assert clean(raw, PHRASES).text == "\n\n".join(ARABIC) + "\n\f"


@pytest.mark.parametrize("title", ["Microsoft Word - report.doc", "report_final.docx", "untitled", "2024-1"])
def test_what_programs_fill_in_is_no_title(tmp_path: Path, title: str) -> None:
    raw = only(
        read(
            file(
                tmp_path, "a.pdf", made([["# Annual report", *ENGLISH]], title=title, author="Administrator")
            )
        )
    )
    assert raw.given == Given()
    provenance = clean(raw, PHRASES).provenance
    assert (provenance.title, provenance.inferred) == ("Annual report", ("title", "lang"))


def test_a_reversed_page_is_refused_by_number_and_the_others_go_in(tmp_path: Path) -> None:
    content = joined(made([ARABIC]), made([ARABIC], shaped=False), made([ENGLISH]))
    refused, raw = read(file(tmp_path, "a.pdf", content))
    assert isinstance(refused, ReadError)
    assert isinstance(raw, RawArticle)
    assert str(refused) == (
        "a.pdf#page=2: page 2 comes out reversed: its Arabic words read from their last letter to their first"
    )
    text = clean(raw, PHRASES).text
    assert [page_at(text, text.index(paragraph)) for paragraph in (*ARABIC, *ENGLISH)] == [1, 1, 3, 3]


LATIN = " ".join(ENGLISH)
NONE = "has no page that can be read: "
DISGUISED = "".join(chr(ord(char) - 29) if char.isalpha() else " " for char in LATIN)
for char in "\\()":
    DISGUISED = DISGUISED.replace(char, "x")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no PDF that can be read: EmptyFileError"),
        (b"no PDF", "is no PDF that can be read: "),
        (b"%PDF-1.7\n" + b"x" * 1000, "is no PDF that can be read: "),
        (made([ARABIC], shaped=False), NONE + "its page comes out reversed: its Arabic words"),
        (joined(*[made([ARABIC], shaped=False)] * 2), NONE + "each of its 2 pages comes out reversed"),
        (made([[" ".join(ARABIC[0].replace(" ", ""))]]), NONE + "its page comes out unjoined"),
        (pdfs.drawn(f"BT /F1 12 Tf 50 800 Td ({DISGUISED}) Tj ET"), NONE + "its page comes out as letters"),
        (pdfs.drawn("BT /F1 12 Tf 5 8 Td (\x01\x02\x03\x04\x05\x06) Tj ET"), NONE + "its page comes out as signs"),
        (pdfs.drawn(""), "has no text"),
        (pdfs.drawn("/I Do", "/XObject << /I 4 0 R >>"), "has no text, its pages are pictures (a scan); run text"),
        (pdfs.encrypted(made([ENGLISH]), "secret"), "is encrypted; save it without a password"),
        (
            pdfs.assembled([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]),
            "is no PDF that can be read: PdfReadError: Detected cyclic page references",
        ),
        (
            pdfs.assembled([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 99999999 >>"]),
            "has no pages",
        ),
    ],
)  # fmt: skip
def test_a_pdf_without_readable_text_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refusal(read, file(tmp_path, "a.pdf", content)).startswith(reason)


@pytest.mark.slow
def test_a_stream_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = zlib.compress(b" " * 120_000_000, 9)
    content = pdfs.drawn("x").replace(
        b"<< /Length 1 >>\nstream\nx\n",
        b"<< /Filter /FlateDecode /Length " + str(len(bomb)).encode() + b" >>\nstream\n" + bomb + b"\n",
    )
    assert refusal(read, file(tmp_path, "a.pdf", content)).startswith(
        NONE + "its page cannot be read: LimitReachedError"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ARABIC[0], None),
        (ENGLISH[0], None),
        (ARABIC[0][::-1], "comes out reversed"),
        (f"{ARABIC[0]} {ARABIC[1][::-1]}", "comes out reversed"),
        (" ".join(ARABIC[0].replace(" ", "")), "comes out unjoined"),
        (f"{ARABIC[0]} \ue001\ue002\ue003\ue004\ue005", "comes out as signs"),
        ("G\ufffdc\ufffd\ufffd bea\ufffd", "comes out as signs"),
        ("fl«˘ª˘Éä Gd˘ÓL˘ÄÚ Gdü°˘ëôGhjÚ eƒL¡á d∏û°© f˘£˘∏˘≤â GCh∫ GCeù¢, b˘Éa˘∏˘á J†°˘Ée " * 4, "comes out as letters"),
        ("1 250 98 104 2024 17 300 " * 20, None),
        ("PORT OF RIMAL BERTH QUAY CRANE VESSEL TONNE " * 8, None),
        ("و ص ق", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_page_is_judged_by_its_words(text: str, reason: str | None) -> None:
    found = fault(text)
    assert found == reason or (found or "").startswith(str(reason))


def test_running_titles_and_numbers_of_pages_are_left_out() -> None:
    pages = [
        [
            Line("Annual report 2024", 800, 9),
            Line(f"The body of a page, with {'so ' * n}much in it.", 700, 12),
            Line(f"Page {n} of 4", 40, 9),
        ]
        for n in range(1, 5)
    ]
    assert [[line.text for line in page] for page in without_running_titles(pages)] == [
        [f"The body of a page, with {'so ' * n}much in it."] for n in range(1, 5)
    ]


def test_lines_are_put_together_to_paragraphs_and_larger_ones_are_headings() -> None:
    page = [
        Line("Dams of the north", 800, 20),
        Line("The three dams hold more water than they did in any of the last ten", 760, 12),
        Line("years, and the author-", 746, 12),
        Line("ity expects more.", 732, 12),
        Line("A new paragraph begins below a full line, as it stands farther away", 704, 12),
        Line("Repairs", 670, 14),
        Line("• first the north", 650, 12),
        Line("• then the south", 636, 12),
    ]
    assert paragraphs([page]) == [
        [
            "# Dams of the north",
            "The three dams hold more water than they did in any of the last ten years, and the authority expects"
            " more.",
            "A new paragraph begins below a full line, as it stands farther away",
            "## Repairs",
            "• first the north",
            "• then the south",
        ]
    ]
