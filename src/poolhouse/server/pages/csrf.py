"""Forms come from our own pages, in the browser that they were made for (security rows 8, 22).

Each carries a token that is made of the browser's secret (``server.cookies``) and of the request that it belongs to,
with a key of ours: nobody else can make one, and one of another browser, or of another request, is refused.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from yarl import URL

from poolhouse.errors import FormRefused
from poolhouse.ports.world import Secrets

FIELD: Final = "_csrf"
_OURS: Final = ("same-origin", None)
_LONGEST: Final = 128


class Csrf:
    """``base_url`` is the server's own: forms of its origin are ours, and those of the host that was called."""

    def __init__(self, secrets: Secrets, base_url: str) -> None:
        # What depends on the key alone is computed once.
        self._making = hmac.new(secrets.derive("pages-form-token"), digestmod="sha256")
        url = URL(base_url)
        self._origin = str(url.origin()) if url.host else ""

    def token(self, secret: str, about: str = "") -> str:
        """What a form carries, in the browser with this secret. ``about`` is what it belongs to: the handle of the
        request, or the name of the page where there is none."""
        making = self._making.copy()
        making.update(f"{len(secret)}:{secret}{about}".encode(errors="surrogatepass"))
        return urlsafe_b64encode(making.digest()).decode().rstrip("=")

    def check(self, request: web.Request, form: Mapping[str, Any], secret: str | None, about: str = "") -> None:
        """Raises ``FormRefused`` where the form is not ours: sent by another site, or made for another browser, for
        another request, or not by us at all."""
        if not self._is_sent_by_ours(request):
            raise FormRefused
        given = form.get(FIELD)
        if not secret or not isinstance(given, str) or len(given) > _LONGEST:
            raise FormRefused
        if not hmac.compare_digest(self.token(secret, about).encode(), given.encode(errors="surrogatepass")):
            raise FormRefused

    def _is_sent_by_ours(self, request: web.Request) -> bool:
        """What browsers say of it. Our pages send no referrer, and with that browsers say ``null`` for the origin of
        their forms: then the site that they name decides, and with those that name none the token alone."""
        if request.headers.get("Sec-Fetch-Site") not in _OURS:
            return False
        origin = request.headers.get("Origin")
        if origin is None or origin == "null":
            return True
        return origin == self._origin or origin in (f"https://{request.host}", f"http://{request.host}")
