"""Security row 41: no request of ours reaches what only we can reach, whoever chose the URL."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from poolhouse.hooks.context import HttpFailed, HttpNotSent
from poolhouse.server.http_client import HttpClient, is_public

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Visits:
    """A server on this machine that should not be reached."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[web.BaseRequest] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        return web.Response(text="secret of the inside")


@asynccontextmanager
async def served(handler: Any) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client(*allowed: str, **more: Any) -> AsyncIterator[HttpClient]:
    made = HttpClient(allowed=allowed, **more)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[int, list[Any]]]:
    """A port of this machine, and who connected to it."""
    connections: list[Any] = []

    class Notes(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            connections.append(transport)
            transport.close()

    server = await asyncio.get_running_loop().create_server(Notes, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()
        await server.wait_closed()


class Names(AbstractResolver):
    """A DNS that says what the test says."""

    def __init__(self, *answers: str) -> None:
        self._answers = answers

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        return [
            {
                "hostname": host,
                "host": answer,
                "port": port,
                "family": socket.AF_INET6 if ":" in answer else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for answer in self._answers
        ]

    async def close(self) -> None:
        """Nothing is held."""


INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2001:0:0:0:0:0:80ff:fffe",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::ffff:127.0.0.1]", "LOCALHOST."],
)
async def test_this_machine_is_not_reached_under_any_of_its_names(host: str) -> None:
    async with listener() as (port, connections), client(resolver=Names("127.0.0.1")) as http:
        with pytest.raises(HttpNotSent):
            await http.request("GET", f"https://{host}:{port}/")

    assert [] == connections


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["127.0.0.1", "10.0.0.1"]])
async def test_what_counts_is_the_address_and_not_the_name(answers: list[str]) -> None:
    async with listener() as (port, connections), client(resolver=Names(*answers)) as http:
        with pytest.raises(HttpNotSent, match=r"not public, and server\.outbound_hosts"):
            await http.request("GET", f"https://rebinding.example:{port}/")

    assert [] == connections


async def test_allowing_one_host_opens_nothing_for_another_at_the_same_address() -> None:
    visits = Visits()
    dns = Names("127.0.0.1")
    async with (
        served(visits.answer) as port,
        client(f"http://localhost:{port}", f"rebinding.example:{port + 1}", resolver=dns) as http,
    ):
        await http.request("GET", f"http://localhost:{port}/")
        for url in (
            f"http://127.0.0.1:{port}/",
            f"https://127.0.0.1:{port}/",
            f"https://localhost:{port}/",
            f"https://rebinding.example:{port}/",
        ):
            with pytest.raises(HttpNotSent):
                await http.request("GET", url)

    assert 1 == len(visits.requests)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "https:///",
        "https://user:password@example.com/",
        "https://example.com:port/",
        "",
    ],
)
async def test_only_plain_https_urls_are_taken(url: str) -> None:
    async with client(resolver=Names("127.0.0.1")) as http:
        with pytest.raises(HttpNotSent) as refused:
            await http.request("GET", url)

    assert "password" not in str(refused.value)


async def test_a_redirect_is_an_answer_and_nothing_to_follow() -> None:
    visits = Visits()
    async with served(visits.answer) as inner:

        async def redirects(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{inner}/"})

        async with served(redirects) as port, client(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{inner}") as http:
            answer = await http.request("GET", f"http://127.0.0.1:{port}/")

    assert (302, []) == (answer.status, visits.requests)


async def test_an_endless_answer_is_cut_off() -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async with served(endless) as port, client(f"http://127.0.0.1:{port}", size_limit=200_000) as http:
        with pytest.raises(HttpFailed, match="longer than 200000 bytes"):
            await http.request("GET", f"http://127.0.0.1:{port}/")


async def test_a_compressed_answer_is_not_blown_up() -> None:
    bomb = gzip.compress(b"\x00" * 10_000_000)

    async def answers(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with served(answers) as port, client(f"http://127.0.0.1:{port}") as http:
        answer = await http.request("GET", f"http://127.0.0.1:{port}/")

    assert bomb == answer.body


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    async def hangs(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with served(hangs) as port, client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(HttpFailed, match="time is over") as failed:
            await http.request("GET", f"http://127.0.0.1:{port}/?token=sesame", time_limit=0.05)

    assert not isinstance(failed.value, HttpNotSent)
    assert "sesame" not in str(failed.value)


async def test_nothing_is_remembered_between_requests() -> None:
    visits = Visits()

    async def sets(request: web.BaseRequest) -> web.StreamResponse:
        await visits.answer(request)
        return web.Response(headers={"Set-Cookie": "a=1; Path=/"})

    async with served(sets) as port, client(f"http://localhost:{port}") as http:
        for _ in range(2):
            await http.request("GET", f"http://localhost:{port}/")

    assert [None, None] == [request.headers.get("Cookie") for request in visits.requests]


async def test_nothing_is_open_before_the_first_request() -> None:
    http = HttpClient()

    assert {None} == {http._guarded, http._open}
    await http.close()


@pytest.mark.parametrize("entry", ["", "ftp://a", "http://a/path", "a b", "http://u@a", "a:port"])
def test_the_operators_list_is_checked(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        HttpClient(allowed=[entry])


async def test_who_may_not_be_reached_in_clear_text_is_told_which_setting_allows_it() -> None:
    async with client() as http:
        with pytest.raises(HttpNotSent) as refused:
            await http.request("GET", "http://old.example:8080/secret?token=x")

    assert str(refused.value) == (
        "Only https may be used to reach old.example, unless server.outbound_hosts allows http://old.example:8080."
    )
