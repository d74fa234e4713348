"""Word files: paragraphs, headings, lists, tables, tracked changes; their properties; hostile ones refused."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from index.clean import Phrases, clean
from index.read.docx import read
from index.types import Given
from tests.index.read.reading import file, only, refusal

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)
STYLES = f"""<w:styles xmlns:w="{W}"><w:style w:styleId="T"><w:name w:val="Title"/></w:style>
<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="a2"><w:name w:val="عنوان 2"/></w:style>
<w:style w:styleId="L"><w:name w:val="List Bullet"/></w:style></w:styles>"""
CORE = """<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>تقرير الموانئ</dc:title><dc:creator>هدى السالم</dc:creator>
<dc:language>ar-SA</dc:language></cp:coreProperties>"""


def paragraph(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def styled(style: str, text: str) -> str:
    return paragraph(run(text), f'<w:pStyle w:val="{style}"/>')


def document(*body: str) -> str:
    return f'<w:document xmlns:w="{W}"><w:body>{"".join(body)}<w:sectPr/></w:body></w:document>'


def docx(main: str, **parts: str) -> bytes:
    """A Word file of this document and of other parts, `__` in their names a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("_rels/.rels", RELATIONS)
        package.writestr("word/document.xml", main)
        for name, content in parts.items():
            package.writestr(name.replace("__", "/") + ".xml", content)
    return buffer.getvalue()


WHOLE = document(
    styled("T", "تقرير الموانئ"),
    paragraph(run("استقبل الميناء ") + run("1,250 سفينة") + run(" في عام 2024.")),
    styled("1", "خلاصة"),
    paragraph(run("السطر الأول") + "<w:r><w:br/></w:r>" + run("السطر الثاني.")),
    paragraph(run("بند"), '<w:numPr><w:numId w:val="1"/></w:numPr>'),
    styled("L", "بند آخر"),
    styled("a2", "عنوان فرعي"),
    paragraph(
        f"<w:ins>{run('أضيف هذا')}</w:ins><w:del><w:r><w:delText>حذف هذا</w:delText></w:r></w:del>{run('.')}"
        f"<w:hyperlink>{run(' وهذا رابط.')}</w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r>"
    ),
    f"<w:sdt><w:sdtContent>{paragraph(run('في عنصر تحكم.'))}</w:sdtContent></w:sdt>",
    f"<w:tbl><w:tr><w:tc>{paragraph(run('الشهر'))}</w:tc><w:tc>{paragraph(run('السفن'))}</w:tc></w:tr>"
    f"<w:tr><w:tc>{paragraph(run('يناير'))}</w:tc><w:tc>{paragraph(run('98'))}</w:tc></w:tr></w:tbl>",
    paragraph(
        f"{run('قبل الإطار.')}<w:pict><w:txbxContent>{paragraph(run('داخل الإطار.'))}</w:txbxContent></w:pict>"
    ),
    paragraph(""),
)


def test_a_document_is_read_in_order(tmp_path: Path) -> None:
    content = docx(WHOLE, word__styles=STYLES, docProps__core=CORE)
    raw = only(read(file(tmp_path, "a.docx", content)))
    assert raw.text.split("\n\n") == [
        "# تقرير الموانئ",
        "استقبل الميناء 1,250 سفينة في عام 2024.",
        "## خلاصة",
        "السطر الأول",
        "السطر الثاني.",
        "- بند",
        "- بند آخر",
        "## عنوان فرعي",
        "أضيف هذا. وهذا رابط.",
        "في عنصر تحكم.",
        "الشهر | السفن",
        "يناير | 98",
        "قبل الإطار.",
        "داخل الإطار.",
    ]
    assert raw.given == Given(title="تقرير الموانئ", author="هدى السالم", lang="ar")
    assert (raw.is_clean, raw.sha256) == (True, hashlib.sha256(content).hexdigest())
    article = clean(raw, Phrases.load())
    assert article.text.startswith("استقبل الميناء")


@pytest.mark.parametrize("style", ["T", "1"])
def test_without_properties_the_first_heading_is_the_title(tmp_path: Path, style: str) -> None:
    content = docx(
        document(styled(style, "تقرير الموانئ"), paragraph(run("نص الفقرة."))), word__styles=STYLES
    )
    provenance = clean(only(read(file(tmp_path, "a.docx", content))), Phrases.load()).provenance
    assert (provenance.title, provenance.inferred) == ("تقرير الموانئ", ("title", "lang"))


def with_sizes(content: bytes, size: int) -> bytes:
    """The same package, every part said to unpack to so many bytes."""
    data = bytearray(content)
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 24 : place + 28] = size.to_bytes(4, "little")
    return bytes(data)


def flagged(content: bytes) -> bytes:
    """The same package, every part said to be encrypted."""
    data = bytearray(content)
    place = -1
    while (place := data.find(b"PK\x01\x02", place + 1)) >= 0:
        data[place + 8] |= 1
    return bytes(data)


ONE = docx(document(paragraph(run("text"))))
LAUGHS = f'<!DOCTYPE d [<!ENTITY a "ha">]><w:document xmlns:w="{W}"><w:body>&a;</w:body></w:document>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no .docx that can be read: File is not a zip file"),
        (b"PK\x03\x04 no zip", "is no .docx that can be read: File is not a zip file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100,
            "is encrypted, or in Word's old format; save it as .docx",
        ),
        (docx(document()), "has no text"),
        (docx(document(styled("T", "   "))), "has no text"),
        (docx(LAUGHS), "declares entities, which expand or lead elsewhere"),
        (docx("<w:document"), "is not well-formed XML"),
        (
            docx(document(paragraph(run("a" * 20_000_000)))),
            "unpacks to more than 200 times its size, as no text does",
        ),
        (with_sizes(ONE, 60_000_000), "unpacks to more than 50,000,000 bytes, the limit"),
        (flagged(ONE), "is encrypted; save it without a password"),
        (ONE[: len(ONE) // 2], "is no .docx that can be read: File is not a zip file"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refusal(read, file(tmp_path, "a.docx", content)).startswith(reason)


def test_a_package_without_a_document_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("../../etc/passwd", "x")
    assert refusal(read, file(tmp_path, "a.docx", buffer.getvalue())) == "is no .docx: it holds no document"


def test_deep_nesting_does_not_hurt(tmp_path: Path) -> None:
    deep = "<w:sdt>" * 20_000 + paragraph(run("innermost text")) + "</w:sdt>" * 20_000
    assert only(read(file(tmp_path, "a.docx", docx(document(deep))))).text == "innermost text"
