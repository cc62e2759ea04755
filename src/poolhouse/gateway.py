"""Requests verified in the process of an API itself, without asking a server: for APIs in Python.

It is the gateway of the server, over the same store and with the same master key (settings as ``poolhouse serve`` reads
them), but without anything that listens::

    async with open_gateway() as gateway:
        holder = await gateway.verify_request(request, api="orders", stage="prod")

``middleware`` does so for each request of an aiohttp application, ``AsgiMiddleware`` for any ASGI application. Who only
verifies access tokens needs neither a store nor the key: see docs/verify-a-token.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from aiohttp import web
from multidict import CIMultiDict

from poolhouse.config.loading import load_settings
from poolhouse.config.master_key import required_keys
from poolhouse.config.settings import Settings
from poolhouse.flows.access.gateway import INVOKE, Gateway, Holder, Passing, behind_stage
from poolhouse.flows.access.upstream import fields, http_context, rest_context
from poolhouse.server import parts
from poolhouse.server.gateway.answers import REFUSED, status_of
from poolhouse.server.ground import lay_ground, require_same_key
from poolhouse.server.part import Built

__all__ = [
    "HOLDER",
    "PASSED",
    "AsgiMiddleware",
    "Holder",
    "RequestGateway",
    "fields",
    "http_context",
    "middleware",
    "open_gateway",
    "rest_context",
]

HOLDER: Final = "poolhouse.holder"
"""Under this name a scope of ASGI says who passed."""
PASSED: Final = web.RequestKey(HOLDER, Holder)
"""And under this key a request of aiohttp."""
_BODY_LIMIT: Final = 10 * 1024 * 1024

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestGateway:
    """The gateway, for requests as applications have them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def verify_request(
        self,
        request: web.Request | Passing,
        *,
        api: str,
        stage: str,
        action: str = INVOKE,
        resource: str | None = None,
        context: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> Holder:
        """Who may pass; with ``fields``, ``rest_context`` and ``http_context`` of this module told as gateways tell it.
        Of an aiohttp request the body is read. ``action`` and ``resource``: what policies are asked about, where it is
        not the invocation of the API's path. ``context`` holds condition keys, in lower case.

        Raises ``CallerRefused`` (``AccessDenied`` where a policy says no), ``InvalidAccessToken``,
        ``InsufficientScope``, ``NotAuthorized``.
        """
        passing = request if isinstance(request, Passing) else await _passing(request, api, stage)
        return await self._gateway.authorize(passing, action=action, resource=resource, context=context)


@asynccontextmanager
async def open_gateway(settings: Settings | Path | None = None) -> AsyncIterator[RequestGateway]:
    """The gateway, over the store that the settings name: those of a file, or of the environment alone (None).

    Raises ``SettingsError``, ``NotStartable``, and what the store raises where it cannot be opened.
    """
    if not isinstance(settings, Settings):
        # Whoever sends users here is another process; its address is not needed for verifying.
        said = {"server.base_url": os.environ.get("POOLHOUSE_BASE_URL") or "https://gateway.invalid"}
        settings = load_settings(os.environ, path=settings, overrides=said if settings is None else None)
    ground = await lay_ground(settings, required_keys(settings.master).raw)
    built = Built()
    for build_part in parts.load(settings):
        built.add(await build_part(ground, built))
    async with AsyncExitStack() as stack:
        for close in (
            *built.closes,
            ground.workers.close,
            ground.http.close,
            ground.functions_http.close,
            ground.store.close,
        ):
            stack.push_async_callback(close)
        await ground.store.start()
        await require_same_key(ground.store, ground.vault, ground.surroundings.chance)
        yield RequestGateway(built.one(Gateway))


def middleware(gateway: RequestGateway, *, api: str, stage: str) -> Any:
    """Of an aiohttp application: who may not pass gets 401 or 403; of others ``request[PASSED]`` says who they are."""

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            request[PASSED] = await gateway.verify_request(request, api=api, stage=stage)
        except REFUSED as error:
            return web.json_response({"message": str(error)}, status=status_of(error))
        return await handler(request)

    return guard


class AsgiMiddleware:
    """Of an ASGI application: the same, in ``scope[HOLDER]``. A body of more than ``limit`` bytes is refused with 413.
    Only HTTP requests are looked at; a WebSocket is refused, for what is sent over it bears no signature."""

    def __init__(self, app: Asgi, gateway: RequestGateway, *, api: str, stage: str, limit: int = _BODY_LIMIT) -> None:
        self._app = app
        self._gateway = gateway
        self._api = api
        self._stage = stage
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        body = await _body_of(receive, self._limit)
        if body is None:
            await _tell(send, 413, "The body is too large.")
            return
        try:
            passing = _of_scope(scope, self._api, self._stage, body)
            holder = await self._gateway.verify_request(passing, api=self._api, stage=self._stage)
        except REFUSED as error:
            await _tell(send, status_of(error), str(error))
            return
        is_read = False

        async def again() -> MutableMapping[str, Any]:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app({**scope, HOLDER: holder}, again, send)


async def _passing(request: web.Request, api: str, stage: str) -> Passing:
    return Passing(
        api=api,
        stage=stage,
        method=request.method,
        target=request.raw_path,
        path=behind_stage(request.raw_path, stage),
        headers=request.headers,
        body=await request.read(),
        source=request.remote or "",
        is_secure=request.secure,
    )


def _of_scope(scope: Scope, api: str, stage: str, body: bytes) -> Passing:
    raw = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/~")
    query = scope.get("query_string", b"").decode("latin-1")
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in scope["headers"]:
        headers.add(name.decode("latin-1"), value.decode("latin-1"))
    client = scope.get("client")
    return Passing(
        api=api,
        stage=stage,
        method=scope["method"],
        target=f"{path}?{query}" if query else path,
        path=behind_stage(path, stage),
        headers=headers,
        body=body,
        source=client[0] if client else "",
        is_secure=scope.get("scheme") == "https",
    )


async def _body_of(receive: Receive, limit: int) -> bytes | None:
    """None where it is longer than that, or the client is gone."""
    parts_: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts_.append(message.get("body", b""))
        size += len(parts_[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(parts_)


async def _tell(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"message": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
