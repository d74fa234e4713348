"""What is wrong is told in one line, whatever it is: nobody there, too old, another's collection, another encoder's."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from index.errors import StoreDamagedError, StoreError, StoreMissingError
from index.store import create_store, open_store
from index.store.milvus.address import parse
from tests.index.store.corpus import ENCODER, entry
from tests.milvus.server import Server

ROOT = Path(__file__).parents[2]


def one_line(error: pytest.ExceptionInfo[StoreError]) -> str:
    """What is told, which is one line and holds no secret."""
    told = str(error.value)
    assert "\n" not in told
    assert "Traceback" not in told
    assert "s3cret" not in told
    return told


@pytest.mark.slow
def test_nobody_there_is_told_with_where(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for open_or_create in (open_store, create_store):
        with pytest.raises(StoreError) as error:
            open_or_create(f"milvus://root:s3cret@127.0.0.1:{port}/articles?timeout=2", ENCODER.key)
        assert one_line(error) == (
            f"nothing answers at milvus://127.0.0.1:{port}; is Milvus running there, and reachable from here?"
        )
    assert capfd.readouterr() == ("", "")  # pymilvus logs traces if it is let


@contextmanager
def saying(version: str, folder: Path) -> Iterator[int]:
    """milvus-lite's own server under another version; its port."""
    from milvus_lite.adapter.grpc import server as lite
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from pymilvus.grpc_gen import common_pb2, milvus_pb2

    def old(self: Any, request: Any, context: Any) -> Any:
        return milvus_pb2.GetVersionResponse(status=common_pb2.Status(code=0), version=version)

    patched = pytest.MonkeyPatch()
    patched.setattr(MilvusServicer, "GetVersion", old)
    server, held, port = lite.start_server_in_thread(str(folder))
    try:
        yield port
    finally:
        server.stop(grace=0).wait()
        held.close()
        patched.undo()


@pytest.mark.slow
def test_a_file_that_another_process_has_open_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = f"milvus-lite:{tmp_path}/store.db"
    held = "import sys; from index.store.milvus.address import parse; from index.store.milvus.client import Client\n"
    held += "client = Client.open(parse(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", held, place]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError) as error:
            create_store(place, ENCODER.key)
        other.stdin.close()
    assert one_line(error) == (
        f"{place} cannot be opened: it is no file of milvus-lite, or another process has it open"
    )
    assert capfd.readouterr() == ("", "")
    create_store(place, ENCODER.key).close()


@pytest.mark.slow
def test_a_server_too_old_is_told_by_its_version(tmp_path: Path) -> None:
    with saying("v2.2.16", tmp_path / "old") as port, pytest.raises(StoreError) as error:
        open_store(f"milvus://127.0.0.1:{port}/articles")
    assert one_line(error) == f"milvus://127.0.0.1:{port} is Milvus v2.2.16; 2.3 or later is needed"


@pytest.mark.slow
def test_a_server_between_has_no_words_and_one_of_2_5_has(tmp_path: Path) -> None:
    from index.store.milvus.client import Version

    texts = {
        "v2.3.5-lite": False,
        "v2.4.15": False,
        "v2.5.0-beta": True,
        "2.6.11": True,
        "v3.0.0": True,
        "milvus_lite-3.2.2": True,
        "Zilliz Cloud Vector Database(Compatible with Milvus 2.5)": True,
    }
    assert {text: Version.of(text).has_words for text in texts} == texts
    with pytest.raises(StoreError, match="which is none"):
        Version.of("unknown")


def test_a_collection_of_something_else_is_left_alone(milvus_place: str) -> None:
    from index.store.milvus.client import Client
    from index.store.milvus.names import Names
    from index.store.milvus.schema import make_lock

    address = parse(milvus_place)
    client = Client.open(address)
    make_lock(client, _NamedSo(address.name), "somebody else's")
    try:
        for open_or_create in (open_store, create_store):
            with pytest.raises(StoreError, match="a collection of something else") as error:
                open_or_create(milvus_place, ENCODER.key)
            assert not isinstance(error.value, StoreMissingError)
        assert client.ask("list_collections").count(address.name) == 1
        assert not client.ask("has_collection", Names(address.name).log)
    finally:
        client.ask("drop_collection", address.name)
        client.close()


