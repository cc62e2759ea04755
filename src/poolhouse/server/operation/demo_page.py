"""The demo of development: an app in one page, that signs its user in by the hosted pages and shows what it was given,
claim by claim. It is a client of ours like any other: its script speaks to the endpoints that everybody has."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from ipaddress import ip_address
from typing import Final

from aiohttp import web
from yarl import URL

from poolhouse.flows.pools.mfa import is_domain
from poolhouse.ports.server import ServerMemory

PATH: Final = "/_dev/demo"
SCRIPT: Final = "/_dev/demo.js"
_LOCAL: Final = "localhost"
MEMORY: Final = "demo-app"
"""Under what the server remembers the client of this page, and its pool (``cli/demo.py``)."""

_STYLE: Final = """
:root { color-scheme: light dark; --line: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 1rem; }
p.hint { opacity: .8; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .375rem .5rem; border-bottom: var(--line); }
td { overflow-wrap: anywhere; }
th { white-space: nowrap; font-weight: 600; }
button { font: inherit; padding: .5rem 1rem; min-height: 2.75rem; }
pre { overflow-x: auto; padding: 1rem; border: var(--line); border-radius: .5rem; }
[hidden] { display: none; }
@media (max-width: 40rem) {
  tr { display: grid; padding: .375rem 0; border-bottom: var(--line); }
  th, td { padding: .125rem 0; border: 0; }
  td:empty { display: none; }
}
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>An app of the demo – Poolhouse</title>
<style>{style}</style>
<script type="module" src="{script}"></script>
</head>
<body>
<main data-pool="/{pool_id}" data-client-id="{client_id}" data-rp="{rp_id}" data-page="{page}">
<h1>An app that signs people in</h1>
<p>It is one page with a script, and a client of the demo pool. It sends you to the hosted pages, and shows what it is
given when you come back. Codes that are sent to you stand in the <a href="/_dev/outbox">outbox</a>.</p>
<p id="status" role="status">This app needs its script.</p>
<p id="start" hidden><button id="sign-in">Sign in</button> <button id="sign-up">Create an account</button></p>
<p id="end" hidden><button id="add-passkey">Add a passkey</button> <button id="add-authenticator">Set up an
authenticator</button> <button id="user-info">Ask UserInfo</button> <button id="refresh">Refresh the tokens</button>
<button id="sign-out">Sign out</button></p>
<p id="elsewhere" class="hint" hidden>Browsers keep passkeys for names, and not for numbers: to try one, open
<a href="{page}">{page}</a>.</p>
<div id="shown"></div>
<h2>The same from your own code</h2>
<p>A Python web app with <a href="https://docs.authlib.org/">Authlib</a>:</p>
<pre>oauth.register("poolhouse", client_id="{client_id}",
               server_metadata_url="{issuer}/.well-known/openid-configuration",
               client_kwargs={{"scope": "openid email profile", "code_challenge_method": "S256"}})</pre>
<p>A browser with <a href="https://github.com/authts/oidc-client-ts">oidc-client-ts</a>:</p>
<pre>new UserManager({{ authority: "{issuer}", client_id: "{client_id}",
                  redirect_uri: location.origin + "/callback", scope: "openid email profile" }})</pre>
<p>The JSON API with boto3:</p>
<pre>boto3.client("cognito-idp").sign_up(ClientId="{client_id}", Username=..., Password=...)</pre>
<p>A token that you have, with curl:</p>
<pre>curl -H "Authorization: Bearer $ACCESS_TOKEN" {issuer}/oauth2/userInfo</pre>
<p class="hint">This page exists in development only.</p>
</main>
</body>
</html>
"""
_MISSING: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>No demo</title>
<p>There is no demo pool here: it was removed, or <code>dev.demo</code> is off.</p></html>"""
_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def _is_number_of_here(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def address_of(base_url: str) -> str:
    """Where the page is to be opened: on the own machine by its name, since browsers keep passkeys for names alone."""
    url = URL(base_url)
    if _is_number_of_here(url.host):
        url = url.with_host(_LOCAL)
    return f"{url.origin()}{PATH}"


def rp_id_of(base_url: str) -> str:
    """The domain that passkeys of the demo are for."""
    host = URL(address_of(base_url)).host or ""
    return host if is_domain(host) else _LOCAL


class DemoPage:
    """``memory`` knows the demo's client, once there is one."""

    def __init__(self, base_url: str, memory: ServerMemory) -> None:
        self._base_url = base_url
        self._memory = memory
        self._page = address_of(base_url)

    def _is_at_number(self, url: URL) -> bool:
        """Whether the browser came by the number of this machine, and finds the page under its name as well: not
        through a tunnel, say."""
        page = URL(self._page)
        return page.host == _LOCAL and url.port == page.port and _is_number_of_here(url.host)

    async def show(self, request: web.Request) -> web.Response:
        made = await self._memory.recall(MEMORY)
        if made is None:
            return web.Response(text=_MISSING, status=404, content_type="text/html", headers=_HEADERS)
        if not request.query_string and self._is_at_number(request.url):
            return web.Response(status=302, headers={**_HEADERS, "Location": self._page})
        page = _PAGE.format(
            style=_STYLE,
            script=SCRIPT,
            issuer=escape(f"{self._base_url}/{made['pool_id']}"),
            pool_id=escape(made["pool_id"]),
            client_id=escape(made["client_id"]),
            rp_id=escape(rp_id_of(self._base_url)),
            page=escape(self._page),
        )
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    async def script(self, _: web.Request) -> web.Response:
        text = files(__package__).joinpath("demo.js").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/javascript", headers=_HEADERS)
