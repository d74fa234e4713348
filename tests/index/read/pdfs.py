"""PDF files made for the tests: good Arabic, and Arabic as badly made files have it."""

from __future__ import annotations

import io
from collections.abc import Sequence

from fpdf import FPDF
from pypdf import PdfWriter

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

ARABIC = (
    "بلغت كمية المياه المخزنة في السدود الثلاثة 640 مليون متر مكعب في نهاية عام 2024، بزيادة 18.5 في المئة على العام "
    "السابق، وفق بيانات الهيئة العامة للمياه.",
    "لا يزال الطلب على المياه يتزايد بنسبة لا تقل عن ١٢٫٥ في المئة كل عام، ولذلك توصي الهيئة (وهي جهة مستقلة) بإصلاح "
    "شبكات التوزيع القديمة التابعة لشركة SCADA في المدن الكبرى.",
)
ENGLISH = (
    "The volume of water stored in the three dams reached 640 million cubic metres at the end of 2024, up by 18.5 per "
    "cent on the year before, the authority said.",
    "Demand still grows by at least three per cent a year, and so the authority recommends that the oldest of the "
    "city's networks be repaired first.",
)


def made(pages: Sequence[Sequence[str]], *, shaped: bool = True, title: str = "", **properties: str) -> bytes:
    """A PDF of these paragraphs. Shaped, its Arabic is as a reader sees it; unshaped, letters stand from left to right
    in the order that they were typed, so that the page shows them reversed.
    """
    pdf = FPDF()
    pdf.add_font("d", fname=FONT)
    if title:
        pdf.set_title(title)
    for name, value in properties.items():
        getattr(pdf, f"set_{name}")(value)
    for page in pages:
        pdf.add_page()
        for paragraph in page:
            is_arabic = any("\u0600" < char < "\u0700" for char in paragraph)
            pdf.set_font("d", size=24 if paragraph.startswith("#") else 13)
            if shaped:
                pdf.set_text_shaping(True, **({"direction": "rtl", "script": "arab"} if is_arabic else {}))
            pdf.multi_cell(0, 8, paragraph.removeprefix("# "), align="R" if is_arabic else "L")
            pdf.ln(6)
    return bytes(pdf.output())


def encrypted(content: bytes, password: str, algorithm: str = "RC4-128") -> bytes:
    """The same PDF under a password for whoever opens it."""
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    return written(writer)


def drawn(operators: str, resources: str = "") -> bytes:
    """A PDF of one page with these operators, in a font that says nothing of its letters."""
    stream = operators.encode("latin-1")
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> " + resources.encode() + b" >> >>",
            b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
    )


def assembled(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, the first its catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def written(writer: PdfWriter) -> bytes:
    """The bytes of a PDF."""
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()
