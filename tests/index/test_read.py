"""Reading a folder: what goes in, what is refused and why, and what sources say of themselves."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from index.errors import ReadError
from index.read import read_folder
from index.types import Given, RawArticle

TEXT = "انعقدت القمة في واشنطن."


def read_one(folder: Path) -> RawArticle:
    (article,) = read_folder(folder)
    assert isinstance(article, RawArticle), article
    return article


def refusal(folder: Path) -> str:
    (error,) = read_folder(folder)
    assert isinstance(error, ReadError), error
    return str(error)


def test_articles_come_in_the_order_of_their_sources(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.txt", "sub/ا.md", "sub/A.TXT"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    articles = list(read_folder(tmp_path))
    assert [article.source for article in articles] == ["a.txt", "b.txt", "sub/A.TXT", "sub/ا.md"]
    assert articles[0] == RawArticle("a.txt", TEXT, hashlib.sha256(TEXT.encode()).hexdigest())


def test_hidden_files_and_sidecars_are_no_sources(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.txt").write_text(TEXT)
    (tmp_path / ".hidden.txt").write_text(TEXT)
    (tmp_path / "alone.meta.json").write_text("{}")
    assert list(read_folder(tmp_path)) == []


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="nowhere: is not a folder"):
        list(read_folder(tmp_path / "nowhere"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_with_or_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.replace(" ", "\r\n").encode(encoding))
    assert read_one(tmp_path).text == TEXT.replace(" ", "\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"PK\x03\x04\0\0", "is binary (it has NUL bytes)"),
        (b"text \x01 more", "is binary (control character U+0001 at 5)"),
        (TEXT.encode("cp1256"), "is not UTF-8 (byte 0 is 0xc7); save it as UTF-8"),
        ("\ufeffab".encode("utf-16-le") + b"\x00\xd8", "is not UTF-16"),
        (b"---\ntitle: [\n---\nbody", "has front matter that is not YAML"),
    ],
)
def test_a_bad_file_is_refused_by_name_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    message = refusal(tmp_path)
    assert message.startswith(f"bad.txt: {reason}")
    assert "\n" not in message


def test_a_bad_file_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_bytes(b"\0")
    (tmp_path / "c.txt").write_text(TEXT)
    assert [type(item).__name__ for item in read_folder(tmp_path)] == [
        "RawArticle",
        "ReadError",
        "RawArticle",
    ]


def test_a_file_of_50_megabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(50_000_000)
    assert (
        refusal(tmp_path) == "big.txt: has 50,000,000 bytes, the limit is 10,000,000; split it into articles"
    )


def test_an_unknown_suffix_is_refused_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text(TEXT)
    assert refusal(tmp_path).startswith("a.xyz: no reader for .xyz; there are ")


def test_links_out_of_the_folder_to_nothing_and_to_themselves_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text(TEXT)
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "b.txt").symlink_to("nowhere")
    (folder / "c.txt").symlink_to("c.txt")
    (folder / "d.txt").symlink_to("e.txt")
    (folder / "e.txt").write_text(TEXT)
    found = list(read_folder(folder))
    assert [isinstance(item, ReadError) for item in found] == [True, True, True, False, False]
    assert str(found[0]) == "a.txt: is a link to a file outside the folder; copy the file here instead"


@pytest.mark.skipif(os.name == "nt", reason="Windows names are Unicode")
def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe3.txt")).write_text(TEXT)
    assert refusal(tmp_path) == "'\\udce3.txt': has a name that is not UTF-8; rename it"


FULL = Given(
    title="القمة",
    url="https://example.org/a",
    publisher="الوكالة",
    author="مريم",
    published_at="2025-11-09T11:07",
    section="العالم",
    lang="ar",
)


def as_json(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


@pytest.mark.parametrize("name", ["a.txt.meta.json", "a.meta.json"])
def test_a_sidecar_gives_provenance(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    fields = {slot: getattr(FULL, slot) for slot in FULL.__slots__}
    (tmp_path / name).write_text(as_json(**fields))
    assert read_one(tmp_path).given == FULL


def test_front_matter_gives_provenance_and_is_no_text(tmp_path: Path) -> None:
    front = "---\ntitle: القمة\ndate: 2025-11-09\ntags: [a, b]\nauthor: null\n---\n"
    (tmp_path / "a.md").write_text(front + TEXT)
    article = read_one(tmp_path)
    assert article.given == Given(title="القمة", published_at="2025-11-09")
    assert article.text == TEXT
    assert article.sha256 == hashlib.sha256((front + TEXT).encode()).hexdigest()


def test_a_sidecar_goes_before_front_matter(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"---\ntitle: one\nsection: world\n---\n{TEXT}")
    (tmp_path / "a.meta.json").write_text(as_json(title="two", section=None))
    assert read_one(tmp_path).given == Given(title="two", section="world")


def test_a_rule_of_dashes_is_text(tmp_path: Path) -> None:
    text = f"---\n{TEXT}\n---\n{TEXT}"
    (tmp_path / "a.txt").write_text(text)
    assert read_one(tmp_path).text == text


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        ("{", "has a sidecar a.meta.json that is not JSON in UTF-8"),
        ("[]", "has a sidecar a.meta.json that is no JSON object"),
        (as_json(titel="x"), "sidecar a.meta.json: unknown field 'titel'; there are title, url,"),
        (as_json(title=5), "sidecar a.meta.json: title: wanted text, got int 5"),
        (as_json(author=["x"]), "sidecar a.meta.json: author: wanted text, got list ['x']"),
        (as_json(published_at="9/11/2025"), "sidecar a.meta.json: published_at: wanted an ISO 8601 date"),
        (as_json(published_at="2025-13-01"), "sidecar a.meta.json: published_at: wanted an ISO 8601 date"),
        (as_json(url="javascript:alert(1)"), "sidecar a.meta.json: url: wanted an http or https address"),
        (as_json(url="http://"), "sidecar a.meta.json: url: wanted an http or https address"),
        (as_json(url="http://[x"), "sidecar a.meta.json: url: "),
        (as_json(lang="fr"), "sidecar a.meta.json: lang: wanted one of ar, en, und, got 'fr'"),
        ('{"title": "\\ud800"}', "sidecar a.meta.json: title: has control characters or lone surrogates"),
        (as_json(title="x" * 3000), "sidecar a.meta.json: title: has 3000 characters, the limit is 2000"),
    ],
)
def test_bad_metadata_refuses_the_file_and_names_the_field(tmp_path: Path, sidecar: str, reason: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.meta.json").write_text(sidecar)
    assert refusal(tmp_path).startswith(f"a.txt: {reason}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-11-09", "2025-11-09"),
        ("2025-11-09T11:07", "2025-11-09T11:07"),
        ("2025-11-09 11:07:30", "2025-11-09T11:07:30"),
        ("2025-11-09T11:07:00Z", "2025-11-09T11:07+00:00"),
    ],
)
def test_dates_are_iso_8601(tmp_path: Path, written: str, read: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.meta.json").write_text(as_json(published_at=written))
    assert read_one(tmp_path).given.published_at == read
