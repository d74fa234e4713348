"""Records: JSON lines and CSV with a mapping, ids kept, a bad row refused by line and field; our own export."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import partial
from pathlib import Path

import pytest

from index.clean import Phrases, clean
from index.errors import IndexingError, ReadError
from index.read import FieldMap
from index.read.files import SourceFile
from index.read.json_lines import MAX_LINE
from index.read.records import read
from index.store import create_store
from index.store.exchange import exported
from index.sync import sync
from index.types import Given, RawArticle
from tests.fakes import ConceptEncoder
from tests.index.read.reading import file, refusal

NONE = FieldMap()
CMS = FieldMap.parse(
    "title=headline,text=lead,text=body.rendered,published_at=date,author=authors.name,url=link,removed=deleted_at"
)


BODY = "<p>الأولى.</p><h2>عنوان</h2><p>الثانية تبدأ هنا،<br>وتتم هنا.</p><ul><li>بند</li></ul><script>x()</script>"


def lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read_all(
    folder: Path, name: str, content: str | bytes, fields: FieldMap = NONE
) -> list[RawArticle | ReadError]:
    return list(read(file(folder, name, content), fields))


def told(folder: Path, name: str, content: str | bytes, fields: FieldMap = NONE) -> list[str]:
    """The name of each article, and what is said of each that is refused."""
    items = read_all(folder, name, content, fields)
    return [str(item) if isinstance(item, ReadError) else item.source for item in items]


def test_a_line_becomes_an_article_as_it_would_over_the_api(tmp_path: Path) -> None:
    line = {
        "source": "cms-4711",
        "text": "A paragraph.\n\nAnother.",
        "title": "T",
        "url": "https://x.example/1",
        "publisher": "P",
        "author": "A",
        "published_at": "2025-11-09",
        "section": "S",
        "lang": "en",
    }
    (item,) = read_all(tmp_path, "a.jsonl", lines(line))
    given = Given("T", "https://x.example/1", "P", "A", "2025-11-09", "S", "en")
    sha256 = hashlib.sha256(lines(line).strip().encode()).hexdigest()
    assert item == RawArticle("cms-4711", "A paragraph.\n\nAnother.", sha256, given, is_clean=True)


def test_an_export_of_a_cms_is_read_by_its_mapping(tmp_path: Path) -> None:
    record = {
        "id": 4711,
        "headline": "خبر &amp; <em>رأي</em>",
        "lead": "المقدمة.",
        "body": {"rendered": BODY},
        "date": "2025-11-09 11:07:00+0300",
        "authors": [{"name": "مريم"}, {"name": "علي"}],
        "link": "https://x.example/4711",
        "deleted_at": None,
    }  # fmt: skip
    (item,) = read_all(tmp_path, "cms.jsonl", lines(record), CMS)
    assert isinstance(item, RawArticle)
    assert item.source == "cms.jsonl#4711"
    assert item.given == Given(
        title="خبر & رأي",
        url="https://x.example/4711",
        author="مريم, علي",
        published_at="2025-11-09T11:07+03:00",
    )
    article = clean(item, Phrases.load())
    assert article.text == "المقدمة.\n\nالأولى.\n\nعنوان\n\nالثانية تبدأ هنا،\n\nوتتم هنا.\n\n- بند"
    assert [article.text[span.start : span.end] for span in article.headings] == ["عنوان"]


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"source": "s", "id": 1, "url": "https://x.example"}, "s"),
        ({"id": 1, "url": "https://x.example"}, "a.jsonl#1"),
        ({"id": "x/y z"}, "a.jsonl#x/y z"),
        ({"id": "{0}"}, "a.jsonl#{0}"),
        ({"url": "https://x.example/1"}, "https://x.example/1"),
        ({}, "a.jsonl#1"),
    ],
)
def test_an_article_goes_by_its_own_name_else_its_id_else_its_address(
    tmp_path: Path, record: dict[str, object], name: str
) -> None:
    assert told(tmp_path, "a.jsonl", lines({"text": "x", **record})) == [name]


def test_one_bad_row_is_refused_by_line_and_field_and_the_others_go_in(tmp_path: Path) -> None:
    records = [
        lines({"id": 1, "text": "x"}),
        "{\n",
        "\n",
        lines({"id": 3}),
        lines({"id": 4, "text": {"a": 1}}),
        lines({"id": 5, "text": "x", "published_at": "soon"}),
        lines({"id": 6, "text": "x", "title": ["a", {}]}),
        lines({"id": 7, "text": "x", "url": "ftp://x"}),
        lines({"id": 8, "text": "x", "lang": "klingon!"}),
        lines([1]),
        lines({"id": "a\nb", "text": "x"}),
        lines({"id": True, "text": "x"}),
        '{"id": 12, "text": "x", "title": "\\ud800"}\n',
        lines({"id": 13, "text": "x", "lang": "fr"}),
        "[" * 100_000 + "\n",
        b"\xff\n".decode("latin-1"),
        lines({"id": 14, "text": "last"}),
    ]
    assert told(tmp_path, "a.jsonl", "".join(records)) == [
        "a.jsonl#1",
        "a.jsonl: line 2: is not JSON: Expecting property name enclosed in double quotes: line 2 column 1 (char 2)",
        "a.jsonl#3: line 4: text: is empty or not there; an article needs text",
        "a.jsonl#4: line 5: text: wanted text, got an object",
        "a.jsonl#5: line 6: published_at: wanted a date such as 2025-11-09 or 2025-11-09T11:07+03:00, got 'soon'",
        "a.jsonl#6: line 7: title: wanted text, got an object",
        "a.jsonl#7: line 8: url: wanted an http or https address, got 'ftp://x'",
        "a.jsonl#8: line 9: lang: wanted one of ar, en, und, got 'klingon!'",
        "a.jsonl: line 10: is not a JSON object",
        "a.jsonl: line 11: id: wanted one line of at most 512 characters",
        "a.jsonl: line 12: id: wanted text, got true or false",
        "a.jsonl#12: line 13: title: has control characters or lone surrogates",
        "a.jsonl#13",
        "a.jsonl: line 15: is nested too deep",
        "a.jsonl: line 16: is not JSON: Expecting value: line 1 column 1 (char 0)",
        "a.jsonl#14",
    ]  # fmt: skip


def test_the_field_that_is_mapped_is_named(tmp_path: Path) -> None:
    records = lines({"id": 1, "headline": "x", "lead": "x"}, {"id": 2, "lead": "x", "date": "x"}, {"id": 3})
    assert told(tmp_path, "a.jsonl", records, CMS) == [
        "a.jsonl#1",
        "a.jsonl#2: line 2: published_at (field date): wanted a date such as 2025-11-09 or 2025-11-09T11:07+03:00,"
        " got 'x'",
        "a.jsonl#3: line 3: text (field lead or body.rendered): is empty or not there; an article needs text",
    ]


def test_of_records_of_one_id_the_last_counts_and_removed_ones_are_not_there(tmp_path: Path) -> None:
    records = lines(
        {"id": 1, "lead": "old"},
        {"id": 2, "lead": "stays"},
        {"id": 3, "lead": "goes"},
        {"id": 1, "lead": "new"},
        {"id": 3, "lead": "goes", "deleted_at": "2025-01-01"},
        {"id": 4, "lead": "stays too", "deleted_at": "0"},
    )
    items = read_all(tmp_path, "a.jsonl", records, CMS)
    assert [(item.source, item.text) for item in items if isinstance(item, RawArticle)] == [
        ("a.jsonl#2", "stays"),
        ("a.jsonl#1", "new"),
        ("a.jsonl#4", "stays too"),
    ]


@pytest.mark.parametrize("name", ["a.jsonl.map.toml", "a.map.toml"])
def test_a_mapping_may_stand_beside_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(
        '[fields]\ntext = ["lead", "body.html"]\ntitle = "headline"\n[only]\nstatus = ["publish"]\n', "utf-8"
    )
    records = lines(
        {"headline": "one", "lead": "x", "body": {"html": "y"}, "status": "publish"},
        {"headline": "two", "lead": "x", "status": "draft"},
        {"headline": "three", "lead": "x"},
    )
    (item,) = read_all(tmp_path, "a.jsonl", records)
    assert isinstance(item, RawArticle)
    assert (item.text, item.given.title) == ("x\n\ny", "one")
    (item,) = read_all(tmp_path, "a.jsonl", records, FieldMap.parse("title=lead"))
    assert isinstance(item, RawArticle)
    assert (item.text, item.given.title) == ("x\n\ny", "x")


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("[fields", "has a mapping a.map.toml: Expected ']'"),
        (
            "[fields]\ntitel = 'x'",
            "has a mapping a.map.toml: fields: there is no 'titel' to map to; there are text,",
        ),
        ("[fields]\ntext = 5", "has a mapping a.map.toml: fields: text: wanted a name or a list of names"),
        (
            "[feilds]\ntext = 'x'",
            "has a mapping a.map.toml: there is no table 'feilds'; there are fields, only",
        ),
        ("fields = 5", "has a mapping a.map.toml: "),
    ],
)
def test_a_mapping_that_is_none_refuses_the_file(tmp_path: Path, mapping: str, reason: str) -> None:
    (tmp_path / "a.map.toml").write_text(mapping, "utf-8")
    assert refusal(partial(read, fields=NONE), file(tmp_path, "a.jsonl", lines({"text": "x"}))).startswith(
        reason
    )


@pytest.mark.parametrize("text", ["title", "title=", "=x", "title=x,,", "titel=x"])
def test_a_mapping_on_the_command_line_is_checked(text: str) -> None:
    with pytest.raises(IndexingError, match="--map"):
        FieldMap.parse(text)


@pytest.mark.parametrize(
    ("number", "said"),
    [(500, "first 100 records have"), (2, "first 2 records have"), (1, "only record has")],
)
def test_a_mapping_that_fits_no_record_is_told_once(tmp_path: Path, number: int, said: str) -> None:
    records = lines(*({"id": n, "headline": "x", "body": "y"} for n in range(number)))
    items = partial(read, fields=NONE)(file(tmp_path, "a.jsonl", records))
    with pytest.raises(ReadError) as raised:
        next(items)
    assert str(raised.value) == (
        f"a.jsonl: the {said} no text in the field 'text'; there are body, headline, id: say which it"
        " is, such as --map text=FIELD"
    )


def test_records_without_text_are_told_one_by_one_where_others_have_one(tmp_path: Path) -> None:
    records = lines({"id": 1}, {"id": 2}, {"id": 3, "text": "x"}, {"id": 4})
    missing = "text: is empty or not there; an article needs text"
    assert told(tmp_path, "a.jsonl", records) == [
        f"a.jsonl#1: line 1: {missing}",
        f"a.jsonl#2: line 2: {missing}",
        "a.jsonl#3",
        f"a.jsonl#4: line 4: {missing}",
    ]


TABLE = "id,headline,body,date\n"
COLUMNS = FieldMap.parse("title=headline,text=body,published_at=date")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id,headline,body\n7,عنوان,"سطر أول، وفيه ""اقتباس""\n\nسطر ثان"\n'.encode()),
        ("a.csv", '\ufeffid;headline;body\r\n7;عنوان;"سطر أول، وفيه ""اقتباس""\r\n\r\nسطر ثان"\r\n'.encode()),
        ("a.tsv", 'id\theadline\tbody\n7\tعنوان\t"سطر أول، وفيه ""اقتباس""\n\nسطر ثان"\n'.encode("utf-16")),
        ("a.csv", 'id|headline|body\n7|عنوان|"سطر أول، وفيه ""اقتباس""\n\nسطر ثان"\n'.encode("cp1256")),
        (
            "a.csv.gz",
            gzip.compress('id,headline,body\n7,عنوان,"سطر أول، وفيه ""اقتباس""\n\nسطر ثان"'.encode()),
        ),
    ],
)
def test_tables_of_many_makes_are_the_same_table(tmp_path: Path, name: str, content: bytes) -> None:
    (item,) = read_all(tmp_path, name, content, FieldMap.parse("title=headline,text=body"))
    assert isinstance(item, RawArticle)
    assert item.source == f"{name}#7"
    assert item.text.replace("\r\n", "\n") == 'سطر أول، وفيه "اقتباس"\n\nسطر ثان'
    assert item.given.title == "عنوان"


def test_a_row_that_does_not_fit_is_refused_and_the_others_go_in(tmp_path: Path) -> None:
    rows = [
        '1,A,"two\nlines",2025-01-01\n',
        "2,B,short\n",
        '3,C,5" pipe,2025-01-01\n',
        "4,D,ok,2025-01-01\n",
        '5,E,"never closes,2025-01-01\n',
        "6,F,ok,yesterday\n",
        "\n",
        "7,G,a\0b,\n",
        "8,H,,\n",
        "9,I,last,",
    ]
    assert told(tmp_path, "a.csv", TABLE + "".join(rows), COLUMNS) == [
        "a.csv#1",
        "a.csv: line 4: has 3 fields, the first row has 4",
        "a.csv#3",
        "a.csv#4",
        "a.csv: line 7: is no row of CSV: unexpected end of data",
        "a.csv#6: line 8: published_at (field date): wanted a date such as 2025-11-09 or 2025-11-09T11:07+03:00,"
        " got 'yesterday'",
        "a.csv: line 10: holds a NUL character",
        "a.csv#8: line 11: text (field body): is empty or not there; an article needs text",
        "a.csv#9",
    ]


@pytest.mark.slow
def test_a_giant_field_is_refused_and_the_rows_after_it_go_in(tmp_path: Path) -> None:
    table = f'{TABLE}1,A,{"x" * 13_000_000},\n2,B,"{"y" * 13_000_000}",\n3,C,ok,\n'
    assert told(tmp_path, "a.csv", table, COLUMNS) == [
        "a.csv: line 2: is longer than 12,000,000 characters",
        "a.csv: line 3: is longer than 12,000,000 characters",
        "a.csv#3",
    ]


def test_a_table_whose_quotes_never_fit_is_given_up(tmp_path: Path) -> None:
    *refused, last = told(tmp_path, "a.csv", TABLE + "0,Z,ok,\n" + '1,A,"x\n' * 5_000, COLUMNS)
    assert refused == [
        "a.csv#0",
        *(f"a.csv: line {n}: is no row of CSV: unexpected end of data" for n in range(3, 24)),
    ]
    assert last == "a.csv: line 23: too many rows before it do not fit; the rest is not read"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "holds no record"),
        (TABLE, "holds no record"),
        (
            "id,headline\n1,x\n",
            "has no column 'body' for text; there are headline, id: map one, with --map text=COLUMN",
        ),
        ("id,body,body\n1,x,y\n", "line 1: names the column 'body' twice"),
        ("\0\0\0\0", "begins with a line that is no row of names"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    assert refusal(partial(read, fields=COLUMNS), file(tmp_path, "a.csv", content)) == reason


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_refused_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as giant:
        giant.write(b'{"text": "first"}\n{"text": "')
        giant.seek(1_000_000_000, 1)
        giant.write(b'"}\n{"text": "last"}\n')
    items = list(read(SourceFile(path, "a.jsonl", tmp_path), NONE))
    assert [str(item) if isinstance(item, ReadError) else item.text for item in items] == [
        "first",
        f"a.jsonl: line 2: is longer than {MAX_LINE:,} bytes",
        "last",
    ]


@pytest.mark.slow
def test_the_projects_own_export_is_read_as_it_was_stored(tmp_path: Path) -> None:
    encoder = ConceptEncoder()
    source = tmp_path / "articles"
    source.mkdir()
    page = "قمة المعادن\n\n9 نوفمبر 2025\n\nانعقدت القمة في واشنطن يوم الخميس بحضور خمسة رؤساء.\n\nالمعادن النادرة\n\n"
    (source / "a.txt").write_text(page + "قال البيان إن القادة اتفقوا على التعاون في مجال المعادن.", "utf-8")
    with create_store(tmp_path / "one", encoder.key) as one:
        sync(source, one, encoder)
        export = "\n".join(exported(one)).replace(str(source), "/elsewhere")
        before = one.view().article(one.view().articles(1)[0][0][0])
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "corpus.jsonl").write_text(export, "utf-8")
    with create_store(tmp_path / "two", encoder.key) as two:
        report = sync(exports, two, encoder)
        assert [(change.source, change.kind) for change in report.changes] == [("a.txt", "added")]
        after = two.view().article(before.id)
    assert after == before
    assert after.headings
    assert set(after.provenance.inferred) == {"title", "lang", "published_at"}


def test_a_line_of_an_export_that_is_no_article_is_refused(tmp_path: Path) -> None:
    header = {"format": "sanad-export", "version": 1}
    whole = {"provenance": {"source": "a.txt", "inferred": []}, "text": "x", "headings": []}
    records = lines(header, {"provenance": {}}, {**whole, "headings": 5}, {**whole, "text": 5}, whole)
    assert told(tmp_path, "a.jsonl", records) == [
        "a.jsonl: line 2: is no article of an export: has no field 'source'",
        "a.jsonl: line 3: is no article of an export: 'int' object is not iterable",
        "a.jsonl: line 4: is no article of an export: source and text must be text",
        "a.txt",
    ]
