"""The header fields of every page: nothing is loaded but what is ours, nobody frames it, keeps it, or learns where it
was (security rows 42 to 45; oidc.md H4 to H6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from yarl import URL

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.\-\[\]:]+)?")
"""Nothing that ends a directive or a policy."""

_NO_PLACES: Final = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript"})
"""Schemes that no client of ours is at."""

_SAME: Final = {
    "Referrer-Policy": "no-referrer",
    # For browsers that do not know frame-ancestors.
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "Cache-Control": "no-store",
}


@lru_cache(maxsize=256)
def origin_of(uri: str) -> str | None:
    """Where an address is, as a policy names it: ``https://app.example:8443``, or the scheme alone of an app on a
    device (``com.example.app:``). None for what has no place in a policy."""
    try:
        url = URL(uri)
        if url.scheme in ("http", "https"):
            found = str(url.origin()) if url.host else ""
        else:
            found = f"{url.scheme}:" if url.scheme else ""
    except ValueError:
        return None
    return found if _ORIGIN.fullmatch(found) and found.partition(":")[0] not in _NO_PLACES else None


def headers(*, leads_to: Iterable[str] = (), frames: Iterable[str] = ()) -> dict[str, str]:
    """The fields of a page. ``leads_to`` are the origins that the answer of a form may go on to, ``frames`` the
    addresses that it shows in frames; what is no origin is left out."""
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        _sources("form-action 'self'", leads_to),
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if framed := _sources("", (origin_of(each) for each in frames if each.startswith(("http:", "https:")))):
        policy.insert(-2, f"frame-src{framed}")
    return {"Content-Security-Policy": "; ".join(policy), **_SAME}


def _sources(directive: str, origins: Iterable[str | None]) -> str:
    named = dict.fromkeys(origin for origin in origins if origin is not None and origin == origin_of(origin))
    return " ".join((directive, *named)) if named else directive
