"""Addresses of clients: what counts as one client, and who it is behind proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LONGEST: Final = 64  # characters of what is no address
_MOST_HEADER: Final = 1024  # bytes at the end of X-Forwarded-For that are looked at


def parse_networks(names: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks such as 10.0.0.0/8. Raises ValueError naming what is neither."""
    return tuple(ipaddress.ip_network(name) for name in names)


def client_of(host: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 network that one subscriber has in IPv6."""
    if ":" not in host:
        return host[:_LONGEST]
    address = _parsed(host)
    if address is None:
        return host[:_LONGEST]
    if address.version == 4:
        return str(address)
    return address.exploded[:19] + "::/64"


def is_in(host: str, networks: Sequence[Network]) -> bool:
    """Whether a host is an address in one of the networks."""
    address = _parsed(host)
    return address is not None and any(address in network for network in networks)


def forwarded_for(peer: str, header: bytes, trusted: Sequence[Network]) -> str:
    """The right-most address that is not trusted: each proxy appends the address that it was asked from.

    What is left of it was written by the client, or by someone unknown, and is never used. If all are trusted, it is
    the left-most; if one is no address, the one after it.
    """
    found = peer
    entries = header[-_MOST_HEADER:].decode("latin-1").split(",")
    while entries and is_in(found, trusted):
        address = _parsed(_without_port(entries.pop().strip()))
        if address is None:
            break
        found = str(address)
    return found


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, _ = text.partition(":")
    return host if text.count(":") == 1 else text


@lru_cache(1024)
def _parsed(host: str) -> Address | None:
    if len(host) > _LONGEST:
        return None
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