class _NamedSo:
    """Names whose lock is called so."""

    def __init__(self, name: str) -> None:
        self.writer = name


def test_passages_of_another_dimension_are_told(milvus_place: str) -> None:
    from index.store.milvus import schema
    from index.store.milvus.client import Client
    from index.store.milvus.names import Names

    create_store(milvus_place, ENCODER.key).close()
    address = parse(milvus_place)
    client, names = Client.open(address), Names(address.name)
    client.ask("drop_alias", names.base)
    schema.make_passages(client, names.passages(1), 4, words=client.version.has_words)
    client.close()
    with pytest.raises(StoreDamagedError, match="has 4 dimensions, concepts has 8"):
        open_store(milvus_place, ENCODER.key)


@pytest.mark.milvus
def test_a_server_that_hangs_is_given_up_after_the_timeout(server: Server, real_place: str) -> None:
    create_store(real_place, ENCODER.key).close()
    with open_store(real_place.replace("=60", "=5"), ENCODER.key, read_only=True) as store:
        view = store.view()
        server.pause()
        try:
            with pytest.raises(StoreError) as error:
                view.nearest(ENCODER.encode_queries(["summit"])[0], 1)
        finally:
            server.go_on()
    assert one_line(error) == (
        f"milvus://127.0.0.1:{server.port} did not answer within 5 s; if its searches take longer, end SANAD_STORE"
        " with ?timeout=SECONDS"
    )


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[tuple[Server, Path]]:
    """A second server, with TLS and passwords, and the file of its authority."""
    folder = tmp_path_factory.mktemp("guarded")
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.pem"),
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    made = Server.prepare(
        folder / "data",
        server.programs,
        authorization_enabled=True,
        tls_mode=1,
        server_pem_path=str(folder / "server.pem"),
        server_key_path=str(folder / "server.key"),
    )
    made.start()
    try:
        yield made, folder / "server.pem"
    finally:
        made.kill()


@pytest.mark.milvus
def test_a_token_over_tls(guarded: tuple[Server, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    server, authority = guarded
    place = f"https://127.0.0.1:{server.port}/articles?timeout=30"
    monkeypatch.setenv("SANAD_MILVUS_CA", str(authority))
    monkeypatch.setenv("SANAD_MILVUS_TOKEN", "root:s3cret")
    with pytest.raises(StoreError) as error:
        create_store(place, ENCODER.key)
    assert one_line(error) == (
        f"https://127.0.0.1:{server.port} refuses the token; set SANAD_MILVUS_TOKEN=USER:PASSWORD, or an API key"
    )
    monkeypatch.setenv("SANAD_MILVUS_TOKEN", "root:Milvus")
    with create_store(place, ENCODER.key) as store:
        assert store.put([entry("a.txt", "summit")]) == 1
    monkeypatch.delenv("SANAD_MILVUS_TOKEN")
    with pytest.raises(StoreError, match="refuses the token"):
        open_store(place, ENCODER.key)
    with open_store(place.replace("//", "//root:Milvus@"), ENCODER.key, read_only=True) as store:
        assert store.view().passage_count == 1
    with pytest.raises(StoreError, match="nothing answers"):  # it speaks TLS only
        open_store(f"milvus://root:Milvus@127.0.0.1:{server.port}/articles?timeout=2")
    monkeypatch.delenv("SANAD_MILVUS_CA")
    with pytest.raises(StoreError, match="nothing answers"):  # nobody vouches for it
        open_store(place.replace("//", "//root:Milvus@"), ENCODER.key)
    monkeypatch.setenv("SANAD_MILVUS_CA", str(authority.parent / "none.pem"))
    with pytest.raises(StoreError, match=r"none\.pem: No such file or directory"):
        open_store(place, ENCODER.key)
