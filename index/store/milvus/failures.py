"""What pymilvus and gRPC raise, as one line each about the server: what was wanted, what came, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from pymilvus import MilvusException
from pymilvus.exceptions import ConnectionConfigException

from index.errors import StoreError
from index.store.milvus.address import Address

AWAY, RATE_LIMITED = 2, 8
REFUSED = {1400, 1401}
LOADING = {101, 102, 103, 106, 502, 503, 504}
"""What Milvus answers while a collection is not (yet) served by any of its nodes."""


_RETRIED = re.compile(r"^\[\w+\] Retry run out of 0 retry times, (message=)?")
"""What pymilvus says before an error of a request that is not to be repeated."""


class TooFastError(StoreError):
    """The server asks for fewer writes a second."""


@contextmanager
def mapped(address: Address) -> Iterator[None]:
    """Whatever pymilvus or gRPC raises inside leaves as a StoreError about the server."""
    try:
        yield
    except (grpc.RpcError, grpc.FutureTimeoutError, MilvusException) as error:
        raise _told(address, error) from error
    except OSError as error:  # a PEM file
        raise StoreError(f"{error.filename or address.server}: {error.strerror or error}") from error


def _told(address: Address, error: Exception) -> StoreError:
    code = error.code() if isinstance(error, grpc.RpcError) else getattr(error, "code", None)
    details = error.details() if isinstance(error, grpc.RpcError) else getattr(error, "message", str(error))
    reason = _RETRIED.sub("", re.sub(r"\s+", " ", str(details or "")).strip())[:300]
    server = address.server
    status = _status(error)
    if code == grpc.StatusCode.DEADLINE_EXCEEDED or "DEADLINE_EXCEEDED" in reason:
        return StoreError(
            f"{server} did not answer within {address.timeout:g} s; if its searches take longer, end SANAD_STORE"
            " with ?timeout=SECONDS"
        )
    if status in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED) or code in REFUSED:
        return StoreError(f"{server} refuses the token; set SANAD_MILVUS_TOKEN=USER:PASSWORD, or an API key")
    if isinstance(error, ConnectionConfigException):
        why = "it is no file of milvus-lite, or another process has it open" if address.is_lite else reason
        return StoreError(f"{server} cannot be opened: {why}")
    if status == grpc.StatusCode.UNAVAILABLE or code == AWAY:
        return StoreError(f"nothing answers at {server}; is Milvus running there, and reachable from here?")
    if code in LOADING:
        return StoreError(f"{server} is not ready: {reason}; try again shortly")
    if code == RATE_LIMITED:
        return TooFastError(f"{server} takes no more writes now: {reason}")
    return StoreError(f"{server}: {reason or type(error).__name__}")


def _status(error: BaseException | None) -> grpc.StatusCode | None:
    """The gRPC status behind an error: pymilvus hides some under its own, and names itself as its own cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        code = getattr(error, "code", None)
        status = code() if callable(code) else code
        if isinstance(status, grpc.StatusCode):
            return status
        error = error.__cause__
    return None
