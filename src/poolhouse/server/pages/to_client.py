"""The browser takes an answer to a client: in the address, or by a form that sends itself."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from poolhouse.flows.oauth.interaction import Send
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import FormPost, Frame
from poolhouse.server.paths import root_of


class ToClient:
    """After a form nothing of it may be sent on: the browser only fetches the address (303)."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, request: web.Request, send: Send) -> web.Response:
        if send.mode == "form_post":
            frame = Frame(root=root_of(request), product="", locale=self._renderer.languages.choose(request))
            return self._renderer.render(request, frame, FormPost(action=send.redirect_uri, fields=send.fields))
        mark = "#" if send.mode == "fragment" else "&" if "?" in send.redirect_uri else "?"
        headers = {
            "Location": f"{send.redirect_uri}{mark}{urlencode(send.fields)}",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        return web.Response(status=303, headers=headers)
