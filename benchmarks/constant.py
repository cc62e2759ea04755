"""The limit of every server on aiohttp and uvloop ("A"): reads a POST, answers a constant of a given size.

``python -m benchmarks.constant SIZE`` writes its port when it is ready, and serves until it is ended.
"""

from __future__ import annotations

import sys

from aiohttp import web

from benchmarks.serving import serve


async def application() -> web.Application:
    constant = b'"' + b"x" * (int(sys.argv[1]) - 2) + b'"'

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=constant, content_type="application/json")

    app = web.Application()
    app.router.add_post("/", answer)
    return app


if __name__ == "__main__":
    serve(application)
