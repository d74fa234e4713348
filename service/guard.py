"""The door: which host, which key, how often, before any endpoint sees the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import auth
from service.addresses import Network, client_address, host_name
from service.auth import Caller
from service.keys import Key, KeyFile, Keyring
from service.keys import Scope as KeyScope
from service.metrics import Metrics
from service.problems import ProblemError
from service.rates import Buckets
from service.settings import Settings

FAILURES, FAILURES_REFILL_S = 10, 6.0
"""Wrong keys an address may show at once, and the seconds until one more."""
PLAIN = (b"", b"identity")


@dataclass(frozen=True, slots=True)
class Door:
    """What the guard goes by. `hosts`, when any, are the only names the service answers to."""

    keyring: Keyring
    buckets: Buckets
    failures: Buckets
    proxies: Sequence[Network] = ()
    hosts: Sequence[str] = ()
    public_search: bool = False
    max_headers: int = 16_384
    on_failure: Callable[[], None] = lambda: None

    def admitted(self, method: str, path: str, scope: Scope) -> Caller | None:
        """Who asks, None for what is open to all. Raises: ProblemError: 401, 403 or 429."""
        needed = auth.scope_needed(method, path)
        if needed is None:
            return None
        address = client_address(scope, self.proxies)
        shown = auth.shown(scope["headers"])
        if shown is None:
            if self._is_open_to_all(needed):
                return Caller(address)
            raise ProblemError(401, "key_required", headers=challenge(path))
        key = self.keyring.find(shown.secret) if shown.secret else None
        if key is None:
            self._refuse(address, path)
        elif not auth.allows(key, needed, is_basic=shown.is_basic):
            raise ProblemError(403, "scope_missing")
        return Caller(address, key)

    def _is_open_to_all(self, needed: KeyScope) -> bool:
        if needed == "search":
            return self.public_search or self.keyring.is_open
        return needed == "metrics" and self.keyring.is_open

    def _refuse(self, address: str, path: str) -> Key:
        """Raises: ProblemError: 401, or 429 when the address failed too often.

        A right key passes even then: keys are random 256 bits, so what the limit keeps off is the noise, and an
        old key left in one script must not lock out everyone behind the same proxy.
        """
        self.on_failure()
        left = self.failures.take(address)
        if left is not None and left.wait_s:
            raise ProblemError(429, "too_many_failures", headers={"Retry-After": str(left.wait_s)})
        raise ProblemError(401, "key_invalid", headers=challenge(path))


def door(settings: Settings, metrics: Metrics) -> Door:
    """The door that the settings describe."""
    return Door(
        keyring=Keyring(KeyFile(settings.keys_path)),
        buckets=Buckets(settings.rate / settings.workers, settings.burst),
        failures=Buckets(1 / FAILURES_REFILL_S, FAILURES),
        proxies=settings.proxies,
        hosts=settings.hosts,
        public_search=settings.public_search,
        max_headers=settings.max_headers,
        on_failure=metrics.key_failures.inc,
    )


class Guard:
    """ASGI middleware that lets in what the door admits, and says how much is left to the caller."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if _size(scope) > self._door.max_headers:
            raise ProblemError(431, "headers_too_large", headers={"Connection": "close"})
        self._check(headers)
        path = auth.path_of(scope)
        caller = self._door.admitted(scope["method"], path, scope)
        told: Mapping[str, str] = {}
        if caller is not None:
            buckets = self._door.buckets
            left = buckets.take(caller.bucket)
            scope["state"].update(caller=caller, charge=partial(buckets.charge, caller.bucket))
            if left is not None:
                told = left.headers
                if left.wait_s:
                    raise ProblemError(429, "too_many_requests", headers=told)
            if path in auth.ASKED_BY_POST:
                # Refused here it costs a quarter of what it would once the body is read and routed.
                scope["state"]["service"].gate.check()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        await self._app(scope, receive, counted if told else send)

    def _check(self, headers: Mapping[bytes, bytes]) -> None:
        hosts = self._door.hosts
        if hosts and host_name(headers.get(b"host", b"").decode("latin-1")) not in hosts:
            # A name that some other site made to point here (DNS rebinding).
            raise ProblemError(421, "misdirected")
        if headers.get(b"content-encoding", b"").strip().lower() not in PLAIN:
            raise ProblemError(415, "encoding_refused", headers={"Accept-Encoding": "identity"})


def _size(scope: Scope) -> int:
    """Bytes of the request's line and headers. The parser bounds only what it has to wait for the end of."""
    line = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return line + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


def challenge(path: str) -> dict[str, str]:
    """How to show a key: a browser on a page asks its reader, a program is told."""
    basic, bearer = 'Basic realm="Sanad", charset="UTF-8"', 'Bearer realm="Sanad"'
    return {"WWW-Authenticate": basic if auth.is_page(path) else bearer}
