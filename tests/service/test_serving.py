"""Before the port is opened: what may be served to whom, and what the server is told."""

from __future__ import annotations

import json
import logging
import os
import threading
from ipaddress import ip_network
from pathlib import Path

import anyio
import pytest

from index.errors import IndexingError
from service import __main__ as serving
from service import tracing
from service.addresses import LOOPBACK_NAMES
from service.keys import KeyFile
from service.limits import Gate
from service.logs import configure
from service.metrics import Metrics
from service.problems import ProblemError
from service.settings import Settings


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The settings that would have been served."""
    served: list[Settings] = []
    monkeypatch.setattr(serving, "_serve", lambda settings, *, keyed: served.append(settings))
    monkeypatch.setattr(serving.logs, "configure", lambda level, form: None)
    return served


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "portal.example.org"])
def test_without_a_key_only_this_machine_is_let_in(runs: list[Settings], tmp_path: Path, host: str) -> None:
    with pytest.raises(IndexingError, match=r"no key is configured.*sanad keys create.*--insecure"):
        serving.run(Settings(store=str(tmp_path), host=host))
    assert runs == []
    serving.run(Settings(store=str(tmp_path), host=host, insecure=True))
    KeyFile(tmp_path / "keys.json").create("search", "portal")
    serving.run(Settings(store=str(tmp_path), host=host))
    assert [settings.hosts for settings in runs] == [(), ()]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_loopback_only_our_own_names_are_answered(runs: list[Settings], tmp_path: Path, host: str) -> None:
    serving.run(Settings(store=str(tmp_path), host=host))
    assert [settings.hosts for settings in runs] == [LOOPBACK_NAMES]


def test_a_worker_reads_the_settings_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        store="/data",
        proxies=(ip_network("10.0.0.0/8"),),
        hosts=("a.example", "b.example"),
        rate=2.5,
        insecure=True,
        examples=("ما الخبر؟",),
    )
    for name, value in serving._environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_no_local_process_is_believed_to_be_a_proxy() -> None:
    told = serving._server(Settings())
    assert told["proxy_headers"] is False
    assert told["access_log"] is False
    assert told["server_header"] is False
    assert told["timeout_graceful_shutdown"] > Settings().search_seconds


def test_origins_and_proxies_are_named_exactly() -> None:
    for wrong in (
        {"cors_origins": ["*"]},
        {"cors_origins": ["https://a.example/x"]},
        {"proxies": ["10.0.0.0/33"]},
    ):
        with pytest.raises(ValueError, match="validation error"):
            Settings(**wrong)


def test_traces_go_where_the_environment_says() -> None:
    assert not tracing.is_wanted({})
    assert tracing.is_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})


def test_a_search_that_waits_too_long_is_given_up_but_not_its_thread() -> None:
    release = threading.Event()

    async def crowd() -> list[str]:
        gate = Gate(threads=1, queue=1, seconds=0.2, metrics=Metrics.create())
        codes = []

        async def ask() -> None:
            try:
                await gate.run(lambda: release.wait(10))
            except ProblemError as problem:
                codes.append(f"{problem.code} {problem.headers}")

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask)
        release.set()
        assert await gate.run(lambda: "answered") == "answered"
        return codes

    again = "{'Retry-After': '1'}"
    assert sorted(anyio.run(crowd)) == [f"overloaded {again}", f"timed_out {again}", f"timed_out {again}"]


def test_the_log_is_json_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure("info", "auto")
        logging.getLogger("sanad.test").info("one\nline", extra={"fields": {"pid": os.getpid()}})
        (line,) = capfd.readouterr().err.splitlines()
        assert json.loads(line)["pid"] == os.getpid()
    finally:
        root.handlers, root.level = before[0], before[1]
