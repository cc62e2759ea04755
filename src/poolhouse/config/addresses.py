"""Addresses in the settings: where the server listens, what it calls itself, which proxies it believes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from poolhouse.config.values import Wrong, texts

Network: TypeAlias = IPv4Network | IPv6Network

HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?")


@dataclass(frozen=True, slots=True)
class Listen:
    """``port`` 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen(value: Any) -> Listen:
    if isinstance(value, Listen):
        return value
    if isinstance(value, str):
        host, _, port = value.strip().rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        if host and port.isdecimal() and int(port) <= 65535:
            return Listen(host, int(port))
    raise Wrong("host:port, such as 127.0.0.1:8080 or [::1]:8080")


def read_base_url(value: Any) -> str:
    """An origin and nothing else, so that every link and issuer is this text with a path after it. Lower case, without
    a slash at the end."""
    if isinstance(value, str):
        try:
            parts = urlsplit(value.strip())
            port = parts.port
        except ValueError:
            raise Wrong("an absolute URL, such as https://auth.example.com") from None
        host = (parts.hostname or "").lower()
        if parts.scheme in ("http", "https") and _is_host(host):
            if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc or "?" in value:
                raise Wrong("an absolute URL without path, query or user, such as https://auth.example.com")
            shown = f"[{host}]" if ":" in host else host
            return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    raise Wrong("an absolute URL, such as https://auth.example.com")


def read_host(value: Any) -> str:
    """A host name in lower case, without a port."""
    host = value.strip().lower().rstrip(".") if isinstance(value, str) else ""
    if "." in host and _is_host(host) and not host.rpartition(".")[2].isdecimal():
        return host
    raise Wrong("a host name, such as auth.example.com")


def read_networks(value: Any) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part) for part in texts(value))
    except ValueError as error:
        raise Wrong(f"addresses or networks, such as 10.0.0.0/8 ({error})") from None


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return len(host) <= 253 and HOST.fullmatch(host) is not None
    return True
