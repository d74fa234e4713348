"""Addresses of stores on Milvus: what is read from them, and what is refused."""

from __future__ import annotations

import pytest

from index.errors import StoreError
from index.store import is_address, local_folder, shown
from index.store.milvus.address import Address, parse


def test_a_folder_is_no_address() -> None:
    assert not any(map(is_address, (".sanad", "/data/store", "milvus", "milvus.db", "C:/data", "")))
    places = ("milvus://h/n", "http://h/n", "https://h/n", "HTTPS://h/n", "milvus-lite:a.db")
    assert all(map(is_address, places))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (
            "milvus://db.example:19531/articles",
            Address("http://db.example:19531", "milvus://db.example:19531", "articles"),
        ),
        ("milvus://db.example/a", Address("http://db.example:19530", "milvus://db.example:19530", "a")),
        ("http://[::1]:1/a", Address("http://[::1]:1", "milvus://[::1]:1", "a")),
        (
            "https://db.example/news/articles",
            Address(
                "https://db.example:443", "https://db.example:443", "articles", token="env", database="news"
            ),
        ),
        (
            "https://me:p%40ss@db.example/a?timeout=2.5",
            Address("https://db.example:443", "https://db.example:443", "a", token="me:p@ss", timeout=2.5),
        ),
        ("milvus-lite:/data/a.db", Address("/data/a.db", "milvus-lite:/data/a.db", "sanad")),
    ],
)
def test_an_address_is_read(location: str, expected: Address) -> None:
    environment = {"SANAD_MILVUS_TOKEN": "env"} if expected.token else {}
    assert parse(location, environment) == expected


def test_files_for_tls_come_from_the_environment() -> None:
    environment = {"SANAD_MILVUS_CA": "ca", "SANAD_MILVUS_CERT": "cert", "SANAD_MILVUS_KEY": "key"}
    found = parse("https://h/a", environment)
    assert (found.ca, found.certificate, found.key) == ("ca", "cert", "key")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("milvus://h", "milvus://h is no address of a store; milvus://HOST:19530/NAME was wanted"),
        ("milvus:///a", "is no address"),
        ("milvus://h:port/a", "is no address"),
        ("milvus://h:99999/a", "is no address"),
        ("milvus://h/a/b/c", "is no address"),
        ("milvus://me:s3cret@h", "milvus://h is no address"),
        ("milvus://h/my-articles", "my-articles is no name of a store"),
        ("milvus://h/1a", "1a is no name"),
        ("milvus://h/a?timeout=0", "timeout=0 says nothing"),
        ("milvus://h/a?timeout=soon", "says nothing"),
        ("milvus://h/a?tiemout=1", r"\?timeout=SECONDS would"),
        ("milvus-lite:/data/a", "milvus-lite:FILE.db was wanted"),
    ],
)
def test_what_is_no_address_is_told(location: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as error:
        parse(location, {})
    assert "s3cret" not in str(error.value)


def test_what_people_read_has_no_token() -> None:
    assert shown("milvus://me:s3cret@h/a") == "milvus://h/a"
    assert shown("/data/me:x@h") == "/data/me:x@h"
    assert "s3cret" not in str(parse("milvus://me:s3cret@h/a", {}))


def test_keys_lie_beside_a_store_on_this_machine() -> None:
    assert str(local_folder("milvus://h/a")) == ".sanad"
    assert str(local_folder("/data/store")) == "/data/store"
