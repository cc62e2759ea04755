"""What a browser finds at the address of a server for development: what is there, with links. It exists in ``dev``
only."""

from __future__ import annotations

from html import escape

from aiohttp import web

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Poolhouse</title>
</head>
<body>
<main>
<h1>Poolhouse for development</h1>
<p>SDKs and the AWS command line talk to <code>{base_url}</code>; the terminal shows the exports for them.</p>
<ul>
{links}
</ul>
<p>This page exists in development only.</p>
</main>
</body>
</html>
"""
_HEADERS = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}


class FrontPage:
    """``links`` are paths with what stands there."""

    def __init__(self, base_url: str, links: dict[str, str]) -> None:
        shown = "\n".join(f'<li><a href="{escape(path)}">{escape(what)}</a></li>' for path, what in links.items())
        self._text = _PAGE.format(base_url=escape(base_url), links=shown)

    async def show(self, _: web.Request) -> web.Response:
        return web.Response(text=self._text, content_type="text/html", headers=_HEADERS)
