"""Walks a page of the documentation: runs its shell blocks in order, in one shell, as a reader would.

`python -m tests.docs.walk docs/tutorial.md --from-nothing` also runs the block that installs, in a copy of the source;
the tests leave it out and run what is checked out. Ports of the page are replaced by free ones.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PORT = re.compile(r"\b(8000|8080)\b")
MARK = "--- block "
SECONDS, SECONDS_TO_INSTALL = 240, 1200


@dataclass(frozen=True, slots=True)
class Block:
    """Shell commands, and the pieces of text that their output must hold, in order."""

    text: str
    title: str
    printed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of a page: each block's output, the ports in place of the page's own, and the folder."""

    outputs: tuple[str, ...]
    ports: Mapping[str, int]
    folder: Path


def blocks(page: Path) -> list[Block]:
    """The page's shell blocks; a block of text after one is what it prints."""
    found: list[Block] = []
    for language, title, text in BLOCK.findall(page.read_text("utf-8")):
        if language == "sh":
            found.append(Block(text, title))
        elif language == "text" and found and not found[-1].printed:
            found[-1] = Block(found[-1].text, found[-1].title, tuple(text.splitlines()))
    return found


@contextmanager
def walked(page: Path, folder: Path, *, from_nothing: bool = False) -> Iterator[Walk]:
    """The page walked in `folder`; what it left running is ended afterwards.

    Raises: AssertionError: a block failed, or did not print what the page says; with the output.
    """
    steps = [block for block in blocks(page) if from_nothing or block.title != "install"]
    ports = {port: _free() for port in ("8000", "8080")}
    shutil.copytree(ROOT / "seeds", folder / "seeds", dirs_exist_ok=True)
    script = "".join(f"echo '{MARK}'\n{block.text}\n" for block in steps)
    script = PORT.sub(lambda match: str(ports[match[0]]), script)
    environment = {**os.environ, "SANAD_PORT": str(ports["8000"]), "HF_HUB_OFFLINE": "1"}
    if not from_nothing:
        environment["PATH"] = f"{_command(folder)}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryFile() as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                shell.wait(SECONDS + SECONDS_TO_INSTALL * from_nothing)
            output.seek(0)
            told = output.read().decode()
            code = shell.poll()
            assert code == 0, f"{page.name} {'runs on' if code is None else f'ended with {code}'}:\n{told}"
            outputs = tuple(told.split(MARK)[1:])
            for block, printed in zip(steps, outputs, strict=True):
                _check(page, block, printed)
            yield Walk(outputs, ports, folder)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()


def _check(page: Path, block: Block, printed: str) -> None:
    place = 0
    for line in block.printed:
        found = printed.find(line, place)
        assert found >= 0, f"{page.name}: expected {line!r} of\n{block.text}\nin\n{printed}"
        place = found + len(line)


def _command(folder: Path) -> Path:
    """A folder with a `sanad` that runs what is checked out."""
    place = folder / ".bin"
    place.mkdir()
    script = place / "sanad"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m index "$@"\n', "utf-8")
    script.chmod(0o755)
    return place


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Walks the page that is named and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--from-nothing", action="store_true", help="install too, in a copy of the source")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "source"
        if given.from_nothing:
            left_out = shutil.ignore_patterns(".git", ".venv", "build", ".*_cache", "__pycache__", ".sanad")
            shutil.copytree(ROOT, folder, ignore=left_out)
        with walked(given.page, folder, from_nothing=given.from_nothing) as walk:
            sys.stdout.write("\n".join(walk.outputs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
