"""Damage everything that is kept; see it noticed, and mended where it can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StoreDamagedError, StoreMissingError
from index.store.embedded import EmbeddedStore
from index.store.records import checksum
from index.store.repair import repair
from index.store.verify import verify
from tests.index.store.corpus import ENCODER, entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddedStore.create(tmp_path, ENCODER.key) as store:
        store.put(
            [entry("a.txt", "summit talks", "water", heading="Talks"), entry("b.txt", "قمة المعادن")],
            root="/c",
        )
        store.put([entry("b.txt", "قمة", "trade law")], root="/c")
        store.put([entry("c.txt", "minerals")])
        store.delete([entry("c.txt").article.id])
    return tmp_path


def answers(folder: Path) -> list[str]:
    with EmbeddedStore.open(folder, read_only=True) as store:
        view = store.view()
        found = view.nearest(ENCODER.encode_queries(["summit"])[0], 10)
        return [passage.text for passage in view.passages([candidate.row for candidate in found])]


def execute(*statements: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "sanad.db", isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return damage


def loosen(table: str, *statements: str) -> Callable[[Path], None]:
    """Statements over a table that takes any kind of value for once, as a flipped bit in a row's header makes it."""
    strict, loose = f"WHERE name = '{table}'", "'STRICT, WITHOUT ROWID', 'WITHOUT ROWID'"
    change = "UPDATE sqlite_master SET sql = replace(sql, {}) " + strict
    back = "'WITHOUT ROWID', 'STRICT, WITHOUT ROWID'"

    def damage(folder: Path) -> None:
        execute("PRAGMA writable_schema = ON", change.format(loose))(folder)
        execute(*statements)(folder)
        execute("PRAGMA writable_schema = ON", change.format(back))(folder)

    return damage


