"""Who may do what: the scope that each request needs, and the key that it shows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Scope as ASGIScope

from service.keys import Key, Scope

OPEN = ("/livez", "/readyz", "/openapi.json")
"""Open to all: probes, and the description of the service. The pages' scripts and styles are too."""
READING = ("GET", "HEAD", "OPTIONS")


def path_of(scope: ASGIScope) -> str:
    """The path of a request as the application knows it, without the proxy's prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def scope_needed(method: str, path: str) -> Scope | None:
    """The scope for a request, None for what is open to all; `path` as `path_of` gives it.

    Whatever is not known to be reading needs admin, so that an endpoint added later is closed until it is listed.
    """
    if path in OPEN or path.startswith("/static/"):
        return None
    if path == "/metrics":
        return "metrics"
    if path.startswith("/v1/tasks"):
        return "admin"
    if method in READING or path in ASKED_BY_POST:
        return "search"
    return "admin"


ASKED_BY_POST = ("/v1/search", "/v1/search/batch", "/v1/embeddings", "/v1/rerank")


def is_page(path: str) -> bool:
    """Whether a browser shows what is at this path, so that a refusal there is a page too."""
    return path in ("/", "/demo") or path.startswith("/articles/")


@dataclass(frozen=True, slots=True)
class Shown:
    """The secret a request carries. `is_basic` says that a browser sends it by itself, wherever a page tells it to."""

    secret: str
    is_basic: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key that was shown, if any, and the address."""

    address: str
    key: Key | None = None

    @property
    def bucket(self) -> tuple[str, str]:
        """What the caller's requests are counted under: the key, or else the address."""
        return ("key", self.key.id) if self.key else ("address", self.address)


def shown(headers: Iterable[tuple[bytes, bytes]]) -> Shown | None:
    """The secret of `Authorization: Bearer`, of `X-API-Key`, or the password of `Authorization: Basic`."""
    for name, value in headers:
        if name == b"x-api-key":
            return Shown(value.decode("latin-1").strip())
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            if scheme.lower() == "basic":
                return Shown(_password(rest.strip()), is_basic=True)
            return Shown(rest.strip() if scheme.lower() == "bearer" else "")
    return None


def allows(key: Key, scope: Scope, *, is_basic: bool) -> bool:
    """Whether the key opens this scope. Through Basic it never opens admin: another site's form could use it then."""
    return key.allows(scope) and not (is_basic and scope == "admin")


def _password(encoded: str) -> str:
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return pair.partition(":")[2]
