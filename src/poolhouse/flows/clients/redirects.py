"""Addresses that a browser may be sent to: what a client may register (RFC 6749 section 3.1.2, RFC 8252)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.records.clients import Client

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_ODD = re.compile(r"[\x00-\x20\x7f\\<>\"]")

_NEVER = frozenset(
    {
        *("about", "blob", "data", "file", "filesystem", "ftp", "intent", "jar", "javascript", "mailto", "sms", "tel"),
        *("vbscript", "view-source", "ws", "wss"),
    }
)
"""Schemes that a browser runs, reads or connects to by itself, instead of handing the address to an app."""


def check_redirect(uri: str) -> None:
    """The address is absolute, has no fragment, and is https, http of this very machine, or an app's own scheme.

    Raises ``InvalidParameter``.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or not rest or not _SCHEME.fullmatch(scheme) or _ODD.search(uri):
        raise InvalidParameter(Reason.URI_NOT_ABSOLUTE, uri=uri)
    if "#" in uri:
        raise InvalidParameter(Reason.URI_WITH_FRAGMENT, uri=uri)
    scheme = scheme.lower()
    if scheme in _NEVER:
        raise InvalidParameter(Reason.URI_PROTOCOL_FORBIDDEN, uri=uri, protocol=scheme.upper())
    authority = re.match(r"//([^/?]*)", rest)
    if authority and "@" in authority[1]:
        raise InvalidParameter(Reason.URI_WITHOUT_ONE_HOST, uri=uri)
    if scheme not in ("http", "https"):
        return
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidParameter(Reason.URI_NOT_VALID, uri=uri) from None
    if not host or "*" in parts.netloc:
        raise InvalidParameter(Reason.URI_WITHOUT_ONE_HOST, uri=uri)
    if scheme == "http" and host not in _LOOPBACK:
        raise InvalidParameter(Reason.URI_PROTOCOL_FORBIDDEN, uri=uri, protocol="HTTP")


def origins_of(client: Client) -> frozenset[str]:
    """The origins of the web pages that the client has registered, as browsers write them: those may read what is
    answered to the client (security row 43)."""
    return frozenset([origin for uri in client.callback_urls if (origin := origin_of(uri)) is not None])


def origin_of(uri: str) -> str | None:
    """The origin of a page of the web; None for an app's own scheme."""
    parts = urlsplit(uri)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return None
    scheme, port = parts.scheme.lower(), parts.port
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = port is None or port == (443 if scheme == "https" else 80)
    return f"{scheme}://{host}" if usual else f"{scheme}://{host}:{port}"
