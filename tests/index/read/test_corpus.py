"""A folder of many formats: what goes in, what stays when a file cannot be read, what a hostile file can do."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ReadError
from index.identity import article_id
from index.read import FORMATS, Corpus, FieldMap, apart
from index.read.apart import Apart
from index.read.files import SourceFile
from index.store import create_store
from index.sync import sync
from index.types import RawArticle, Store
from tests.fakes import ConceptEncoder
from tests.index.read import pdfs
from tests.index.read.reading import file
from tests.index.read.test_docx import document, docx, paragraph, run
from tests.index.read.test_html import BODY, MORE, page_of
from tests.index.read.test_xml import RSS, SITEMAP, entry

TEXT = (
    "The leaders met at the summit in Astana on Monday and spoke about the minerals of the region for hours."
)
OTHER = (
    "The water of the Caspian Sea falls every year, so ships carry less cargo than they did ten years ago."
)
LINES = "".join(json.dumps({"id": n, "text": f"{TEXT} Record {n}."}) + "\n" for n in (1, 2, 3))
OF_EACH: dict[str, bytes] = {
    "a.txt": TEXT.encode(),
    "b.md": f"# A heading\n\n{TEXT}".encode(),
    "c.html": page_of(BODY, MORE).encode(),
    "d.jsonl": LINES.encode(),
    "e.csv": f'id,text\n1,"{TEXT}"\n2,"{OTHER}"\n'.encode(),
    "f.pdf": pdfs.made([pdfs.ARABIC, pdfs.ENGLISH]),
    "g.docx": docx(document(paragraph(run(TEXT)))),
    "h.rss": RSS.encode(),
    "i.html.gz": gzip.compress(page_of(BODY, MORE).encode()),
    "sitemap.xml": SITEMAP.format(entry("https://x.example/c.html")).encode(),
}


@pytest.fixture
def encoder() -> ConceptEncoder:
    return ConceptEncoder()


@pytest.fixture
def store(tmp_path: Path, encoder: ConceptEncoder) -> Iterator[Store]:
    with create_store(tmp_path / "store", encoder.key) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    return folder


def fill(folder: Path) -> None:
    for name, content in OF_EACH.items():
        file(folder, name, content)


def stored(store: Store) -> list[str]:
    return [provenance.source for _, provenance, _ in store.view().articles(100)[0]]


@pytest.mark.slow
def test_a_folder_with_a_file_of_each_format_is_synced_and_synced_again_unchanged(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    fill(folder)
    report = sync(folder, store, encoder)
    assert [change.source for change in report.changes if change.kind == "refused"] == [
        "h.rss#https://san.example/3"
    ]
    assert stored(store) == [
        "a.txt", "b.md", "c.html", "d.jsonl#1", "d.jsonl#2", "d.jsonl#3", "e.csv#1", "e.csv#2", "f.pdf", "g.docx",
        "h.rss#https://san.example/2", "h.rss#n-1", "i.html.gz",
    ]  # fmt: skip
    assert store.view().article(article_id("c.html")).provenance.url == "https://x.example/c.html"
    encoder.encoded.clear()
    again = sync(folder, store, encoder)
    assert {change.kind for change in again.changes} == {"unchanged", "refused"}
    assert (again.embedded, again.revision, encoder.encoded) == (0, report.revision, [])


@pytest.mark.slow
def test_records_are_added_changed_and_removed_by_their_ids(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    path = file(folder, "cms.jsonl", LINES).path
    sync(path, store, encoder)
    encoder.encoded.clear()
    one, _, three = LINES.splitlines(keepends=True)
    zero = json.dumps({"id": 0, "text": OTHER}) + "\n"
    path.write_text(zero + three.replace("minerals", "jets") + one, "utf-8")
    report = sync(path, store, encoder)
    assert {change.source: change.kind for change in report.changes} == {
        "cms.jsonl#0": "added",
        "cms.jsonl#3": "changed",
        "cms.jsonl#1": "unchanged",
        "cms.jsonl#2": "removed",
    }
    assert report.embedded == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        LINES.splitlines(keepends=True)[0] + "{\n",
        "",
        LINES.encode()[:150] + b"\xff\xff\n",
        "[" * 200_000,
    ],
)
def test_nothing_is_removed_that_may_stand_in_what_cannot_be_read(
    folder: Path, store: Store, encoder: ConceptEncoder, content: str | bytes
) -> None:
    file(folder, "cms.jsonl", LINES)
    file(folder, "own.jsonl", json.dumps({"source": "cms-4711", "text": OTHER}))
    file(folder, "a.txt", OTHER)
    sync(folder, store, encoder)
    file(folder, "cms.jsonl", content)
    (folder / "a.txt").unlink()
    report = sync(folder, store, encoder)
    assert [change.source for change in report.changes if change.kind == "removed"] == ["a.txt"]
    assert stored(store) == ["cms-4711", "cms.jsonl#1", "cms.jsonl#2", "cms.jsonl#3"]
    (folder / "cms.jsonl").unlink()
    sync(folder, store, encoder)
    assert stored(store) == ["cms-4711"]


@pytest.mark.slow
def test_an_export_that_moved_or_was_renamed_keeps_the_articles_that_name_themselves(
    tmp_path: Path, store: Store, encoder: ConceptEncoder
) -> None:
    fields = FieldMap.parse("source=id")
    path = file(tmp_path, "monday.jsonl", LINES).path
    sync(Corpus.at(path, fields), store, encoder)
    encoder.encoded.clear()
    path = path.rename(tmp_path / "tuesday.jsonl")
    report = sync(Corpus.at(path, fields), store, encoder)
    assert {change.source: change.kind for change in report.changes} == dict.fromkeys("123", "unchanged")
    assert encoder.encoded == []


@pytest.mark.slow
def test_two_records_of_one_name_in_two_files_are_told(
    folder: Path, store: Store, encoder: ConceptEncoder
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        file(folder, name, json.dumps({"source": "same", "text": f"{TEXT} {name}"}))
    report = sync(folder, store, encoder)
    assert [(change.source, change.kind, change.reason) for change in report.changes] == [
        ("same", "added", None),
        ("same", "refused", "an article of this name came before it; name it otherwise"),
    ]
    assert store.view().article(article_id("same")).text.endswith("a.jsonl")


@pytest.mark.slow
def test_a_record_that_holds_no_text_is_refused_and_the_rest_of_its_file_goes_in(folder: Path) -> None:
    hostile = [
        '{"id": 1, "text": "a\\ud800"}',
        '{"id": 2, "text": "a\\u0000b"}',
        json.dumps({"id": 3, "text": TEXT}),
    ]
    file(folder, "a.jsonl", "\n".join(hostile))
    first, second, third = Corpus.at(folder)
    assert str(first) == "a.jsonl#1: text: holds U+D800, which is no text"
    assert str(second) == "a.jsonl#2: text: holds U+0000, which is no text"
    assert isinstance(third, RawArticle)


def test_sidecars_and_mappings_and_lock_files_are_no_sources(folder: Path) -> None:
    for name in ("a.txt", "a.meta.json", "b.map.toml", "~$c.docx", ".hidden.html", "d.exe"):
        file(folder, name, "x")
    assert Corpus.at(folder).names == ("a.txt", "d.exe")


def test_a_file_of_no_format_is_refused_and_the_formats_are_named(folder: Path) -> None:
    file(folder, "d.exe", "MZ")
    (refused,) = Corpus.at(folder)
    assert str(refused) == f"d.exe: no reader for .exe; there are {', '.join(sorted(FORMATS))}"


def test_a_sidecar_outside_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    file(tmp_path, "secret.json", '{"title": "secret"}')
    file(folder, "a.txt", TEXT)
    (folder / "a.meta.json").symlink_to(tmp_path / "secret.json")
    (refused,) = Corpus.at(folder)
    assert str(refused).startswith("a.txt: has a sidecar that is a link to a file outside the folder")


def test_provenance_beside_a_file_of_records_is_what_they_do_not_say(folder: Path) -> None:
    from index.read.given import merged
    from index.read.records import read
    from index.read.sidecar import sidecar

    source = file(folder, "a.jsonl", json.dumps({"text": TEXT, "title": "own"}))
    file(folder, "a.meta.json", '{"title": "beside", "publisher": "P"}')
    (item,) = read(source, FieldMap())
    assert isinstance(item, RawArticle)
    given = merged(item.given, sidecar(source))
    assert (given.title, given.publisher) == ("own", "P")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.txt.gz",
            gzip.compress(b"a" * 9_000_000, 9),
            "unpacks to more than 200 times its size, as no text does",
        ),
        (
            "a.txt.gz",
            gzip.compress(os.urandom(5_500_000).hex().encode(), 1),
            "unpacks to more than 10,000,000 bytes, the limit",
        ),
        ("a.txt.gz", gzip.compress(os.urandom(50_000))[:-3000], "is not whole gzip: "),
        ("a.txt.gz", b"no gzip", "is not whole gzip: Not a gzipped file"),
        ("a.txt", b"a\0b", "is binary (it has NUL bytes), no text"),
    ],
)
def test_a_packed_file_that_is_none_or_a_bomb_is_refused(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    file(folder, name, content)
    (refused,) = Corpus.at(folder)
    assert str(refused).startswith(f"{name}: {reason}")


@pytest.mark.slow
def test_a_bomb_of_records_is_refused_while_it_unpacks(folder: Path) -> None:
    file(folder, "a.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 2_000_000, 9))
    (refused,) = Corpus.at(folder)
    assert str(refused) == "a.jsonl.gz: unpacks to more than 200 times its size, as no text does"


IN_A_HURRY = apart.LAUNCH.replace(
    "from index", "from index.read import budget; budget.SECONDS = 2; from index", 1
)
ATTRIBUTES = " ".join(f"a{n}=1" for n in range(150_000))
FORMS = "".join(f"/F{n} {n + 6} 0 R " for n in range(1, 12))


def nested_forms() -> bytes:
    """A PDF of one page whose forms each draw the next twenty times: 20 to the power of 10 drawings."""
    resources = (
        f"<< /Font << /F1 5 0 R >> /XObject << {''.join(f'/X{n} {n + 6} 0 R ' for n in range(10))} >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources {resources} >>".encode(),
        b"<< /Length 6 >>\nstream\n/X0 Do\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(10):
        draws = (f"/X{n + 1} Do " * 20 if n < 9 else "BT /F1 1 Tf (x) Tj ET").encode()
        head = (
            f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources {resources} /Length {len(draws)} >>"
        )
        objects.append(head.encode() + b"\nstream\n" + draws + b"\nendstream")
    return pdfs.assembled(objects)


@pytest.mark.slow
def test_an_endless_file_is_refused_and_the_next_one_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LAUNCH", IN_A_HURRY)
    file(folder, "a.html", page_of(BODY, MORE))
    file(folder, "b.html", f"<html><body><p {ATTRIBUTES}>{TEXT}</p></body></html>".encode())
    file(folder, "c.html", page_of(BODY, MORE))
    first, refused, last = Corpus.at(folder)
    assert isinstance(first, RawArticle)
    assert isinstance(last, RawArticle)
    assert isinstance(refused, ReadError)
    assert str(refused).startswith("b.html: took more than ")
    assert str(refused).endswith(" seconds of the processor; nothing more of it is read")


@pytest.mark.slow
def test_a_page_that_draws_without_end_is_refused_whole(folder: Path) -> None:
    file(folder, "b.pdf", nested_forms())
    (refused,) = Corpus.at(folder)
    assert str(refused) == (
        "b.pdf: has no page that can be read: its page draws more than 10,000 images and forms"
    )


@pytest.mark.slow
def test_a_reader_that_dies_takes_only_its_file_with_it(folder: Path) -> None:
    good = file(folder, "a.html", page_of(BODY, MORE))
    with Apart() as reading:
        assert [type(item).__name__ for item in reading.read(good, FieldMap())] == ["RawArticle"]
        assert reading._process is not None
        os.kill(reading._process.pid, signal.SIGKILL)
        (died,) = reading.read(good, FieldMap())
        assert str(died) == "a.html: took too much time or memory; nothing more of it is read"
        assert [type(item).__name__ for item in reading.read(good, FieldMap())] == ["RawArticle"]


@pytest.mark.slow
def test_a_reader_left_in_the_middle_ends(folder: Path) -> None:
    lines = file(folder, "a.jsonl", LINES)
    with Apart() as reading:
        items = reading.read(lines, FieldMap())
        next(items)
        process = reading._process
        assert process is not None
        items.close()  # type: ignore[attr-defined]  # a generator
        assert process.poll() is not None
        assert len(list(reading.read(lines, FieldMap()))) == 3


WITHOUT_NETWORK = """
import sys, json
touched = []
def hook(event, arguments):
    if event.startswith("socket."):
        touched.append(event)
        raise PermissionError(event)
