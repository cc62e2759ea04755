"""Who is let through to what operators see."""

from __future__ import annotations

import hmac

from aiohttp import web


class OperatorGuard:
    """Who presents the ``token`` is let through. ``open_without``: where there is no token, everybody is."""

    def __init__(self, token: str | None, *, open_without: bool) -> None:
        self._token = token.encode() if token is not None else None
        self._open_without = open_without

    def __call__(self, request: web.Request) -> None:
        """Raises ``HTTPNotFound`` for everybody else: there is nothing to see for them."""
        if self._token is None and self._open_without:
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._token is None or not hmac.compare_digest(given.encode(errors="surrogateescape"), self._token):
            raise web.HTTPNotFound
