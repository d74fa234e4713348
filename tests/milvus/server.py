"""A real Milvus server in a folder of its own, on free ports: the PyPI package `milvus` brings its programs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

READY_S = 180.0


class Server:
    """One server, made by `prepare`; `start`, `kill` and `start` again go on with what it held."""

    def __init__(self, folder: Path, port: int, health: int, environment: dict[str, str]) -> None:
        self.port, self._folder, self._health, self._environment = port, folder, health, environment
        self.programs = Path(environment["LD_LIBRARY_PATH"]).parent
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare(cls, folder: Path, programs: Path | None = None, **settings: object) -> Server:
        """A server whose data and settings lie in `folder`, and its programs, unless they are unpacked in another."""
        from milvus import MilvusServerConfig, _initialize_data_files

        config = MilvusServerConfig(data_dir=str(folder))
        names = [name for name in config.configurable_items if name.endswith("_port")]
        *ports, health, peer = _free_ports(len(names) + 2)
        config.update(**dict(zip(names, ports, strict=True)))
        for name, value in settings.items():
            config.set(name, value)
        config.resolve()
        if programs is None:
            programs = folder
            _initialize_data_files(str(folder))
        etcd = folder / "etcd.yaml"  # or it would listen on a fixed port
        etcd.write_text(
            f"name: one\ndata-dir: {folder}/data/etcd.data\nlog-outputs: [{folder}/logs/etcd.log]\n"
            + _urls("client", config.get("etcd_port"), advertised="advertise-client-urls")
            + _urls("peer", peer, advertised="initial-advertise-peer-urls")
            + f"initial-cluster: one=http://127.0.0.1:{peer}\n",
            "utf-8",
        )
        environment = {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(health),
            "MILVUS_RUN_DIR": str(folder / "run"),
            "LD_LIBRARY_PATH": str(programs / "bin"),
            "ETCD_CONFIG_PATH": str(etcd),
        }
        return cls(folder, int(config.get("proxy_port")), health, {**os.environ, **environment})

    def start(self) -> None:
        """Start it, and wait until it says that it is well."""
        with (self._folder / "logs" / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [f"{self.programs}/bin/milvus", "run", "standalone"],
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_S
        while not self._is_well():
            assert self._process.poll() is None, f"Milvus ended; see {self._folder}/logs"
            assert time.monotonic() < deadline, f"Milvus is not ready after {READY_S:g} s"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Let it hang until `go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _is_well(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}/healthz", timeout=5) as answer:
                return b"OK" in answer.read()
        except OSError:
            return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _urls(kind: str, port: int, *, advertised: str) -> str:
    url = f"http://127.0.0.1:{port}"
    return f"listen-{kind}-urls: {url}\n{advertised}: {url}\n"
