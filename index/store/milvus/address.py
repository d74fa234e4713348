"""Where a store on Milvus is and how it is reached: `milvus://host:19530/articles`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from index.errors import StoreError

PORTS = {"milvus": 19530, "http": 19530, "https": 443}
"""Schemes of servers, and the port where none is named; `https` is TLS, the other two are not."""
LITE = "milvus-lite:"
LITE_NAME = "sanad"
TIMEOUT_S = 10.0

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")


@dataclass(frozen=True, slots=True)
class Address:
    """A Milvus server, or a file for milvus-lite, and the name under which the store lies there.

    `uri` is what pymilvus takes, `server` what people may read: never with the token. `timeout` is in seconds, of one
    request. `ca`, `certificate` and `key` are PEM files, empty for those of the system and for none.
    """

    uri: str
    server: str
    name: str
    token: str = ""
    database: str = ""
    timeout: float = TIMEOUT_S
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def is_lite(self) -> bool:
        """Whether this is a file of milvus-lite, open in one process at a time."""
        return "://" not in self.uri

    def __str__(self) -> str:
        return f"{self.name} on {self.server}"


def is_address(location: object) -> bool:
    """Whether a store's location is an address here, not a folder."""
    if not isinstance(location, str):
        return False
    scheme, there, _ = location.partition("://")
    return bool(there and scheme.lower() in PORTS) or location.lower().startswith(LITE)


def parse(location: str, environment: Mapping[str, str] = os.environ) -> Address:
    """The address that a location names.

    `milvus://[user:password@]host[:port]/[database/]name[?timeout=seconds]`, the same with `http` or `https`, or
    `milvus-lite:FILE.db`. The token is better kept in SANAD_MILVUS_TOKEN (`user:password`, or an API key); for TLS,
    SANAD_MILVUS_CA names the authority's PEM file, SANAD_MILVUS_CERT and SANAD_MILVUS_KEY the client's.
    Raises: StoreError: it is no address.
    """
    if location.lower().startswith(LITE):
        return _lite(location[len(LITE) :])
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port or PORTS[parts.scheme.lower()]
    except ValueError:
        host, port = None, 0
    path = [unquote(part) for part in urlsplit(location.partition("?")[0]).path.split("/") if part]
    wanted = "milvus://HOST:19530/NAME"
    if not host or len(path) not in (1, 2):
        raise StoreError(f"{without_token(location)} is no address of a store; {wanted} was wanted")
    if not _NAME.fullmatch(path[-1]):
        raise StoreError(f"{path[-1]} is no name of a store on Milvus: letters, digits and _ were wanted")
    scheme = "https" if parts.scheme.lower() == "https" else "http"
    server = f"{scheme if scheme == 'https' else 'milvus'}://{_bracketed(host)}:{port}"
    given = unquote(parts.username or "") + (f":{unquote(parts.password)}" if parts.password else "")
    return Address(
        uri=f"{scheme}://{_bracketed(host)}:{port}",
        server=server,
        name=path[-1],
        token=given or environment.get("SANAD_MILVUS_TOKEN", ""),
        database=path[0] if len(path) == 2 else "",
        timeout=_timeout(parts.query),
        ca=environment.get("SANAD_MILVUS_CA", ""),
        certificate=environment.get("SANAD_MILVUS_CERT", ""),
        key=environment.get("SANAD_MILVUS_KEY", ""),
    )


def _lite(file: str) -> Address:
    if not file.endswith(".db"):
        raise StoreError(f"{LITE}{file} is no address of a store; {LITE}FILE.db was wanted")
    path = str(Path(file).absolute())
    return Address(uri=path, server=LITE + path, name=LITE_NAME)


def _timeout(query: str) -> float:
    try:
        asked = parse_qs(query, strict_parsing=bool(query))
        if set(asked) - {"timeout"}:
            raise ValueError
        seconds = float(asked.get("timeout", [str(TIMEOUT_S)])[0])
        if not 0 < seconds <= 3600:
            raise ValueError
    except ValueError:
        raise StoreError(f"?{query} says nothing to a store on Milvus; ?timeout=SECONDS would") from None
    return seconds


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def without_token(location: str) -> str:
    """An address without its `user:password@`."""
    return re.sub(r"//[^/@]*@", "//", location)
