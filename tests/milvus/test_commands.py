"""The commands on a store on Milvus: what they print, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.commands import change, console, corpus, upkeep
from index.store import open_store
from index.store.milvus.address import parse
from service.keys import KeyFile
from tests.commands import Sanad, runner
from tests.fakes import ConceptEncoder
from tests.index.store.corpus import ENCODER, entry

OTHER = ConceptEncoder(revision="2")


@pytest.fixture
def sanad(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, milvus_place: str
) -> Sanad:
    """Run a command on the store, with concept encoders in the place of models; exit code, stdout, stderr."""
    encoders = {None: ENCODER, "concepts": ENCODER, "other": OTHER}
    for module in (upkeep, change, console, corpus):
        monkeypatch.setattr(module, "load_encoder", lambda name=None: encoders[name])
    monkeypatch.setenv("SANAD_STORE", milvus_place)
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder of two articles."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text("# Talks\n\nThe summit on minerals.\n\nThe water law.\n", "utf-8")
    (folder / "b.txt").write_text("# قمة\n\nالقمة في العاصمة اليوم.\n", "utf-8")
    return folder


def test_a_folder_is_synced_searched_and_shown(sanad: Sanad, articles: Path, milvus_place: str) -> None:
    code, out, _ = sanad("sync", articles, "--dry-run")
    assert (code, "2 added" in out) == (0, True)
    assert sanad("status")[0] == 1  # a dry run makes nothing
    code, out, err = sanad("sync", articles)
    assert (code, "2 added, 0 changed, 0 unchanged, 0 removed, 0 refused" in out) == (0, True), err
    assert "2 unchanged, 0 removed, 0 refused; 0 passages embedded" in sanad("sync", articles)[1]
    code, out, _ = sanad("search", "summit", "--json")
    answer = json.loads(out)
    assert (code, len(answer["hits"])) == (0, answer["index"]["passages"])
    assert answer["hits"][0]["score"] > answer["hits"][-1]["score"]
    assert sanad("show", "a.txt")[1].count("water law") == 1
    code, out, _ = sanad("status", "--json")
    status = json.loads(out)
    assert (status["articles"], status["revision"], status["store"]) == (2, 1, milvus_place)
    assert ("notice" in status) == (answer["mode"] == "semantic") == ("notice" in answer)
    assert "bytes" not in status
    (articles / "b.txt").unlink()
    assert "1 removed" in sanad("sync", articles)[1]
    assert not list(articles.parent.glob("milvus*:"))


def test_what_is_damaged_is_listed_and_set_right(sanad: Sanad, articles: Path, milvus_place: str) -> None:
    from index.store.milvus import schema
    from index.store.milvus.client import STRONGLY, Client

    sanad("sync", articles)
    code, out, _ = sanad("verify")
    assert (code, out.startswith("whole: 2 articles")) == (0, True), out
    address = parse(milvus_place)
    client = Client.open(address)
    schema.load(client, [f"{address.name}_passages_1"])
    client.delete(f"{address.name}_passages_1", "row == 1")
    assert client.count(f"{address.name}_passages_1", "row == 1", STRONGLY) == 0
    client.close()
    code, out, _ = sanad("verify")
    assert code == 3
    assert f"article {entry('a.txt').article.id}: it has" in out
    assert "--repair would: withdraw the article; the next sync of its folder brings it back" in out
    assert "the store counts other passages than were committed" in out
    code, out, _ = sanad("verify", "--repair")
    assert (code, out.splitlines()[-1]) == (0, "repaired; all is whole now")
    assert "1 added, 0 changed, 1 unchanged" in sanad("sync", articles)[1]
    assert sanad("verify")[0] == 0
    code, _, err = sanad("verify", "--recall")
    assert (code, "recall is measured of a store in a folder" in err) == (2, True)


def test_an_export_moves_a_store(sanad: Sanad, articles: Path, tmp_path: Path) -> None:
    sanad("sync", articles)
    assert sanad("export", "corpus.jsonl")[0] == 0
    assert sanad("import", "corpus.jsonl", "--store", tmp_path / "store")[0] == 0
    assert sanad("export", "again.jsonl", "--store", tmp_path / "store")[0] == 0
    assert (tmp_path / "corpus.jsonl").read_bytes() == (tmp_path / "again.jsonl").read_bytes()


def test_the_model_is_changed_and_rolled_back(sanad: Sanad, articles: Path, milvus_place: str) -> None:
    sanad("sync", articles)
    code, _, err = sanad("model", "use", "other")
    assert (code, "is now searched with concepts (2); revision 2" in err) == (0, True), err
    assert "is already embedded with concepts (2)" in sanad("model", "use", "other")[2]
    with open_store(milvus_place, OTHER.key, read_only=True) as store:
        assert store.view().passage_count == len(
            store.view().nearest(ENCODER.encode_queries(["summit"])[0], 9)
        )
    code, _, err = sanad("model", "rollback")
    assert (code, "is searched with concepts (1) again; revision 3" in err) == (0, True), err
    assert sanad("verify")[0] == 0


def test_what_cannot_be_reached_is_one_line(sanad: Sanad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANAD_STORE", "milvus://root:s3cret@127.0.0.1:1/articles?timeout=2")
    for words in (("status",), ("sync", "."), ("search", "summit"), ("verify",), ("model", "rollback")):
        code, out, err = sanad(*words)
        assert (code, out) == (1, ""), words
        assert err == (
            "sanad: nothing answers at milvus://127.0.0.1:1; is Milvus running there, and reachable from here?\n"
        )


def test_keys_lie_beside_the_store_on_this_machine(sanad: Sanad, tmp_path: Path) -> None:
    assert sanad("keys", "create", "--name", "portal")[0] == 0
    (key,) = KeyFile(tmp_path / ".sanad" / "keys.json").read()
    assert key.name == "portal"
