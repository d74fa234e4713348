"""Near-duplicates are found when they are put, in the same transaction, and each copy goes its own way afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StoreError
from index.relevance import Calibration
from index.search import Searcher
from index.store import contents, exchange, upkeep, writing
from index.store.embedded import EmbeddedStore
from index.store.repair import repair
from index.store.verify import verify
from index.translation import Translations
from index.types import Query
from tests.index.store.corpus import ENCODER, entry

WIRE = "The summit in Astana ended on Monday with a plan for 12 dams on the river, the ministers of five states said."
WIRED = f"ASTANA (Reuters) - {WIRE}"
MORE = f"{WIRE} Work begins in the spring of next year."
LESS = f"The summit was short. {WIRE}"
CHANGED = WIRE.replace("12", "13")
TABLES = ("content", "said", "near", "band")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as made:
        yield made


def told(store: EmbeddedStore) -> dict[str, list[str]]:
    """Source of each hit, best first → the sources of `also_in`."""
    searcher = Searcher(store, ENCODER, translations=Translations({}), calibration=Calibration())
    hits = searcher.search(Query("summit", mode="semantic", limit=50)).hits
    return {hit.provenance.source: [of.source for _, of in hit.also_in] for hit in hits}


def id_of(source: str) -> str:
    return entry(source).article.id


def kept(store: EmbeddedStore) -> dict[str, int]:
    """Rows of each table."""
    with store._revisions.reading() as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}


def test_copies_have_one_content_and_what_is_near_knows_each_other(store: EmbeddedStore) -> None:
    store.put([entry("a", WIRE), entry("b", WIRED), entry("c", CHANGED)])
    store.put([entry("d", MORE, LESS)])
    found = store.view().contents([1, 2, 3, 4, 5])
    assert [content.article_id for content in found] == [id_of(source) for source in "abcdd"]
    assert [content.number for content in found] == [1, 1, 2, 3, 4]
    assert [content.near for content in found] == [{3, 4}, {3, 4}, set(), {1}, {1}]
    assert kept(store) == {"content": 4, "said": 5, "near": 4, "band": 40}


def test_those_put_together_find_each_other(store: EmbeddedStore) -> None:
    store.put([entry("a", MORE), entry("b", WIRE), entry("c", "summit"), entry("d", "summit")])
    assert [content.near for content in store.view().contents([1, 2, 3, 4])] == [{2}, {1}, set(), set()]
    assert told(store) == {"a": ["b"], "c": ["d"]}


def test_a_changed_number_is_never_folded(store: EmbeddedStore) -> None:
    store.put([entry("a", WIRE), entry("b", CHANGED)])
    assert told(store) == {"a": [], "b": []}


def test_when_the_one_shown_is_deleted_its_copy_comes_back_as_itself(store: EmbeddedStore) -> None:
    store.put([entry("a", WIRE), entry("b", WIRED), entry("c", WIRE)])
    assert told(store) == {"a": ["b", "c"]}
    before = store.view()
    store.delete([id_of("a")])
    assert told(store) == {"b": ["c"]}
    store.delete([id_of("c")])
    assert told(store) == {"b": []}
    assert [content.number for content in before.contents([1, 2, 3])] == [1, 1, 1]


def test_replacing_either_member_parts_and_joins_them(store: EmbeddedStore) -> None:
    store.put([entry("a", WIRE), entry("b", WIRE)])
    store.put([entry("a", CHANGED)])
    assert told(store) == {"b": [], "a": []}
    store.put([entry("b", CHANGED)])
    assert told(store) == {"a": ["b"]}
    store.put([entry("a", WIRE)])
    assert told(store) == {"b": [], "a": []}


def test_what_is_purged_takes_its_content_along_and_may_come_again(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "GRACE_S", -1.0)
    store.put([entry("a", WIRE), entry("b", WIRE), entry("c", MORE)])
    store.delete([id_of("a")])
    store.upkeep.fold()
    assert kept(store) == {"content": 2, "said": 2, "near": 2, "band": 20}
    assert told(store) == {"b": ["c"]}
    store.delete([id_of("b")])
    store.upkeep.fold()
    assert kept(store) == {"content": 1, "said": 1, "near": 0, "band": 10}
    assert told(store) == {"c": []}
    store.put([entry("a", WIRE)])
    assert told(store) == {"c": ["a"]}
    store.delete([id_of("a"), id_of("c")])
    store.upkeep.fold()
    assert kept(store) == dict.fromkeys(TABLES, 0)


def test_a_put_that_fails_leaves_nothing(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put([entry("a", WIRE)])
    before = kept(store)

    def fail(*_: object) -> None:
        raise StoreError("enough")

    real = writing.contents.write
    calls = iter([real, real, fail])
    monkeypatch.setattr(writing.contents, "write", lambda *given: next(calls)(*given))
    with pytest.raises(StoreError, match="enough"):
        store.put([entry("b", MORE), entry("c", WIRED), entry("d", LESS)])
    assert kept(store) == before


def test_the_relation_outlives_closing_and_goes_through_an_export(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path / "one", ENCODER.key) as store:
        store.put([entry("a", WIRE), entry("b", WIRED)])
    with (
        EmbeddedStore.open(tmp_path / "one", ENCODER.key, read_only=True) as store,
        EmbeddedStore.create(tmp_path / "two", ENCODER.key) as other,
    ):
        assert told(store) == {"a": ["b"]}
        exchange.imported(
            other,
            exchange.exported(store),
            lambda passages: ENCODER.encode_queries([passage.text for passage in passages]),
        )
        assert told(other) == {"a": ["b"]}


def test_a_template_of_many_versions_costs_no_more_than_its_oldest(store: EmbeddedStore) -> None:
    versions = [f"{WIRE} Version {number} of it ends here." for number in range(contents.COMPARED + 20)]
    store.put([entry("many", *versions)])
    store.put([entry("a", WIRE)])
    (content,) = store.view().contents([len(versions) + 1])
    assert len(content.near) >= contents.COMPARED
    assert max(content.near) <= len(versions)


def old_store(folder: Path) -> None:
    """A store as it was before duplicates were looked for."""
    with EmbeddedStore.create(folder, ENCODER.key) as store:
        store.put([entry("a", WIRE), entry("b", WIRED), entry("c", MORE)], root="/corpus")
        store.put([entry("d", "gone")])
        store.delete([id_of("d")])
    with closing(sqlite3.connect(folder / "sanad.db", isolation_level=None)) as connection:
        for name in TABLES[::-1]:
            connection.execute(f"DROP TABLE {name}")
        connection.execute("PRAGMA user_version=1")


def test_a_store_of_schema_1_is_brought_up_to_date_when_it_is_opened_for_writing(tmp_path: Path) -> None:
    old_store(tmp_path / "store")
    for refused in (
        lambda: EmbeddedStore.open(tmp_path / "store", read_only=True),
        lambda: verify(tmp_path / "store"),
    ):
        with pytest.raises(
            StoreError, match=r"has schema 1, this program reads 2; .* `sanad verify --repair`"
        ):
            refused()
    counted: list[tuple[int, int]] = []
    with EmbeddedStore.open(
        tmp_path / "store", ENCODER.key, progress=lambda done, total: counted.append((done, total))
    ) as store:
        assert told(store) == {"a": ["b", "c"]}
        assert store.view().revision == 3
    assert (3, 3) in counted
    assert verify(tmp_path / "store").damages == ()


def test_repair_brings_a_store_up_to_date(tmp_path: Path) -> None:
    old_store(tmp_path / "store")
    before, after = repair(tmp_path / "store")
    assert (before.damages, after.damages) == ((), ())


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_store(tmp_path / "store")

    def fail(*_: object) -> None:
        raise StoreError("enough")

    with monkeypatch.context() as patched:
        patched.setattr(contents, "write", fail)
        with pytest.raises(StoreError, match="enough"):
            EmbeddedStore.open(tmp_path / "store", ENCODER.key)
    with EmbeddedStore.open(tmp_path / "store", ENCODER.key) as store:
        assert told(store) == {"a": ["b", "c"]}


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version=3", r"has schema 3, this program reads 2; upgrade sanad-search"),
        ("ALTER TABLE state DROP COLUMN article_sum", "was made by an early version"),
        ("CREATE TABLE content (id)", "its header is damaged"),
    ],
)
def test_other_schemas_are_refused_with_what_to_do(tmp_path: Path, statement: str, message: str) -> None:
    old_store(tmp_path / "store")
    with closing(sqlite3.connect(tmp_path / "store" / "sanad.db", isolation_level=None)) as connection:
        connection.execute(statement)
    with pytest.raises(StoreError, match=message):
        EmbeddedStore.open(tmp_path / "store")


ASK = """
    import sys
    from index.relevance import Calibration
    from index.search import Searcher
    from index.store import open_store
    from index.translation import Translations
    from index.types import Query
    from tests.fakes import ConceptEncoder
    encoder = ConceptEncoder()
    with open_store(sys.argv[1], encoder.key, read_only=True) as store:
        asked = Searcher(store, encoder, translations=Translations({}), calibration=Calibration())
        print(len(asked.search(Query("summit")).hits), "scipy" in sys.modules)
"""


@pytest.mark.slow
def test_who_only_reads_does_not_wait_for_scipy(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as store:
        store.put([entry("a", WIRE), entry("b", WIRED)])
    command = [sys.executable, "-c", textwrap.dedent(ASK), str(tmp_path / "store")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1 False\n"
