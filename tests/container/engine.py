"""Podman with a storage of its own, which is gone without a trace at the end."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNTIMES = ("", "runc", "crun")
"""What may start a container, in the order of trying; the first is podman's own choice."""


class EngineError(Exception):
    """A command of the engine failed; what it said."""


@dataclass(frozen=True)
class Engine:
    """One way to call podman: `words` come before each subcommand."""

    words: tuple[str, ...]
    storage: Path

    def run(
        self, *arguments: object, input: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """What `podman ARGUMENTS` did. Raises: EngineError: it failed, and `check` was asked for."""
        words = [*self.words, *map(str, arguments)]
        ran = subprocess.run(words, input=input, capture_output=True, text=True, check=False)
        if check and ran.returncode:
            raise EngineError(
                f"{' '.join(words)} exited with {ran.returncode}:\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}"
            )
        return ran

    def once(self, image: str, *words: str, user: str = "10001") -> str:
        """What a command in a container of its own printed, before both were gone. Raises: EngineError."""
        options = ("--rm", "--network", "none", "--no-healthcheck", "--user", user)
        return self.run("run", *options, *limits(), image, *words).stdout

    def inspect(self, kind: str, name: str) -> Any:
        """What `podman KIND inspect NAME` knows."""
        return json.loads(self.run(kind, "inspect", name).stdout)[0]

    def build(self, context: Path, tag: str, *options: object) -> None:
        """An image of the Dockerfile in `context`. The Docker format, since the other one forgets the health check."""
        network = ("--network", "host")  # for pip: a bridge may be more than this machine lets us have
        self.run("build", "--format", "docker", *network, *limits(), *options, "--tag", tag, context)


@contextlib.contextmanager
def own_engine(storage: Path) -> Iterator[Engine]:
    """Podman that keeps everything in `storage`, an empty folder, which is removed in the end."""
    words = ["podman", "--root", str(storage / "root"), "--runroot", str(storage / "run")]
    # Neither systemd nor its journal has to be there.
    engine = Engine((*words, "--cgroup-manager", "cgroupfs", "--events-backend", "file"), storage)
    try:
        yield engine
    finally:
        engine.run("rm", "--all", "--force", "--time", "0", check=False)
        engine.run("rmi", "--all", "--force", check=False)
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            mounted = line.split()[4]
            if mounted.startswith(f"{storage}/"):
                subprocess.run(["umount", mounted], check=True)
        # Rootless, what a container's users own is ours only inside podman's user namespace.
        ours = [] if os.geteuid() == 0 else [*engine.words, "unshare"]
        subprocess.run([*ours, "rm", "-rf", str(storage)], check=True)


def with_runtime(engine: Engine, image: str) -> Engine:
    """The engine with a runtime that starts `image` here: not each knows each kernel's control groups.

    Raises: EngineError: none does; what each said.
    """
    said = []
    for runtime in RUNTIMES:
        if runtime and not shutil.which(runtime):
            continue
        chosen = Engine((*engine.words, "--runtime", runtime) if runtime else engine.words, engine.storage)
        try:
            chosen.once(image, "true")
        except EngineError as error:
            said.append(str(error))
        else:
            return chosen
    raise EngineError("no runtime starts a container here:\n" + "\n".join(said))


def limits() -> Sequence[str]:
    """Limits no higher than our own: podman's own choice is more than a confined user may set."""
    found = []
    for name, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        _, hard = resource.getrlimit(kind)
        most = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
        found += ["--ulimit", f"{name}={most}:{most}"]
    return found