sys.addaudithook(hook)
from pathlib import Path
from index.read.files import SourceFile
from index.read.formats import FORMATS, reader
from index.read import Corpus, FieldMap
folder = Path(sys.argv[1])
corpus = Corpus.at(folder)
read = []
for name in corpus.names:
    source = SourceFile(folder / name, name, folder)
    read += [name for item in reader(source, FieldMap())(source)]
print(json.dumps([touched, read]))
"""


@pytest.mark.slow
def test_no_reader_touches_the_network(folder: Path) -> None:
    fill(folder)
    outward = '<base href="http://127.0.0.1:1/"><link rel="stylesheet" href="x.css"><img src="http://127.0.0.1:1/x">'
    file(
        folder,
        "j.html",
        '<!DOCTYPE html SYSTEM "http://127.0.0.1:1/x.dtd">' + page_of(BODY, MORE, head=outward),
    )
    file(folder, "k.rss", RSS.replace("<rss ", '<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x.dtd"><rss '))
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, folder], capture_output=True, text=True, check=True
    )
    touched, read = json.loads(ran.stdout)
    assert set(touched) <= {
        "socket.__new__"
    }  # urllib3 looks whether there is IPv6 when it is imported, no more
    assert set(read) == {*OF_EACH, "j.html", "k.rss"} - {"sitemap.xml"}


@pytest.mark.slow
def test_the_process_that_reads_cannot_open_a_connection_or_start_a_program() -> None:
    script = (
        "import sys, socket, subprocess; from index.read.apart import _forbid; sys.addaudithook(_forbid)\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', 1)), lambda: socket.getaddrinfo('x', 1),"
        " lambda: subprocess.Popen(['true'])):\n"
        "    try:\n        attempt()\n        print('did')\n"
        "    except PermissionError:\n        print('may not')\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n") == ["may not"] * 3 + [""]


LATE = ("trafilatura", "lxml", "justext", "pypdf", "defusedxml", "watchfiles", "htmldate", "courlan")


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["index.read", "index.sync", "index.__main__", "service.app", "service.tasks.payloads"]
)
def test_the_libraries_of_the_formats_are_not_imported_to_start(module: str) -> None:
    script = f"import sys, {module}; print([name for name in {LATE!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.slow
def test_syncing_plain_text_imports_none_of_them(folder: Path) -> None:
    file(folder, "a.txt", TEXT)
    script = (
        "import sys; from pathlib import Path; from index.read import Corpus\n"
        f"items = list(Corpus.at(Path({str(folder)!r})))\n"
        f"print(len(items), [name for name in {LATE!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "1 []\n"


def test_a_corpus_of_some_files_answers_only_for_these(folder: Path) -> None:
    for name in ("a.txt", "b.txt"):
        file(folder, name, TEXT)
    some = Corpus.some(folder, {"b.txt", "gone.txt", "gone.jsonl"})
    assert (some.names, some.root) == (("b.txt",), folder.resolve())
    assert [some.is_gone(source, ()) for source in ("a.txt", "b.txt", "gone.txt", "gone.jsonl#7", "cms-1")] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_a_source_file_says_its_format_whatever_its_case(tmp_path: Path) -> None:
    suffixes = [
        SourceFile(tmp_path / name, name, tmp_path).suffix for name in ("a.HTML", "a.html.GZ", "a.gz", "a")
    ]
    assert suffixes == [".html", ".html", "", ""]
