"""The one way out by HTTP (security row 41).

A request goes to https and a public address, or to a host that the operator has allowed by name. The address is looked
at where the socket to it is made: not the name, not an earlier answer of the DNS, but what the connection is about to
go to. Redirects are not followed, nothing is remembered between requests, the environment's proxies are not used.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from poolhouse.hooks.context import HttpAnswer, HttpFailed, HttpNotSent

_USER_AGENT = "poolhouse"
_EMBEDDED = (
    # RFC 6052 (NAT64) and RFC 4291 section 2.5.5.1: the last 32 bits are the IPv4 address that is meant.
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("::/96"),
)
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
"""RFC 8215: where the IPv4 address stands in it is the network's own business."""


class _Forbidden(OSError):  # noqa: N818 - read as a statement
    """The address must not be reached from here."""


def is_public(address: str) -> bool:
    """Whether the IP address is one of the public internet, also where it wraps an IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is None and any(parsed in network for network in _EMBEDDED):
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if parsed.is_site_local or parsed in _LOCAL_NAT64:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


class HttpClient:
    """``allowed`` names hosts that need not be public: ``host`` or ``host:port`` by https, ``http://host:port`` also in
    clear text. Limits are in seconds and bytes. Nothing is opened before the first request."""

    def __init__(
        self,
        *,
        allowed: Iterable[str] = (),
        time_limit: float = 10.0,
        size_limit: int = 1024 * 1024,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = frozenset(_origin(entry) for entry in allowed)
        self._time_limit = time_limit
        self._size_limit = size_limit
        self._resolver = resolver
        # Two doors, so that no connection that was opened for an allowed host can ever serve another one.
        self._guarded: aiohttp.ClientSession | None = None
        self._open: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        time_limit: float | None = None,
    ) -> HttpAnswer:
        """The answer, whatever its status. Raises ``HttpNotSent`` and ``HttpFailed``; neither says more of the URL than
        its host."""
        target, is_allowed = self._target(url)
        session = self._session(is_allowed=is_allowed)
        timeout = aiohttp.ClientTimeout(total=time_limit or self._time_limit, sock_connect=self._time_limit)
        sent = headers or {}
        try:
            async with session.request(
                method, target, headers=sent, data=body, allow_redirects=False, timeout=timeout
            ) as response:
                return HttpAnswer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    await self._body(response),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise HttpNotSent(f"No connection to {target.host}: {_reason(error)}.") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise HttpFailed(f"No answer from {target.host}: {_reason(error)}.") from None

    async def close(self) -> None:
        """No connection is open."""
        for session in (self._guarded, self._open):
            if session is not None:
                await session.close()
        self._guarded = self._open = None

    def _target(self, url: str) -> tuple[URL, bool]:
        try:
            target = URL(url)
            host, port = target.host, target.port
        except ValueError:
            raise HttpNotSent("The URL cannot be read.") from None
        if not host or target.user is not None or target.password is not None:
            raise HttpNotSent("The URL has no host, or a user name in it.")
        host = host.lower().rstrip(".")
        is_allowed = bool(self._allowed & {(target.scheme, host, None), (target.scheme, host, port)})
        if target.scheme != "https" and not is_allowed:
            unless = f", unless server.outbound_hosts allows http://{host}:{port}" if target.scheme == "http" else ""
            raise HttpNotSent(f"Only https may be used to reach {host}{unless}.")
        return target, is_allowed

    def _session(self, *, is_allowed: bool) -> aiohttp.ClientSession:
        if is_allowed:
            self._open = self._open or self._new_session(None)
            return self._open
        self._guarded = self._guarded or self._new_session(_guarded_socket)
        return self._guarded

    def _new_session(self, socket_factory: Callable[[Any], socket.socket] | None) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            # A connection that is kept may be dead when it is used again; then nobody knows whether a POST arrived.
            force_close=True,
            socket_factory=socket_factory,
            resolver=self._resolver,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"},
        )

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(64 * 1024):
            size += len(part)
            if size > self._size_limit:
                raise HttpFailed(f"The answer of {response.url.host} is longer than {self._size_limit} bytes.")
            parts.append(part)
        return b"".join(parts)


def _origin(entry: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an entry of the operator's list. Raises ``ValueError``."""
    has_scheme = "://" in entry
    try:
        if not entry.isprintable() or " " in entry:
            raise ValueError
        url = URL(entry if has_scheme else f"https://{entry}")
        port = url.explicit_port
    except ValueError:
        url, port = URL(), None
    if not url.host or url.scheme not in {"http", "https"} or url.path not in {"", "/"} or url.user or url.query_string:
        raise ValueError(f"{entry!r} is not a host, host:port or http://host:port.")
    return url.scheme, url.host.lower().rstrip("."), port if port or not has_scheme else url.port


def _guarded_socket(info: Any) -> socket.socket:
    """A socket for an address of ``getaddrinfo``. Raises ``OSError`` for one that must not be reached."""
    family, kind, protocol, _, address = info
    if not is_public(address[0]):
        raise _Forbidden("the address is not public")
    return socket.socket(family, kind, protocol)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "time is over"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _Forbidden):
        return "the address is not public, and server.outbound_hosts does not allow the host"
    return type(error).__name__
