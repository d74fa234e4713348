"""A chain of stages: each has a key over its settings, files and earlier stages, and runs once per key."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from training.config import Config

STAMP = "stage.json"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the recipe: what it reads, and the function that fills its folder."""

    name: str
    make: Callable[[Config, Path], None]
    needs: tuple[str, ...] = ()
    settings: Callable[[Config], object] = lambda config: None
    files: Callable[[Config], Iterable[Path]] = lambda config: ()


class Chain:
    """The stages in order over one work folder; a stage whose key has not changed is skipped."""

    def __init__(self, config: Config, stages: Iterable[Stage], console: Console) -> None:
        self._config = config
        self._stages = {stage.name: stage for stage in stages}
        self._console = console
        self._keys: dict[str, str] = {}

    def key(self, name: str) -> str:
        """The hash of everything the stage's output depends on (not of the code)."""
        if name not in self._keys:
            stage = self._stages[name]
            parts = {
                "settings": plain(stage.settings(self._config)),
                "seed": self._config.seed,
                "files": [file_digest(path) for path in stage.files(self._config)],
                "needs": [self.key(need) for need in stage.needs],
            }
            text = json.dumps(parts, sort_keys=True, default=str)
            self._keys[name] = hashlib.sha256(text.encode()).hexdigest()
        return self._keys[name]

    def done(self, name: str) -> bool:
        """Whether the stage's folder holds a finished result of exactly this key."""
        return self._stamp(name) == {"key": self.key(name), "done": True}

    def run(self, name: str) -> Path:
        """The stage's folder, made now if it is not there; what it needs is made before it.

        A stage that was broken off is started again in its folder when the key is the same (so that a
        training stage finds its checkpoints), and in an empty folder otherwise.
        """
        stage, folder = self._stages[name], self._config.work / name
        for need in stage.needs:
            self.run(need)
        if self.done(name):
            return folder
        if folder.exists() and self._stamp(name).get("key") != self.key(name):
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._write(name, done=False)
        self._console.log(f"{name}: started")
        begun = time.monotonic()
        stage.make(self._config, folder)
        self._write(name, done=True)
        self._console.log(f"{name}: done in {time.monotonic() - begun:.0f} s")
        return folder

    def _stamp(self, name: str) -> dict[str, Any]:
        path = self._config.work / name / STAMP
        return json.loads(path.read_text()) if path.exists() else {}

    def _write(self, name: str, *, done: bool) -> None:
        stamp = {"key": self.key(name), "done": done}
        (self._config.work / name / STAMP).write_text(json.dumps(stamp))


def plain(value: object) -> object:
    """Settings as plain values for hashing; a tuple of settings gives a list."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value


def file_digest(path: Path) -> str:
    """SHA-256 of a file, of a folder's files in order, or "absent"."""
    if path.is_dir():
        parts = [f"{p.relative_to(path)}:{file_digest(p)}" for p in sorted(path.rglob("*")) if p.is_file()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    if not path.exists():
        return "absent"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
