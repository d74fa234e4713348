"""A peer measured in processes of its own: build, ask, serve; what goes wrong is a reason, never the end of the run."""

from __future__ import annotations

import asyncio
import json
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from benchmarks.peers import http
from benchmarks.peers.given import Given, Request
from benchmarks.peers.measures import Figures, cpu_s, resident, size
from benchmarks.peers.worker import CLIENTS, SECONDS

FIRST_S = 120
"""Seconds a server may take until its first answer."""
GRACE_S = 20


class FailedError(Exception):
    """Why a step did not come to its end, in one line."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs a peer's steps with the Python of its environment, none for longer than `limit` seconds."""

    python: Path
    name: str
    given: Given
    limit: float

    @property
    def peer(self) -> Any:
        """Its module, of which what it needs of its environment is imported only there."""
        return import_module(f"benchmarks.peers.{self.name}")

    def measured(self, known: dict[str, Any]) -> dict[str, Any]:
        """The figures, with those that a run before it came to; `error` says what is missing and why."""
        found = {name: value for name, value in known.items() if name != "error"}
        reasons = []
        for step in (self.build, self.ask, self.serve):
            try:
                found.update(step(found))
            except (FailedError, http.RefusedError, OSError, asyncio.IncompleteReadError) as error:
                reasons.append(f"{step.__name__}: {error}")
                if step == self.build:
                    break
        return {**found, "error": "; ".join(reasons)} if reasons else found

    def build(self, known: dict[str, Any]) -> dict[str, Any]:
        """Seconds to make the store, and its bytes."""
        if "build_s" in known:
            return {}
        goes_on = hasattr(self.peer, "GOES_ON") and self.given.is_embedded
        spent = known.get("spent_s", 0.0)
        if not goes_on:
            shutil.rmtree(self.given.store, ignore_errors=True)
        self.given.store.parent.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        with self._worker("build") as (process, lines):
            try:
                told = next(lines, {})
            except FailedError:
                if goes_on:
                    known["spent_s"] = spent + time.perf_counter() - began
                    known["spent_cpu_s"] = known.get("spent_cpu_s", 0.0) + cpu_s(process.pid)
                raise
            self._ended(process, "seconds" in told)
        cpu = known.get("spent_cpu_s", 0.0) + told["cpu_s"]
        return {"build_s": spent + told["seconds"], "build_cpu_s": cpu, "disk": size(self.given.store)}

    def ask(self, known: dict[str, Any]) -> dict[str, Any]:
        """What is measured in one process: open to first answer, nearest, recall, answers, memory."""
        found: dict[str, Any] = {}
        began = time.perf_counter()
        with self._worker("ask") as (process, lines):
            for line in lines:
                if line.pop("first", False):
                    found["open_s"] = time.perf_counter() - began
                found.update(line)
            self._ended(process, "memory" in found)
        return found

    def serve(self, known: dict[str, Any]) -> dict[str, Any]:
        """What is measured over HTTP, by mode and number of callers."""
        if not hasattr(self.peer, "serve"):
            return {}
        port, began = free_port(), time.perf_counter()
        with self._worker("serve", str(port)) as (process, _):
            modes = self._first_answer(process, port)
            opened, found = time.perf_counter() - began, {}
            for mode, requests in modes.items():
                http.load(port, requests, 1, SECONDS / 3)
                found[mode] = {
                    str(clients): _loaded(process.pid, port, requests, clients) for clients in CLIENTS
                }
            return {"http": found, "http_open_s": opened, "http_memory": resident(process.pid)}

    def _first_answer(self, process: subprocess.Popen[str], port: int) -> dict[str, Any]:
        end = time.perf_counter() + FIRST_S
        while time.perf_counter() < end and process.poll() is None:
            try:
                modes: dict[str, Any] = self.peer.requests(self.given, port)
                http.once(port, next(iter(modes.values()))[0])
                return modes
            except OSError:
                time.sleep(0.02)
        self._ended(process, process.poll() is None)
        raise FailedError(f"no answer in {FIRST_S} s")

    @contextmanager
    def _worker(self, what: str, *more: str) -> Iterator[tuple[subprocess.Popen[str], Iterator[Any]]]:
        """The process and the lines it prints; ended with the context."""
        places = (self.given.folder, self.given.store, self.given.model)
        command = [
            str(self.python),
            "-m",
            "benchmarks.peers.worker",
            self.name,
            what,
            *map(str, places),
            *more,
        ]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            try:
                yield process, self._lines(process)
            except FailedError as error:
                raise FailedError(f"{error}{_last(errors)}") from None
            finally:
                process.terminate()
                try:
                    process.wait(GRACE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                assert process.stdout is not None
                process.stdout.close()

    def _lines(self, process: subprocess.Popen[str]) -> Iterator[Any]:
        end = time.perf_counter() + self.limit
        assert process.stdout is not None
        while True:
            left = end - time.perf_counter()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise FailedError(f"not done in {self.limit:.0f} s")
            line = process.stdout.readline()
            if not line:
                return
            if line.startswith("{"):
                yield json.loads(line)

    def _ended(self, process: subprocess.Popen[str], has_told: bool) -> None:
        """Raises: FailedError: it ended, and not well."""
        if not has_told:
            raise FailedError(f"ended with {process.wait(GRACE_S)}")


def _loaded(pid: int, port: int, requests: Sequence[Request], clients: int) -> Figures:
    """The figures of a load, and the server's processor time of an answer."""
    before = cpu_s(pid)
    found = http.load(port, requests, clients, SECONDS)
    return {**found, "cpu_ms": 1000 * (cpu_s(pid) - before) / found["answers"]}


def _last(errors: IO[str]) -> str:
    """The last line of a process's errors, after a colon."""
    errors.seek(0)
    lines = [line.strip() for line in errors.read().splitlines() if line.strip()]
    return f": {lines[-1][:160]}" if lines else ""


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((http.HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def embed(python: Path, given: Given) -> None:
    """The questions, and texts to be compared with, in torch. Raises: CalledProcessError."""
    places: Sequence[Path] = (given.folder, given.store, given.model)
    subprocess.run(
        [str(python), "-m", "benchmarks.peers.worker", "script", "embed", *map(str, places)], check=True
    )
