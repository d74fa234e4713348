"""A connection to Milvus: its version, its requests, and its errors as one line each."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

from pymilvus import MilvusClient
from pymilvus.client import ts_utils

from index.errors import StoreError
from index.store.milvus.address import Address
from index.store.milvus.failures import TooFastError, mapped

OLDEST = (2, 3)
"""The first server with cosines, upserts and `count(*)`; earlier ones are refused."""
WITH_WORDS = (2, 5)
"""The first server with BM25 of its own."""

PAGE = 4096
"""Rows that one request brings; Milvus allows four times as many."""
MOST = 16_384
"""The furthest that Milvus lets a search or a page reach."""

EVENTUALLY = 1
"""The guarantee of a read that waits for nothing. Any other is a time of Milvus': the read sees all written by then."""

PATIENCE_S = 60.0
"""So long a write goes on trying while the server says that it comes too fast."""

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """What a server is; `number` is that of the Milvus it is compatible with."""

    text: str
    number: tuple[int, int]
    is_lite: bool

    @classmethod
    def of(cls, text: str) -> Self:
        """From what a server says of itself. Raises: StoreError: it says no number."""
        is_lite = text.startswith("milvus_lite")
        found = re.search(r"(\d+)\.(\d+)", text)
        if not found:
            raise StoreError(f"a Milvus server says its version is {text!r}, which is none")
        return cls(text, (int(found[1]), int(found[2])), is_lite)

    @property
    def has_words(self) -> bool:
        """Whether it can search by words."""
        return self.is_lite or self.number >= WITH_WORDS


class Client:
    """Requests to one server; made by `open`, to be closed. Safe to use from several threads."""

    _lite_users: ClassVar[Counter[str]] = Counter()
    _lite_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, address: Address, raw: MilvusClient, version: Version) -> None:
        self.address, self._raw, self.version = address, raw, version

    @classmethod
    def open(cls, address: Address) -> Self:
        """A connection. Raises: StoreError: nothing answers there, it refuses the token, or it is too old."""
        for name in ("pymilvus", "milvus_lite"):  # they log traces of what is mapped below
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        if address.is_lite and not Path(address.uri).parent.is_dir():
            raise StoreError(f"{address.server}: there is no such folder")
        if address.is_lite:
            with cls._lite_lock:
                cls._lite_users[address.uri] += 1
        try:
            with mapped(address):
                raw = MilvusClient(**_connection(address))
                version = Version.of(raw.get_server_version())
        except BaseException:
            cls._let_go(address)
            raise
        client = cls(address, raw, version)
        if not version.is_lite and version.number < OLDEST:
            client.close()
            raise StoreError(
                f"{address.server} is Milvus {version.text}; {OLDEST[0]}.{OLDEST[1]} or later is needed"
            )
        return client

    def close(self) -> None:
        """Let go of the connection and, for milvus-lite, of its file."""
        self._raw.close()
        self._let_go(self.address)

    @classmethod
    def _let_go(cls, address: Address) -> None:
        if not address.is_lite:
            return
        from milvus_lite.server_manager import server_manager_instance

        with cls._lite_lock:
            cls._lite_users[address.uri] -= 1
            if cls._lite_users[address.uri] <= 0:
                server_manager_instance.release_server(address.uri)

    def ask(self, request: str, *arguments: Any, **named: Any) -> Any:
        """What a method of pymilvus' client returns; tried once. Raises: StoreError."""
        with mapped(self.address):
            return getattr(self._raw, request)(*arguments, retry_times=0, **named)

    def rows(
        self, collection: str, where: str, fields: Sequence[str], guarantee: int, limit: int = MOST
    ) -> list[Row]:
        """The rows that a condition holds for, in no order."""
        found = self.ask(
            "query",
            collection,
            filter=where,
            output_fields=list(fields),
            limit=limit,
            **_consistent(guarantee),
        )
        return [dict(row) for row in found]

    def pages(
        self,
        collection: str,
        where: str,
        fields: Sequence[str],
        key: str,
        guarantee: int,
        after: str = "",
        size: int = PAGE,
    ) -> Iterator[list[Row]]:
        """All rows that a condition holds for, by ascending primary `key`, in pages of this size.

        `after` is a literal: only keys above it.
        """
        while True:
            further = f"({where}) and {key} > {after}" if after else where
            page = self._page(collection, further, fields, key, guarantee, size)
            if page:
                yield page
            if len(page) < size:
                return
            after = quoted(page[-1][key]) if isinstance(page[-1][key], str) else str(page[-1][key])

    def _page(
        self, collection: str, where: str, fields: Sequence[str], key: str, guarantee: int, limit: int
    ) -> list[Row]:
        """The first rows that a condition holds for, by ascending primary `key`."""
        found = self.ask(
            "query",
            collection,
            filter=where,
            output_fields=list({key, *fields}),
            limit=limit,
            iterator="True",
            reduce_stop_for_best="True",
            guarantee_timestamp=guarantee,
        )
        return sorted((dict(row) for row in found), key=lambda row: row[key])

    def count(self, collection: str, where: str, guarantee: int) -> int:
        """How many rows a condition holds for."""
        found = self.ask(
            "query", collection, filter=where, output_fields=["count(*)"], **_consistent(guarantee)
        )
        return int(found[0]["count(*)"])

    def nearest(
        self,
        collection: str,
        field: str,
        query: Any,
        limit: int,
        fields: Sequence[str],
        guarantee: int,
        *,
        where: str = "",
        params: dict[str, Any] | None = None,
    ) -> list[tuple[Row, float]]:
        """The rows nearest to a query, best first, each with what Milvus scores it."""
        (found,) = self.ask(
            "search",
            collection,
            data=[query],
            anns_field=field,
            limit=limit,
            filter=where,
            output_fields=list(fields),
            search_params=params or {},
            **_consistent(guarantee),
        )
        return [(dict(hit["entity"]), float(hit["distance"])) for hit in found]

    def insert(self, collection: str, rows: Sequence[Row]) -> int:
        """Add rows, durable as Milvus' own log is; Milvus' time when they were."""
        return self._written(collection, lambda: self.ask("insert", collection, list(rows)))

    def upsert(self, collection: str, rows: Sequence[Row]) -> int:
        """Put rows in the place of those of the same keys; Milvus' time when it was done."""
        return self._written(collection, lambda: self.ask("upsert", collection, list(rows)))

    def delete(self, collection: str, where: str) -> int:
        """Remove the rows that a condition holds for; Milvus' time when it was done."""
        return self._written(collection, lambda: self.ask("delete", collection, filter=where))

    def _written(self, collection: str, write: Callable[[], object]) -> int:
        deadline, pause = time.monotonic() + PATIENCE_S, 0.1
        while True:
            try:
                write()
                break
            except TooFastError as error:
                if time.monotonic() > deadline:
                    raise StoreError(str(error)) from error
                time.sleep(pause)
                pause = min(2 * pause, 3.0)
        endpoint = self._raw._handler.server_address  # where pymilvus keeps the times of writes
        return int(ts_utils.get_collection_ts(collection, endpoint, self.address.database) or EVENTUALLY)


