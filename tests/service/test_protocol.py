"""A hostile network, over a real socket: nothing holds the service up, and each refusal is a problem."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from service.bodies import DEEPEST, depth
from service.protocol import Patience
from tests.service.institution import Institution, institution, served

CRLF = b"\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institution]:
    with institution(tmp_path_factory.mktemp("house") / "store", body_seconds=0.7) as house:
        yield house


@pytest.fixture(scope="module")
def base(house: Institution) -> Iterator[str]:
    with served(house.app) as base:
        yield base


@pytest.fixture(autouse=True)
def unharmed(base: str) -> Iterator[None]:
    yield
    assert httpx.get(f"{base}/livez", timeout=5).json() == {"status": "ok"}


def connection(base: str) -> socket.socket:
    address = urlsplit(base)
    opened = socket.create_connection((address.hostname, address.port), timeout=10)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def received(opened: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    try:
        while part := opened.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def answered(opened: socket.socket) -> bool:
    """Whether `/livez` says that all is well, the connection left open."""
    got = b""
    while not got.endswith(b"}"):
        part = opened.recv(65536)
        if not part:
            return False
        got += part
    return got.endswith(b'{"status":"ok"}')


def problem(raw: bytes) -> dict[str, Any]:
    head, _, body = raw.partition(CRLF * 2)
    assert b"application/problem+json" in head, raw
    assert b"x-request-id" in head.lower()
    told: dict[str, Any] = json.loads(body)
    assert told["status"] == int(head.split()[1])
    assert set(told) == {"type", "title", "status", "detail", "code", "errors", "request_id"}
    return told


def test_headers_that_trickle_in_are_cut_off(base: str) -> None:
    with connection(base) as opened:
        began = time.monotonic()
        opened.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        for place in range(4):
            time.sleep(0.1)
            opened.sendall(b"X-%d: y\r\n" % place)
        assert problem(received(opened))["code"] == "too_slow"
        assert 0.4 < time.monotonic() - began < 20


def test_a_connection_that_says_nothing_is_closed(base: str) -> None:
    with connection(base) as opened:
        assert problem(received(opened))["status"] == 408


def test_headers_that_trickle_in_after_an_answer_are_cut_off_too(base: str) -> None:
    with connection(base) as opened:
        opened.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answered(opened)
        opened.sendall(b"GET /livez HTTP/1.1\r\n")
        assert problem(received(opened))["code"] == "too_slow"


def test_a_body_that_trickles_in_is_cut_off(base: str, house: Institution) -> None:
    with connection(base) as opened:
        opened.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: %s\r\nContent-Length: 1000\r\n\r\n"
            % house.keys["search"]["Authorization"].encode()
        )
        began = time.monotonic()
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.1):
                try:
                    opened.sendall(b" ")
                except OSError:
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        assert problem(received(opened))["code"] == "too_slow"
        assert 0.5 < time.monotonic() - began < 20
        stop.set()
        sender.join()


def test_many_slow_connections_keep_nobody_out(base: str) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connection(base)) for _ in range(100)]
        for opened in slow:
            opened.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        assert httpx.get(f"{base}/livez").status_code == 200
        assert time.monotonic() - began < 10
        assert [problem(received(opened))["status"] for opened in slow] == [408] * 100


def test_one_connection_too_many_is_told_so(house: Institution) -> None:
    with ExitStack() as stack:
        few = stack.enter_context(served(house.app, Patience(header_s=60, connections=5)))
        held = [stack.enter_context(connection(few)) for _ in range(5)]
        for opened in held:
            opened.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answered(opened)
        refused = received(stack.enter_context(connection(few)))
        assert problem(refused)["code"] == "too_many_connections"
        assert b"Retry-After: 1" in refused


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /livez HTTP/1.1\r\nHost: x\r\n"
        + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 100) for n in range(2000))
        + CRLF,
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + CRLF * 2,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_flood_of_headers_is_refused(base: str, sent: bytes) -> None:
    with connection(base) as opened:
        try:
            opened.sendall(sent)
        except OSError:
            return  # cut off while it was still sending
        answer = received(opened)
        assert not answer or problem(answer)["code"] == "headers_too_large"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_problem(base: str, sent: bytes) -> None:
    with connection(base) as opened:
        opened.sendall(sent)
        told = problem(received(opened))
        assert (told["status"], told["code"]) == (400, "invalid_http")


def test_a_bad_chunk_in_a_body_closes_the_connection(base: str, house: Institution) -> None:
    with connection(base) as opened:
        opened.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
            b"Authorization: %s\r\n\r\nZZ\r\n" % house.keys["search"]["Authorization"].encode()
        )
        assert b"HTTP/1.1 400" in received(opened)


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_of_50_mb_is_refused_before_it_is_read(
    base: str, house: Institution, is_declared: bool
) -> None:
    size = 50_000_000
    length = b"Content-Length: %d\r\n" % size if is_declared else b"Transfer-Encoding: chunked\r\n"
    with connection(base) as opened:
        opened.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%sAuthorization: %s\r\n\r\n"
            % (length, house.keys["search"]["Authorization"].encode())
        )
        sent, chunk = 0, b"a" * 65536
        try:
            while sent < size:
                opened.sendall(chunk if is_declared else b"10000\r\n" + chunk + CRLF)
                sent += len(chunk)
        except OSError:
            pass
        assert sent < 20_000_000, "the connection was closed long before all of it came"


def test_deep_json_is_refused(base: str, house: Institution) -> None:
    headers = {**house.keys["search"], "Content-Type": "application/json"}
    for body in (b"[" * 100 + b"]" * 100, b'{"q":' * 100 + b"1" + b"}" * 100, b"[" * 1_000_000):
        response = httpx.post(f"{base}/v1/search", content=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["code"] == "json_too_deep"


@pytest.mark.parametrize(
    ("json_text", "levels"),
    [
        (b"", 0),
        (b'"[[[["', 0),
        (rb'"\"[[["', 0),
        (b"[]", 1),
        (b'{"a": [{"b": "]]"}]}', 3),
        (b"[],[],[]", 1),
        (b"[" * 100, DEEPEST + 1),
        (b'"' + b"\\" * 100_000, 0),
    ],
)
def test_depth_counts_brackets_outside_strings(json_text: bytes, levels: int) -> None:
    assert depth(json_text) == levels


def test_a_gzip_bomb_stays_packed(base: str, house: Institution) -> None:
    import gzip

    bomb = gzip.compress(b"[" * 50_000_000)
    headers = {**house.keys["search"], "Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = httpx.post(f"{base}/v1/search", content=bomb, headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "encoding_refused")


def test_nul_and_lone_surrogates_are_refused(base: str, house: Institution) -> None:
    headers = {**house.keys["search"], "Content-Type": "application/json"}
    for body in (rb'{"q": "a\u0000b"}', rb'{"q": "a\ud800b"}', rb'{"q": "\udfff"}'):
        response = httpx.post(f"{base}/v1/search", content=body, headers=headers)
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["field"] == "q"
    for query in ("q=a%00b", "q=%ED%A0%80"):
        assert httpx.get(f"{base}/v1/search?{query}", headers=house.keys["search"]).status_code == 422
    assert httpx.get(f"{base}/v1/articles/a%00b", headers=house.keys["search"]).status_code == 422


@pytest.mark.slow
def test_a_reader_who_does_not_read_is_cut_off(base: str, house: Institution) -> None:
    """More answers are asked for on one connection than fit into its buffers, and none is read."""
    with connection(base) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        began = time.monotonic()
        try:
            while time.monotonic() - began < 20:
                opened.sendall(request * 20)
        except OSError:
            pass
        assert time.monotonic() - began < 15


def test_requests_on_their_way_are_answered_when_the_service_stops(
    house: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was accepted before the stop, its request sent just after."""
    monkeypatch.setattr("service.protocol.LEAVING_S", 3)
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        with served(house.app) as base:
            opened = stack.enter_context(connection(base))
            opened.sendall(request)
            assert answered(opened)
            late = threading.Timer(0.15, opened.sendall, [request])
            late.start()
        late.join()
        answer = received(opened)
        assert answer.endswith(b'{"status":"ok"}')
        assert b"connection: close" in answer.lower(), "the next request would not be answered"
