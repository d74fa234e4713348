"""Readers in a process of their own: what a hostile file does there, it does to that process alone.

It has no network, little memory, and so many seconds of the processor for an article; when it dies, the file is refused
and the next one gets a new process. The libraries of the formats are imported there only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from index.errors import ReadError
from index.read import budget
from index.read.files import SourceFile
from index.read.formats import Item
from index.read.mapping import FieldMap
from index.types import Given, RawArticle

LAUNCH = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from index.read.apart import serve; serve()"
)
MEMORY = 2_500_000_000
"""Bytes of address space; an ordinary page takes 300 MB of it, most of that the libraries."""
_BANNED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.fork",
    "ftplib.",
    "urllib.",
    "webbrowser.",
)
_DEATHS = {
    -signal.SIGXCPU: f"took more than {budget.SECONDS} seconds of the processor",
    -signal.SIGKILL: "took too much time or memory",
    -signal.SIGSEGV: "broke the library that reads its format",
    -signal.SIGABRT: "broke the library that reads its format",
}


class Apart:
    """The process that reads, started for the first file; `close` ends it. For one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; closing twice does nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def read(self, file: SourceFile, fields: FieldMap) -> Iterator[Item]:
        """The articles of a file in order; what is refused comes as the ReadError, at last that the process died."""
        process = self._started()
        is_over = False
        try:
            assert process.stdin  # both are pipes
            assert process.stdout
            process.stdin.write(_line(_order(file, fields)))
            process.stdin.flush()
            for line in process.stdout:
                said = json.loads(line)
                if "article" in said:
                    yield _article(said["article"])
                elif "error" in said:
                    yield ReadError(*said["error"])
                elif is_over := "over" in said:
                    return
            yield self._death(file, process)
        except BrokenPipeError:
            yield self._death(file, process)
        finally:
            if not is_over:  # the reader left early, or the process is no more
                self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for us: we end it
            )
        return self._process

    def _death(self, file: SourceFile, process: subprocess.Popen[bytes]) -> ReadError:
        code = process.wait()
        return ReadError(
            file.source,
            f"{_DEATHS.get(code, f'ended its reader (exit code {code})')}; nothing more of it is read",
        )


def serve() -> None:
    """Read the files that are named on stdin, until it ends; the work of the process apart."""
    import resource

    sys.addaudithook(_forbid)
    budget.begin()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Whatever a library prints must not come between our lines.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        for said in _read(
            SourceFile(Path(order["path"]), order["source"], Path(order["folder"])), _fields(order)
        ):
            out.write(_line(said))
            out.flush()
            budget.renew()


def _read(file: SourceFile, fields: FieldMap) -> Iterator[dict[str, Any]]:
    from index.read.formats import reader

    budget.renew()
    try:
        for item in reader(file, fields)(file):
            yield (
                {"error": [item.source, item.reason]}
                if isinstance(item, ReadError)
                else {"article": asdict(item)}
            )
    except ReadError as error:
        yield {"error": [error.source, error.reason]}
    except (RecursionError, MemoryError) as error:
        yield {"error": [file.source, f"is nested too deep or too large to be read ({type(error).__name__})"]}
    except Exception as error:  # whatever a library raises about a file is the file's refusal
        yield {
            "error": [
                file.source,
                f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
            ]
        }
    yield {"over": True}


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """A reader opens no connection and starts no program. Raises: PermissionError."""
    if event.startswith(_BANNED):
        raise PermissionError(f"a reader may not: {event}")


def _order(file: SourceFile, fields: FieldMap) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "source": file.source,
        "folder": str(file.folder),
        "fields": dict(fields.fields),
        "only": dict(fields.only),
    }


def _fields(order: Mapping[str, Any]) -> FieldMap:
    return FieldMap.checked(order["fields"], order["only"], "--map")


def _article(said: dict[str, Any]) -> RawArticle:
    return RawArticle(**{**said, "given": Given(**said["given"]), "inferred": tuple(said["inferred"])})


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"