def quoted(text: str) -> str:
    """A text as a literal in a condition."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def one_of(field: str, values: Sequence[str] | Sequence[int]) -> str:
    """The condition that a field is one of these values, not none."""
    listed = ",".join(quoted(value) if isinstance(value, str) else str(value) for value in values)
    return f"{field} in [{listed}]"


def _consistent(guarantee: int) -> dict[str, Any]:
    if guarantee == STRONGLY:
        return {"consistency_level": "Strong"}
    if guarantee == BOUNDED:
        return {"consistency_level": "Bounded"}
    return {"consistency_level": "Customized", "guarantee_timestamp": guarantee}


STRONGLY, BOUNDED = 0, 2
"""Guarantees that the server works out: all that was written before the request; all but the last few seconds'."""


def _connection(address: Address) -> dict[str, Any]:
    """What pymilvus is told to connect. Every request has a deadline, and a lost server is looked for again soon."""
    deadline = {"methodConfig": [{"name": [{}], "timeout": f"{address.timeout:.3f}s"}]}
    options = {"grpc.service_config": json.dumps(deadline), "grpc.max_reconnect_backoff_ms": 2000}
    tls = {
        "server_pem_path": "" if address.certificate else address.ca,
        "ca_pem_path": address.ca,
        "client_pem_path": address.certificate,
        "client_key_path": address.key,
    }
    return {
        "uri": address.uri,
        "token": address.token,
        "db_name": address.database,
        "timeout": address.timeout,
        "dedicated": True,
        "grpc_options": options,
        **{name: path for name, path in tls.items() if path},
    }
