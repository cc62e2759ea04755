"""Where a request comes from, and where it was sent to: what it says itself, or what the operator's own proxies say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Protocol, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

FORWARDED_FOR: Final = "X-Forwarded-For"
PROXIES_SAY: Final = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})
"""What proxies say of where a request comes from, in lower case: whoever passes one on says it anew."""
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_ELEMENT: Final = re.compile(rf'(?:[^",]|{_QUOTED})*')
_PAIR: Final = re.compile(rf'(?:[^";]|{_QUOTED})+')
_HOST: Final = re.compile(r"([a-z0-9._-]{1,253}?|\[[0-9a-f:.]{2,45}\])\.?(?::[0-9]{1,5})?")
_WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::\w+)?|([0-9.]+):\w+")


class Headers(Protocol):
    def getall(self, key: str, default: Sequence[str], /) -> Sequence[str]:
        """The values of all lines with this name, in their order."""


def source_address(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> str:
    """The address of the client; empty where the peer has none.

    Anybody can send a header, so each entry counts only if the one who added it is trusted: the lists are read from
    the right, beginning with the peer, up to the first address that is no trusted proxy. What is no address ends the
    reading at the proxy that passed it on. A proxy writes one of ``Forwarded`` (RFC 7239) and ``X-Forwarded-For`` and
    may let a client's other one through: where both are there and do not say the same, neither is believed.
    """
    address = _peer(peer or "")
    if address is None:
        return peer or ""
    if not trusted or not _is_among(address, trusted):
        return _text(address)
    told = {
        _nearest_stranger(address, entries, trusted)
        for name, read in (("X-Forwarded-For", _plain), ("Forwarded", _forwarded))
        if (entries := read(headers.getall(name, ())))
    }
    return str(told.pop()) if len(told) == 1 else str(address)


def is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether the peer is a proxy of the operator's."""
    address = _peer(peer or "")
    return address is not None and _is_among(address, trusted)


def came_by_tls(peer: str | None, headers: Headers, trusted: Sequence[Network], *, to_us: bool) -> bool:
    """Whether the client came by TLS: as a trusted proxy says in ``X-Forwarded-Proto``, or to us."""
    told = headers.getall("X-Forwarded-Proto", ())
    return told[-1].strip() == "https" if told and is_trusted(peer, trusted) else to_us


def asked_hosts(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> Iterator[str]:
    """The hosts that the request says it was sent to, in lower case and without a port, the first to be asked first:
    that of ``Host``, and what a trusted proxy that does not pass it on says in its place, as ``X-Forwarded-Host`` or in
    ``Forwarded``. The proxy next to us wrote the last entry of each; where the two differ, neither is believed.

    Anybody can say any: a host may choose what is shown, and is never shown (security row 2). A proxy that passes
    ``Host`` on may let a client's ``X-Forwarded-Host`` through: so it is looked at only where ``Host`` leads nowhere.
    """
    if (host := said_host(headers)) is not None:
        yield host
    for told in told_hosts(peer, headers, trusted):
        if (host := _host(told)) is not None:
            yield host


def told_hosts(peer: str | None, headers: Headers, trusted: Sequence[Network]) -> tuple[str, ...]:
    """The host that the client sent the request to as a trusted proxy says, which put another in its place: one, with
    its port as it was said; or none."""
    address = _peer(peer or "")
    if address is None or not _is_among(address, trusted):
        return ()
    told = {
        entries[-1].strip()
        for name, read in (("X-Forwarded-Host", _plain), ("Forwarded", _hosts_forwarded))
        if (entries := read(headers.getall(name, ()))) and entries[-1].strip()
    }
    return tuple(told) if len(told) == 1 else ()


def said_host(headers: Headers) -> str | None:
    """The first of them, if it is that of ``Host``."""
    said = headers.getall("Host", ())
    return _host(said[0]) if len(said) == 1 else None


@lru_cache(maxsize=1024)
def _host(text: str) -> str | None:
    match = _HOST.fullmatch(text.lower())
    return match[1] if match else None


@lru_cache(maxsize=1024)
def _peer(text: str) -> Address | None:
    # Read once: a proxy or a client that stays connected is the peer of many requests.
    return _address(text)


@lru_cache(maxsize=1024)
def _text(address: Address) -> str:
    return str(address)


def _nearest_stranger(peer: Address, entries: Sequence[str], trusted: Sequence[Network]) -> Address:
    address = peer
    for entry in reversed(entries):
        before = _address(entry)
        if before is None:
            return address
        address = before
        if not _is_among(address, trusted):
            return address
    return address


def _plain(lines: Iterable[str]) -> list[str]:
    joined = ",".join(lines)
    return joined.split(",") if joined else []


def _forwarded(lines: Iterable[str]) -> list[str]:
    return _elements(lines, "for")


def _hosts_forwarded(lines: Iterable[str]) -> list[str]:
    return _elements(lines, "host")


def _elements(lines: Iterable[str], what: str) -> list[str]:
    """What each element of ``Forwarded`` says after ``for=`` or ``host=``, quotes gone; one empty entry for a header
    that is not well formed."""
    joined = ",".join(lines)
    if not joined:
        return []
    entries: list[str] = []
    at = 0
    while True:
        element = _ELEMENT.match(joined, at)
        assert element is not None  # noqa: S101 - the pattern fits the empty text
        at = element.end()
        if at < len(joined) and joined[at] != ",":
            return [""]  # a quote that does not end: no comma after it can be told from one inside
        pairs = [pair.partition("=") for pair in _PAIR.findall(element.group())]
        says = [value.strip().strip('"') for name, _, value in pairs if name.strip().lower() == what]
        entries.append(says[0] if len(says) == 1 else "")
        if at == len(joined):
            return entries
        at += 1


def _address(text: str) -> Address | None:
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match.group(1) or match.group(2)
    if "%" in text:  # a zone means something on one machine only
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers like this.
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_among(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
