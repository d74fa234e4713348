"""Where a request comes from: the peer, or what proxies that we were told to trust say of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from starlette.types import Scope

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

UNKNOWN = "unknown"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def client_address(scope: Scope, proxies: Sequence[Network]) -> str:
    """The address to count a request under; an IPv6 one as its /64, which is what one household has.

    `X-Forwarded-For` is read from its end, only as far as every hop is a configured proxy: what a client wrote
    itself stands before that and is never reached.
    """
    peer = _parsed((scope.get("client") or (UNKNOWN,))[0])
    if peer is None:
        return UNKNOWN
    hops = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    forwarded = b",".join(hops).decode("latin-1").split(",") if hops else []
    while forwarded and _is_within(peer, proxies):
        said = _parsed(forwarded.pop().strip())
        if said is None:
            break
        peer = said
    return _named(peer)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to this host."""
    address = _parsed(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def host_name(header: str) -> str:
    """The name of a `Host` header without its port, in lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _named(address: Address) -> str:
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
