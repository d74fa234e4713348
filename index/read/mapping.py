"""Which fields of a record are which of an article: from `--map`, or a `NAME.map.toml` beside the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from index.errors import IndexingError, ReadError
from index.read.files import SourceFile
from index.read.given import NAMES

MAPPING = ".map.toml"
MAX_BYTES = 100_000
TARGETS = ("text", "source", "id", "removed", *NAMES)
"""What a field can be: the text; the name that the article goes by everywhere, or only within its file; whether it is
removed; provenance."""


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Target → the fields it is taken from; one that is not mapped is taken from the field of its own name.

    A dot leads into a field: `body.html`. Of several fields for `text` all are taken, of others the first that says
    something. `only` keeps the records that have one of these values in a field.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    only: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def parse(cls, text: str) -> Self:
        """A mapping written as `title=headline,text=lead,text=body`. Raises: IndexingError: it is not written so."""
        fields: dict[str, tuple[str, ...]] = {}
        for pair in text.split(","):
            target, equals, name = (part.strip() for part in pair.partition("="))
            if not (target and equals and name):
                raise IndexingError(
                    f"--map takes TARGET=FIELD,…, such as title=headline,text=body; got {pair!r}"
                )
            fields[target] = (*fields.get(target, ()), name)
        return cls.checked(fields, {}, "--map")

    @classmethod
    def checked(cls, fields: Any, only: Any, place: str) -> Self:
        """The mapping of these tables. Raises: IndexingError: a target is unknown, a value no text or list of texts."""
        if not isinstance(fields, Mapping) or not isinstance(only, Mapping):
            raise IndexingError(f"{place}: wanted a table")
        if unknown := [name for name in fields if name not in TARGETS]:
            raise IndexingError(
                f"{place}: there is no {unknown[0]!r} to map to; there are {', '.join(TARGETS)}"
            )
        return cls(MappingProxyType(_texts(fields, place)), MappingProxyType(_texts(only, place)))

    def beside(self, file: SourceFile) -> FieldMap:
        """This mapping, and what the file's `.map.toml` says of targets that are not mapped here.

        Raises: ReadError: that is not TOML, or no mapping.
        """
        try:
            beside = file.beside(MAPPING)
            if beside is None:
                return self
            table = tomllib.loads(beside.content(MAX_BYTES).data.decode("utf-8-sig"))
            if unknown := set(table) - {"fields", "only"}:
                raise IndexingError(f"there is no table {min(unknown)!r}; there are fields, only")
            said = FieldMap.checked(table.get("fields", {}), table.get("only", {}), "fields")
        except ReadError as error:
            raise ReadError(file.source, f"has a mapping that {error.reason}") from error
        except (ValueError, AttributeError, IndexingError) as error:
            reason = " ".join(str(error).split())
            raise ReadError(
                file.source, f"has a mapping {beside.source if beside else ''}: {reason}"
            ) from error
        return replace(said, fields=MappingProxyType({**said.fields, **self.fields}))

    def names(self, target: str) -> tuple[str, ...]:
        """The fields that a target is taken from."""
        return self.fields.get(target, (target,))


def values(record: Mapping[str, Any], name: str) -> list[Any]:
    """What stands in a field, empty for none: lists are gone through, and a dot leads into objects."""
    if name in record:
        return _flat(record[name])
    head, dot, rest = name.partition(".")
    if not dot or head not in record:
        return []
    inner = record[head] if isinstance(record[head], list) else [record[head]]
    return [value for one in inner if isinstance(one, dict) for value in values(one, rest)]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [inner for one in value for inner in _flat(one)]
    return [] if value is None or value == "" else [value]


def _texts(table: Mapping[str, Any], place: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, value in table.items():
        several: Sequence[Any] = value if isinstance(value, list | tuple) else (value,)
        if not several or not all(isinstance(one, str) for one in several):
            raise IndexingError(f"{place}: {name}: wanted a name or a list of names")
        found[name] = tuple(several)
    return found
