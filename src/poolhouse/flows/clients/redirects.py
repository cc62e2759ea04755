"""Addresses that a browser may be sent to: what a client may register (RFC 6749 section 3.1.2, RFC 8252)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from poolhouse.errors import InvalidParameter

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_ODD = re.compile(r"[\x00-\x20\x7f\\<>\"]")

_NEVER = frozenset(
    {"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "view-source", "ws", "wss"}
)
"""Schemes that a browser runs, reads or connects to by itself, instead of handing the address to an app."""


def check_redirect(uri: str) -> None:
    """The address is absolute, has no fragment, and is https, http of this very machine, or an app's own scheme.

    Raises ``InvalidParameter``.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or not rest or not _SCHEME.fullmatch(scheme) or _ODD.search(uri):
        raise InvalidParameter(f"{uri} is not an absolute URI.")
    if "#" in uri:
        raise InvalidParameter(f"{uri} cannot contain a fragment.")
    scheme = scheme.lower()
    if scheme in _NEVER:
        raise InvalidParameter(f"{uri} cannot use the {scheme.upper()} protocol.")
    if scheme not in ("http", "https"):
        return
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidParameter(f"{uri} is not a valid URI.") from None
    if not host or "@" in parts.netloc or "*" in parts.netloc:
        raise InvalidParameter(f"{uri} does not name one host.")
    if scheme == "http" and host not in _LOOPBACK:
        raise InvalidParameter(f"{uri} cannot use the HTTP protocol.")
