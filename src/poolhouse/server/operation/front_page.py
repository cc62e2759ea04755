"""What a browser finds at the address of a server for development: what is there, with links. It exists in ``dev``
only."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from aiohttp import web

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; }
p.hint { opacity: .8; }
li { margin: .25rem 0; }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Poolhouse</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Poolhouse for development</h1>
<p>SDKs and the AWS command line talk to <code>{base_url}</code>; the terminal shows the exports for them.</p>
<ul>
{links}
</ul>
<p class="hint">This page exists in development only.</p>
</main>
</body>
</html>
"""
_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
}


class FrontPage:
    """``links`` are paths with what stands there."""

    def __init__(self, base_url: str, links: dict[str, str]) -> None:
        shown = "\n".join(f'<li><a href="{escape(path)}">{escape(what)}</a></li>' for path, what in links.items())
        self._text = _PAGE.format(style=_STYLE, base_url=escape(base_url), links=shown)

    async def show(self, _: web.Request) -> web.Response:
        return web.Response(text=self._text, content_type="text/html", headers=_HEADERS)
