"""APIs in Python that verify their requests themselves: over the store of a server, and no server is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from poolhouse.config.loading import load_settings
from poolhouse.gateway import HOLDER, PASSED, AsgiMiddleware, RequestGateway, middleware, open_gateway, rest_context
from tests.support.gateway import signed
from tests.support.server_process import MASTER_KEY, ROOT


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[RequestGateway]:
    environment = {
        "POOLHOUSE_BASE_URL": "https://auth.example.com",
        "POOLHOUSE_STORE": f"sqlite:{tmp_path / 'store.db'}",
        "POOLHOUSE_MASTER_KEY": MASTER_KEY,
        "POOLHOUSE_ROOT_ACCESS_KEY_ID": ROOT[0],
        "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": ROOT[1],
        "POOLHOUSE_SERVER_PARTS": "gateway",
    }
    async with open_gateway(load_settings(environment)) as opened:
        yield opened


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def ask(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Any]:
    # As it was signed: not written anew by the client.
    signed_for = URL(url, encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, signed_for, headers=headers, data=body or None) as answer,
    ):
        return answer.status, await answer.json()


async def test_an_aiohttp_application_knows_who_passed(gateway: RequestGateway) -> None:
    async def who(request: web.Request) -> web.Response:
        return web.json_response(
            {"said": (await request.read()).decode(), "who": rest_context(request[PASSED])["identity"]["userArn"]}
        )

    app = web.Application(middlewares=[middleware(gateway, api="orders", stage="prod")])
    app.router.add_route("*", "/{path:.*}", who)
    async with served(app) as address:
        url = f"{address}/prod/items/a%20b?z=1&a=2"
        headers = signed("POST", url, b"one")

        assert (200, {"said": "one", "who": "arn:aws:iam::000000000000:root"}) == await ask(
            "POST", url, headers, b"one"
        )
        assert 401 == (await ask("POST", url, headers, b"two"))[0]
        assert 401 == (await ask("GET", url, {}))[0]


async def asgi(app: Any, headers: Mapping[str, str], *parts: bytes, path: bytes = b"/prod/items") -> tuple[int, Any]:
    """The status and the body, from one request whose body comes in parts."""
    come = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    come.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return come.pop(0) if come else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"z=1",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("203.0.113.9", 1),
    }
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


async def test_an_asgi_application_knows_who_passed_and_reads_the_body(gateway: RequestGateway) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"].decode()
        told = {"said": body, "from": scope[HOLDER].source, "reached": scope[HOLDER].resource}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    guarded = AsgiMiddleware(app, gateway, api="orders", stage="prod", limit=8)
    headers = signed("POST", "https://api.example.com/prod/items?z=1", b"onetwo")
    reached = "arn:aws:execute-api:us-east-1:000000000000:orders/prod/POST/items"

    assert (200, {"said": "onetwo", "from": "203.0.113.9", "reached": reached}) == await asgi(
        guarded, headers, b"one", b"two"
    )
    assert 401 == (await asgi(guarded, headers, b"one"))[0]
    assert 401 == (await asgi(guarded, headers, b"onetwo", path=b"/prod/others"))[0]
    assert 401 == (await asgi(guarded, {"Host": "api.example.com"}, b"onetwo"))[0]
    assert 413 == (await asgi(guarded, headers, b"onetwo", b"three"))[0]
