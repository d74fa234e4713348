"""The nouns of writing: a task, where it stands, what became of it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeAlias

Kind: TypeAlias = Literal["put", "delete", "batch"]
Status: TypeAlias = Literal["enqueued", "processing", "succeeded", "failed"]
FINISHED: tuple[Status, ...] = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An article of a batch that was not taken; `place` counts from 0."""

    place: int
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed as a whole: the status and code of the problem, and the field at fault if any."""

    status: int
    code: str
    field: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the articles taken so far."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One write. `done` of `total` articles are durable; `revision` holds all of them."""

    id: str
    kind: Kind
    status: Status
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    total: int | None = None
    done: int = 0
    counts: Counts = Counts()
    refused: tuple[Refusal, ...] = ()
    revision: int | None = None
    failure: Failure | None = None
    written: Mapping[str, Any] | None = field(default=None)

    @classmethod
    def new(cls, kind: Kind, total: int | None = None) -> Self:
        """A task that waits; ids sort by the time they were made."""
        return cls(new_id(), kind, "enqueued", now(), total=total)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote. Raises: ValueError, TypeError, KeyError for anything else."""
        fields = json.loads(text)
        fields["counts"] = Counts(**fields["counts"])
        fields["refused"] = tuple(Refusal(**refusal) for refusal in fields["refused"])
        fields["failure"] = Failure(**fields["failure"]) if fields["failure"] else None
        return cls(**fields)

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def finished(self, failure: Failure | None = None, **changes: Any) -> Task:
        """The same task, over: failed when there is a failure or an article was refused."""
        failed = failure is not None or self.counts.refused > 0
        status: Status = "failed" if failed else "succeeded"
        return replace(self, status=status, finished_at=now(), failure=failure, **changes)


def new_id() -> str:
    """24 hex digits; later ones sort later."""
    return f"{time.time_ns() // 1000:014x}{secrets.token_hex(5)}"


def now() -> str:
    """The time in UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
