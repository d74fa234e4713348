"""The log: a row a commit, which says how far the store is and which older rows do not count any more.

A commit is there when its row is: one insert of one row. What of it does not fit there lies in further parts, which are
written before. Rows are never changed; those that say nothing any more are deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from index.errors import StoreDamagedError
from index.store.milvus.client import MOST, Client, Row
from index.store.milvus.names import NO_VECTOR, Names
from index.types import EncoderKey

VERSION = 1
PART = 15_000
"""Characters of one part: at most four bytes each, so it always fits a field."""


@dataclass(frozen=True, slots=True)
class EmbeddingSet:
    """Passages with the embeddings of one encoder: the collection `NAME_passages_{number}`."""

    number: int
    key: EncoderKey


@dataclass(frozen=True, slots=True)
class State:
    """How far a store is after the commit `serial`; the rows with `added <= serial` count, less those retired since.

    `revision` is what searches see; some commits do not change that. `row` and `version` are the highest numbers ever
    used. `searchable` says whether there is search by words; `words` counts those of all passages and headings. What
    was retired up to commit `swept` may be deleted, up to `gone` it is. `guarantee` is Milvus' time when all of it had
    been written.
    """

    sets: tuple[EmbeddingSet, ...]
    active: int
    searchable: bool
    previous: int | None = None
    serial: int = 0
    revision: int = 0
    articles: int = 0
    passages: int = 0
    words: int = 0
    row: int = 0
    version: int = 0
    roots: tuple[str, ...] = ("",)
    publishers: Mapping[str, int] = field(default_factory=dict)
    swept: int = -1
    gone: int = -1
    guarantee: int = 1
    at: float = 0.0

    @property
    def key(self) -> EncoderKey:
        """The encoder whose embeddings answer."""
        return self.set_of(self.active).key

    def set_of(self, number: int) -> EmbeddingSet:
        """The embedding set of this number."""
        return next(one for one in self.sets if one.number == number)

    def numbered(self, key: EncoderKey) -> int | None:
        """The number of this encoder's embedding set."""
        return next((one.number for one in self.sets if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Retired:
    """What a commit retired: passages by row, versions of articles by number."""

    rows: tuple[int, ...] = ()
    versions: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.versions)


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of the log; `token` is the writer's."""

    state: State
    retired: Retired
    token: str

    def rows(self) -> list[Row]:
        """The rows that it lies in, the one that counts last."""
        text = json.dumps(self._record(), ensure_ascii=False, separators=(",", ":"))
        pieces = [text[start : start + PART] for start in range(0, len(text), PART)]
        serial = self.state.serial
        rows = [
            {
                "key": f"{serial:020d}.{part:06d}.{self.token}",
                "serial": serial,
                "part": part,
                "parts": len(pieces),
                "token": self.token,
                "record": piece,
                "vector": NO_VECTOR,
            }
            for part, piece in enumerate(pieces)
        ]
        return rows[1:] + rows[:1]

    def _record(self) -> dict[str, Any]:
        return {"schema": VERSION, "state": asdict(self.state), "retired": asdict(self.retired)}

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """From its rows in order. Raises: StoreDamagedError: they are none, or of another schema."""
        try:
            record = json.loads("".join(row["record"] for row in rows))
            if record["schema"] != VERSION:
                raise StoreDamagedError(
                    f"the store has schema {record['schema']}, this program reads {VERSION}"
                )
            state, retired = record["state"], record["retired"]
            sets = tuple(EmbeddingSet(one["number"], EncoderKey(**one["key"])) for one in state.pop("sets"))
            return cls(
                State(sets=sets, roots=tuple(state.pop("roots")), **state),
                Retired(tuple(retired["rows"]), tuple(retired["versions"])),
                rows[0]["token"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDamagedError(
                f"commit {rows[0]['serial']} of the store's log cannot be read: {error}"
            ) from error


def read(client: Client, names: Names, after: int, guarantee: int) -> list[Commit]:
    """The commits after this serial number that are in the log, in order."""
    fields = ("serial", "part", "parts", "token", "record")
    found = client.rows(names.log, f"serial > {after}", fields, guarantee, limit=MOST)
    parts: dict[tuple[int, str], dict[int, Row]] = {}
    for row in found:
        parts.setdefault((row["serial"], row["token"]), {})[row["part"]] = row
    whole = {
        serial: Commit.of([of[part] for part in range(of[0]["parts"])])
        for (serial, _), of in sorted(parts.items())
        if 0 in of and len(of) == of[0]["parts"]
    }
    return [whole[serial] for serial in sorted(whole)]
