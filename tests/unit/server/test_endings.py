"""Paths that begin with a pattern, found by how they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from poolhouse.server.routes import Audience, Handler, Route, mount
from poolhouse.server.runner import Runner

POOL, PREFIX = r"/{pool:[\w-]{1,40}_[0-9a-zA-Z]{1,32}}", "/{prefix:[a-z0-9-]{1,63}}"


def _says(word: str) -> Handler:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=f"{word} {dict(request.match_info)}")

    return say


def _open_to_all(_: web.Request) -> None:
    pass


ROUTES = [
    Route(method, path, _says(f"{word} {method}"), Audience.ANYBODY, word)
    for method, path, word in (
        ("GET", f"{POOL}/login", "login"),
        ("*", f"{POOL}/login", "login"),
        ("GET", f"{POOL}/.well-known/keys", "keys"),
        ("GET", f"{PREFIX}/login", "prefixed"),
        ("GET", f"{POOL}/factors/{{factor}}", "factor"),
        ("GET", "/static/{name}", "static"),
        ("GET", "/exact/login", "exact"),
        ("GET", f"{PREFIX}/factors/add", "added"),
        ("GET", "/exact/factors/{factor}", "exactly"),
        ("POST", "/{path:.+}", "api"),
    )
]


@pytest.mark.parametrize("runner", [web.AppRunner, Runner])
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("GET /us-east-1_Ab1/login", "login GET {'pool': 'us-east-1_Ab1'}"),
        ("PUT /us-east-1_Ab1/login", "login * {'pool': 'us-east-1_Ab1'}"),
        ("GET /us-east-1_Ab1/login?x=/us-east-1_Ab1/.well-known/keys", "login GET {'pool': 'us-east-1_Ab1'}"),
        ("GET /us%2Deast-1%5FAb1/%6Cogin", "login GET {'pool': 'us-east-1_Ab1'}"),
        ("GET /us-east-1_Ab1/.well-known/keys", "keys GET {'pool': 'us-east-1_Ab1'}"),
        ("GET /my-app/login", "prefixed GET {'prefix': 'my-app'}"),
        ("GET /us-east-1_Ab1/factors/app", "factor GET {'pool': 'us-east-1_Ab1', 'factor': 'app'}"),
        ("GET /static/login", "static GET {'name': 'login'}"),
        ("GET /exact/login", "exact GET {}"),
        ("GET /my-app/factors/add", "added GET {'prefix': 'my-app'}"),
        ("GET /exact/factors/add", "exactly GET {'factor': 'add'}"),
        ("POST /us-east-1_Ab1/.well-known/keys", "api POST {'path': 'us-east-1_Ab1/.well-known/keys'}"),
        ("POST /my-app/login", "api POST {'path': 'my-app/login'}"),
        ("POST /us-east-1_Ab1/login/", "api POST {'path': 'us-east-1_Ab1/login/'}"),
        ("POST /us-east-1%2F_Ab1/.well-known/keys", "api POST {'path': 'us-east-1/_Ab1/.well-known/keys'}"),
    ],
)
async def test_each_request_comes_to_the_route_that_is_for_it(
    runner: type[web.AppRunner], asked: str, told: str
) -> None:
    method, _, path = asked.partition(" ")
    async with _served(runner) as client:
        answer = await client.request(method, URL(path, encoded=True))

        assert (200, told) == (answer.status, await answer.text())


@pytest.mark.parametrize("runner", [web.AppRunner, Runner])
@pytest.mark.parametrize(
    "path",
    [
        "/us-east-1_Ab1",
        "/us-east-1_Ab1/",
        "/us-east-1_Ab1//login",
        "/us-east-1%2F_Ab1/login",
        "/us-east-1_Ab1/login%2F",
        "/a/b/login",
    ],
)
async def test_what_is_nearly_a_path_is_none(runner: type[web.AppRunner], path: str) -> None:
    async with _served(runner) as client:
        answer = await client.get(URL(path, encoded=True))

        # The last route has them all, for another method.
        assert (405, "POST") == (answer.status, answer.headers["Allow"])


@pytest.mark.parametrize("runner", [web.AppRunner, Runner])
async def test_a_method_that_no_route_has_is_told_those_that_are_there(runner: type[web.AppRunner]) -> None:
    async with _served(runner) as client:
        answer = await client.delete("/us-east-1_Ab1/.well-known/keys")

        assert (405, "GET,POST") == (answer.status, answer.headers["Allow"])


def test_a_route_that_is_there_already_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        mount(web.Application(), [ROUTES[0], ROUTES[0]], guard=_open_to_all)


@asynccontextmanager
async def _served(runner: type[web.AppRunner]) -> AsyncIterator[ClientSession]:
    app = web.Application()
    mount(app, ROUTES, guard=_open_to_all)
    made = runner(app)
    await made.setup()
    try:
        await web.TCPSite(made, "127.0.0.1", 0).start()
        async with ClientSession(f"http://127.0.0.1:{made.addresses[0][1]}") as client:
            yield client
    finally:
        await made.cleanup()
