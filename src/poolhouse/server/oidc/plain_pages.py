"""The two pages that the authorization endpoint cannot do without, in plain HTML: for a server whose hosted pages are
off."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from yarl import URL

from poolhouse.flows.oauth.interaction import Show
from poolhouse.flows.oauth.rules import rule
from poolhouse.server.oidc.responses import PRIVATE

_SCRIPT: Final = "document.forms[0].submit()"
_HASH: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def error_page(_: web.Request, show: Show, status: int, request_id: str) -> web.Response:
    """What went wrong, for the user. Nothing leads to the client from here."""
    said = (
        f"<h1>This sign-in cannot go on</h1><p>{html.escape(str(show.error))}</p>"
        f"<p>Reference: {html.escape(request_id)}</p>"
    )
    return _page(
        "Error", said, status, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


@rule("A16")
def form_page(_: web.Request, action: str, fields: Mapping[str, str]) -> web.Response:
    inputs = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    said = (
        f'<form method="post" action="{html.escape(action)}">{inputs}<button>Continue</button></form>'
        f"<script>{_SCRIPT}</script>"
    )
    policy = (
        f"default-src 'none'; script-src 'sha256-{_HASH}'; form-action {_origin(action)}; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    return _page("Continue", said, 200, policy)


def _origin(action: str) -> str:
    url = URL(action)
    # An app of the device has no origin; its scheme is what a policy can name.
    return str(url.origin()) if url.scheme in ("http", "https") else f"{url.scheme}:"


def _page(title: str, said: str, status: int, policy: str) -> web.Response:
    text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><main>{said}</main></html>'
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={**PRIVATE, "Content-Security-Policy": policy},
    )
