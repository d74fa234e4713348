"""The service as a process of its own, over the seed articles and the bundled encoder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from index.encoder import load_encoder
from index.store import create_store
from index.sync import sync
from service.keys import KeyFile

ROOT = Path(__file__).parents[3]
FLOOD = Path(__file__).with_name("flood.py")


@dataclass
class Live:
    """A running service, its keys, and where it logs."""

    process: subprocess.Popen[bytes]
    port: int
    admin: dict[str, str]
    search: str
    log: Path

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def flood(self, seconds: float, callers: int, pause: float = 0.0) -> subprocess.Popen[bytes]:
        """A crowd of callers in a process of its own."""
        words = ("127.0.0.1", self.port, seconds, callers, pause, self.search)
        return subprocess.Popen([sys.executable, str(FLOOD), *map(str, words)], stdout=subprocess.PIPE)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def status(self, name: str) -> int:
        """A number of `/proc/PID/status`, such as VmRSS in KiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise KeyError(name)

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def lines(self) -> list[dict[str, Any]]:
        """Its log."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


def seeded(folder: Path) -> Path:
    """A store of the seed articles with an admin and a search key."""
    encoder = load_encoder()
    with create_store(folder, encoder.key) as store:
        sync(ROOT / "seeds", store, encoder)
    return folder


@contextmanager
def live(folder: Path, **settings: Any) -> Iterator[Live]:
    """A service over the store in `folder`; killed at the end if it still runs."""
    keys = KeyFile(folder / "keys.json")
    admin, search = keys.create("admin", "ops")[1], keys.create("search", "crowd")[1]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"store": folder, "port": port, "log_format": "json", "rate": 0, **settings}
    environment = {**os.environ, **{f"SANAD_{name.upper()}": str(value) for name, value in told.items()}}
    log = folder.with_name(f"{folder.name}-{port}.log")
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env=environment, stderr=file)
    running = Live(process, port, {"Authorization": f"Bearer {admin}"}, search, log)
    try:
        _wait(running)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def copied(store: Path, place: Path) -> Path:
    """A copy of the store without keys and tasks."""
    return Path(shutil.copytree(store, place, ignore=shutil.ignore_patterns("keys*", "tasks")))


def _wait(running: Live) -> None:
    for _ in range(1200):
        assert running.process.poll() is None, running.log.read_text("utf-8")
        try:
            if httpx.get(f"{running.base}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service did not start")
