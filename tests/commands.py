"""The command line, run in this process: exit code, stdout, stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from index.__main__ import main


class Ran(NamedTuple):
    """What one run left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read."""
        return json.loads(self.out)


Sanad = Callable[..., Ran]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sanad:
    """What runs `sanad` with the words that it is called with."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["sanad", *map(str, words)])
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return Ran(int(exited.value.code or 0), captured.out, captured.err)

    return run
