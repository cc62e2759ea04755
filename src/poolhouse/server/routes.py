"""The routes of the server, each with who may use it: what declares nothing does not start (security row 31)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final

from aiohttp import web
from aiohttp.http import HttpVersion11
from msgspec import Struct

from poolhouse.server.answers import default_fields
from poolhouse.server.endings import Endings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Audience(Enum):
    """Who may use a route.

    ``ANYBODY``: it tells nothing that is not public. ``API``: the JSON API, which decides by operation. ``OPERATOR``:
    with the operator's token. ``DEVELOPER``: exists in development only.
    """

    ANYBODY = "anybody"
    API = "api"
    OPERATOR = "operator"
    DEVELOPER = "developer"


ENDINGS: Final = web.AppKey("endings", Endings)
"""Where whoever runs the application finds them."""
LONGEST_ADDRESS: Final = 8190
"""Characters of a path and its query, where nothing else is said."""
LONGEST_OF_ALL: Final = 34 * 1024
"""Those of an address that brings an authorization request (oidc.md G8), with what stands before the query."""
MOST_PARAMETERS: Final = 64
"""In an address longer than ``LONGEST_ADDRESS``."""


class Route(Struct, frozen=True):
    """``label`` names it in metrics. ``is_long``: its address may be as long as ``LONGEST_OF_ALL``."""

    method: str
    path: str
    handler: Handler
    audience: Audience
    label: str
    is_long: bool = False


def mount(
    app: web.Application,
    routes: Sequence[Route],
    *,
    guard: Callable[[web.Request], None],
    around: Callable[[Handler, str], Handler] | None = None,
) -> None:
    """The routes are in the application, in their order, but every path before every pattern, and patterns with an end
    before those without. ``guard`` raises an ``HTTPException`` for everybody but the operator. ``around`` is what
    stands around the handler of each route, which it is given with the route's label."""
    app.on_response_prepare.append(_name_no_version)
    around = around or _plainly
    endings = Endings()
    others: list[tuple[str, str, Handler]] = []
    for route in routes:
        if not isinstance(route.audience, Audience):
            raise TypeError(f"{route.method} {route.path} does not declare who may use it")
        handler = _bounded(route.handler, is_long=route.is_long)
        if route.audience is Audience.OPERATOR:
            handler = _guarded(handler, guard)
        handler = around(handler, route.label)
        if "{" not in route.path:
            endings.leave(route.path)
            app.router.add_route(route.method, route.path, handler, expect_handler=_goes_on)
        elif not endings.add(route.method, route.path, handler, _goes_on):
            endings.leave(route.path)
            others.append((route.method, route.path, handler))
    app.router.register_resource(endings)
    app[ENDINGS] = endings
    for method, path, handler in others:
        app.router.add_route(method, path, handler, expect_handler=_goes_on)
    nobody = around(_bounded(_answers_nobody(app), is_long=False), "none")
    app.router.add_route("*", "/{path:.*}", nobody, expect_handler=_goes_on)


def _bounded(handler: Handler, *, is_long: bool) -> Handler:
    """Runs only for addresses of a length that is expected there, and that take no time to look through."""

    def bounded(request: web.Request) -> Awaitable[web.StreamResponse]:
        address = request.raw_path
        if len(address) > LONGEST_ADDRESS and (not is_long or address.count("&") >= MOST_PARAMETERS):
            raise web.HTTPRequestURITooLong
        return handler(request)

    return bounded


def _plainly(handler: Handler, _: str) -> Handler:
    async def plainly(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    return plainly


def _answers_nobody(app: web.Application) -> Handler:
    """For what no route is for. aiohttp would answer that by itself, and not count it."""

    async def nobody(request: web.Request) -> web.StreamResponse:
        allowed: set[str] = set()
        for resource in app.router.resources():
            allowed |= (await resource.resolve(request))[1]
        if allowed > {"*"}:
            raise web.HTTPMethodNotAllowed(request.method, allowed - {"*"})
        raise web.HTTPNotFound

    return nobody


async def _goes_on(request: web.Request) -> None:
    """A client that waits is told to send its body. aiohttp's own handler writes back what else was expected, and fails
    where that is no text."""
    if request.version != HttpVersion11:
        return
    if request.headers["Expect"].lower() != "100-continue":
        raise web.HTTPExpectationFailed
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The answer itself has not begun.
    request.writer.output_size = 0


async def _name_no_version(_: web.Request, response: web.StreamResponse) -> None:
    """For what aiohttp writes: pages, and what it answers by itself."""
    default_fields(response.headers)


def _guarded(handler: Handler, guard: Callable[[web.Request], None]) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        guard(request)
        return await handler(request)

    return guarded
