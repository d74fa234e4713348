"""The log: one JSON object a line for machines, or a plain line for a person at a terminal."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, Literal

Form = Literal["auto", "json", "text"]
LONGEST = 2000


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what it carries in `fields` stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": _stamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A record as a line for people, its fields after the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the trace below it when there is one."""
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        told = "".join(f" {name}={value}" for name, value in fields.items() if value is not None)
        line, newline, trace = super().format(record).partition("\n")
        return line + told + newline + trace


def configure(level: str, form: Form) -> None:
    """Send the process's log to stderr in this form; `auto` is text on a terminal and JSON elsewhere."""
    is_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if is_json else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("faiss").setLevel(logging.WARNING)  # it tells of every instruction set it tries


def _stamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
