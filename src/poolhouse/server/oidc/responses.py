"""The way of an authorization response to its client: in the query or the fragment of its redirect URI, or by a form
(OAuth 2.0 Multiple Response Type Encoding Practices; OAuth 2.0 Form Post Response Mode)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from poolhouse.flows.oauth.interaction import Send
from poolhouse.flows.oauth.rules import rule

FormPage = Callable[[web.Request, str, Mapping[str, str]], web.Response]
"""A page whose form takes the fields to an address, by itself or by its button."""

PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


class ToClient:
    """Takes the browser to the client with what it is given."""

    def __init__(self, form_page: FormPage) -> None:
        self._form_page = form_page

    @rule("A15", "A16")
    def __call__(self, request: web.Request, send: Send) -> web.Response:
        if send.mode == "form_post":
            page = self._form_page(request, send.redirect_uri, send.fields)
            page.headers.update(PRIVATE)
            return page
        return go(request, located(send))


@rule("A22", "A23")
def go(request: web.Request, address: str) -> web.Response:
    """The browser goes there, by a request without a body: what it posted goes nowhere else (RFC 9700 section 4.12)."""
    status = 303 if request.method == "POST" else 302
    return web.Response(status=status, headers={"Location": address, **PRIVATE})


@rule("R6")
def located(send: Send) -> str:
    """The redirect URI, all of it as it was registered, with the fields behind it."""
    if not send.fields:
        return send.redirect_uri
    # A space as %20: scripts that read a fragment do not know the other way.
    said = urlencode(send.fields, quote_via=quote)
    if send.mode == "fragment":
        return f"{send.redirect_uri}#{said}"
    if "?" not in send.redirect_uri:
        return f"{send.redirect_uri}?{said}"
    between = "" if send.redirect_uri.endswith(("?", "&")) else "&"
    return f"{send.redirect_uri}{between}{said}"
