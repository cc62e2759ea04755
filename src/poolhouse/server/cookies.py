"""The cookies of the hosted pages (security rows 8, 22, 23): random handles, for this host alone, hidden from scripts.

Four kinds for each pool. ``BROWSER`` says which browser this is, before anybody signs in: requests under way belong to
it. ``SESSIONS`` holds the handles of who is signed in, the present account first. ``DEVICE`` is what a remembered
browser holds (``flows/factors/browsers.py``), ``OFFERED`` says that a passkey was offered here, and no more.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

BROWSER: Final = "browser"
SESSIONS: Final = "sessions"
DEVICE: Final = "device"
OFFERED: Final = "offered"
BETWEEN: Final = "."
"""What stands between the handles of sessions in their cookie."""
COOKIES: Final = ("poolhouse-", "__Host-poolhouse-")
"""How the names of all of them begin."""
_LONGEST: Final = 1024


class Cookies:
    """``base_url`` is the server's own: where it is https, browsers are told to keep them for https and for this host
    alone (the prefix ``__Host-``, RFC 6265bis section 4.1.3). In development by plain http neither can be."""

    def __init__(self, base_url: str) -> None:
        self._secure = base_url.startswith("https:")
        self._prefix = "__Host-poolhouse" if self._secure else "poolhouse"

    def read(self, request: web.Request, kind: str, pool_id: str) -> str | None:
        """Its value. None where there is none, or one that is too long to be ours."""
        value = request.cookies.get(self._name(kind, pool_id))
        return value if value and len(value) <= _LONGEST else None

    def write(
        self, response: web.StreamResponse, kind: str, pool_id: str, value: str, seconds: int | None = None
    ) -> None:
        """The browser keeps it for so many seconds; None: until it is closed."""
        response.set_cookie(
            self._name(kind, pool_id),
            value,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def drop(self, response: web.StreamResponse, kind: str, pool_id: str) -> None:
        response.del_cookie(self._name(kind, pool_id), path="/", secure=self._secure, httponly=True, samesite="Lax")

    def _name(self, kind: str, pool_id: str) -> str:
        return f"{self._prefix}-{kind}-{pool_id}"