def overwrite(name: str, data: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (path,) = folder.glob(name)
        path.write_bytes(data)

    return damage


def remove(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (path,) = folder.glob(name)
        path.unlink()

    return damage


A, B = entry("a.txt").article.id, entry("b.txt").article.id


def test_a_whole_store_has_no_damage(folder: Path) -> None:
    verification = verify(folder)
    assert (verification.revision, verification.articles, verification.passages) == (4, 2, 4)
    assert verification.damages == ()
    assert repair(folder) == (verification, verification)


def test_an_empty_store_has_no_damage(tmp_path: Path) -> None:
    EmbeddedStore.create(tmp_path, ENCODER.key).close()
    assert verify(tmp_path).damages == ()


DERIVED = [
    (remove("main-*"), "main-1-4.faiss: it cannot be read", "rebuild the search index"),
    (overwrite("main-*", b"rubbish"), "SHA-256 does not hold", "rebuild the search index"),
    (overwrite("head", b"rubbish"), "head is damaged", "note the revision"),
    (overwrite("head", b"00000000000000000009 45e7a1c3\n"), "head is damaged", "note the revision"),
    (execute("UPDATE state SET passages = 9"), "state row is damaged", "count anew"),
    (execute("UPDATE state SET revision = 3"), "state row is damaged", "count anew"),
    (execute("DELETE FROM state"), "state row is damaged", "count anew"),
    (execute("DELETE FROM wording WHERE row = 1"), "words of passage row 1", "derive the words"),
    (execute("UPDATE wording SET words = x'01000000'"), "words of passage row 1", "derive the words"),
    (
        execute("UPDATE word SET text = 'sumit' WHERE text = 'summit'"),
        "words of passage row 1",
        "derive the words",
    ),
    (
        execute("UPDATE word SET stem = 'x' WHERE text = 'water'"),
        "words of passage row 2",
        "derive the words",
    ),
    (execute("DELETE FROM said WHERE row = 1"), "what passage row 1 says", "look for the duplicates"),
    (
        execute("UPDATE said SET content = 2 WHERE row = 1"),
        "what passage row 1 says",
        "look for the duplicates",
    ),
    (
        execute("UPDATE content SET bands = x'0102030405' WHERE id = 1"),
        "what passage row 1 says",
        "look for the dupl",
    ),
    (
        execute("UPDATE content SET digest = x'00' WHERE id = 1"),
        "what passage row 1 says",
        "look for the dupl",
    ),
    (execute("INSERT INTO near VALUES (1, 2, 0)"), "(at 1)", "look for the duplicates"),
    (
        execute(f"INSERT INTO near VALUES (1, 2, {checksum(1, 2)})"),
        "1 and 2 are no near-dup",
        "look for the duplicates",
    ),
    (execute("INSERT INTO band VALUES (7, 1)"), "the bands", "look for the duplicates"),
    (loosen("band", "INSERT INTO band VALUES (7, x'01f0')"), "non-INTEGER value in band", "index"),
    (
        execute("INSERT INTO content VALUES (9, x'00', x'', 0)"),
        "1 contents are said by no",
        "look for the dupl",
    ),
]


@pytest.mark.parametrize(("damage", "what", "remedy"), DERIVED)
def test_what_is_derived_is_noticed_and_made_anew(
    folder: Path, damage: Callable[[Path], None], what: str, remedy: str
) -> None:
    before = answers(folder)
    damage(folder)
    found = verify(folder).damages
    assert what in found[0].what
    assert remedy in found[0].repair
    repair(folder)
    assert verify(folder).damages == ()
    assert answers(folder) == before == ["summit talks", "قمة", "water", "trade law"]


TRUTH = [
    (execute("UPDATE passage SET text = 'summit talk' WHERE row = 1"), "passage row 1"),
    (execute("UPDATE passage SET start = 1 WHERE row = 1"), "passage row 1"),
    (execute("UPDATE passage SET heading = 'Talk' WHERE row = 1"), "passage row 1"),
    (execute("UPDATE version SET text = replace(text, 'w', 'v') WHERE article = 1"), f"article {A}"),
    (execute("UPDATE version SET title = 'Another' WHERE article = 1"), f"article {A}"),
    (execute("UPDATE version SET published_at = '2025-01-01' WHERE article = 1"), "sums"),
    (execute(f"UPDATE article SET id = 'feed' WHERE id = '{A}'"), "article feed"),
    (execute("UPDATE embedding_1 SET code = zeroblob(16) WHERE row = 1"), "embedding of passage row 1"),
    (execute("UPDATE embedding_1 SET code = x'00' WHERE row = 1"), "embedding of passage row 1"),
    (execute("DELETE FROM embedding_1 WHERE row = 1"), "passage row 1 has no embedding"),
    (execute("DELETE FROM version WHERE article = 1"), "the database holds 1 articles"),
    (execute("DELETE FROM passage WHERE row = 1"), "the database holds 3 passages"),
]


@pytest.mark.parametrize(("damage", "what"), TRUTH)
def test_a_damaged_article_is_named_and_withdrawn(
    folder: Path, damage: Callable[[Path], None], what: str
) -> None:
    damage(folder)
    found = verify(folder).damages
    assert what in found[0].what
    assert any("withdraw" in damage.repair for damage in found)
    before, after = repair(folder)
    assert before.damages == found
    assert after.damages == ()
    assert answers(folder) == ["قمة", "trade law"]
    with EmbeddedStore.open(folder, ENCODER.key) as store:
        assert list(store.digests("/c")) == [B]
        store.put([entry("a.txt", "summit talks", "water", heading="Talks")], root="/c")
    assert verify(folder).damages == ()


def test_reading_what_is_damaged_never_answers_in_silence(folder: Path) -> None:
    execute("UPDATE passage SET text = 'peace' WHERE row = 1")(folder)
    with pytest.raises(StoreDamagedError, match="passage row 1 is damaged"):
        answers(folder)


def test_commits_lost_with_a_log_are_noticed(folder: Path) -> None:
    note = (folder / "head").read_bytes()
    with EmbeddedStore.open(folder, ENCODER.key) as store:
        store.put([entry("d.txt", "visit")])
        newer = (folder / "head").read_bytes()
    assert note != newer
    execute("DELETE FROM passage WHERE row > 5", "DELETE FROM version WHERE added > 4")(folder)
    lost = folder / "sanad.db"
    with EmbeddedStore.create(folder / "old", ENCODER.key):
        pass
    (folder / "old" / "sanad.db").replace(lost)
    with pytest.raises(StoreDamagedError, match="was at revision 5, its database only has 0"):
        EmbeddedStore.open(folder, ENCODER.key)
    assert "commits 1 to 5 are lost" in verify(folder).damages[0].what
    repair(folder)
    EmbeddedStore.open(folder, ENCODER.key).close()


def test_a_file_that_is_no_database_cannot_be_opened(folder: Path) -> None:
    (folder / "sanad.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreDamagedError, match="sanad verify"):
        EmbeddedStore.open(folder, ENCODER.key)
    with pytest.raises(StoreMissingError):
        verify(folder / "none")


def test_a_passage_whose_index_entry_is_damaged_is_not_said_to_be_missing(folder: Path) -> None:
    passage = entry("a.txt", "summit talks").passages[0]
    file = folder / "sanad.db"
    data = bytearray(file.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    entries = [
        place
        for place in range(len(data))
        if data.startswith(passage.id.encode(), place) and data[place - place % size] == LEAF_OF_AN_INDEX
    ]
    assert len(entries) == 1
    data[entries[0]] = ord("z")
    file.write_bytes(data)
    with EmbeddedStore.open(folder, read_only=True) as store:
        with pytest.raises(StoreDamagedError, match=f"index entry of passage {passage.id} is damaged"):
            store.view().passage(passage.id)
        assert store.view().passage("unknown") is None
    repair(folder)
    with EmbeddedStore.open(folder, read_only=True) as store:
        found = store.view().passage(passage.id)
        assert found is not None
        assert found.text == "summit talks"


LEAF_OF_AN_INDEX = 10  # the first byte of such a page in SQLite's file format
