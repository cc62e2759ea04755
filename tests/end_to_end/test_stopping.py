"""A server that stops lets its proxy know first: nothing that came in is lost, however often it is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command import PATIENCE, free_port
from tests.support.served import Served, eventually, serving

CALL = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Type: application/x-amz-json-1.1\r\n"
    b"X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\r\n\r\n{}"
)
DRAIN = 1.0
IDLE = DRAIN / 3
"""Seconds for which the proxy keeps a connection that nobody uses: less than the drain, as the docs say."""


def exchange(client: socket.socket) -> bytes:
    """The head of the answer to one call; the connection stays where it is."""
    client.sendall(CALL)
    got = b""
    while b"\r\n\r\n" not in got:
        part = client.recv(4096)
        assert part, "the connection was closed without an answer"
        got += part
    return got.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["one process", "two workers"])
def test_a_server_that_stops_is_first_not_ready_and_answers_on(tmp_path: Path, words: tuple[str, ...]) -> None:
    with (
        serving(tmp_path, *words, POOLHOUSE_SERVER_DRAIN="3") as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as idle,
    ):
        assert b"Connection: close" not in exchange(idle)
        server.process.send(signal.SIGTERM)
        server.process.wait_for('"event": "stopping"', times=2 if words else 1)

        assert (503, 200) == (server.status("/readyz"), server.status("/healthz"))
        assert b"\r\nConnection: close" in exchange(idle)
        assert b"" == idle.recv(1)
        assert 0 == server.process.end()


def test_what_waits_to_be_accepted_when_the_drain_ends_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path, POOLHOUSE_SERVER_DRAIN="0") as server:
        server.process.send(signal.SIGSTOP)
        with contextlib.ExitStack() as open_:
            clients = [
                open_.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE)) for _ in range(20)
            ]
            for client in clients:
                client.sendall(CALL)
            server.process.send(signal.SIGTERM)
            server.process.send(signal.SIGCONT)

            assert [b"HTTP/1.1 400"] * 20 == [client.recv(12) for client in clients]
        assert 0 == server.process.end()


@dataclass
class Proxy:
    """What a proxy does that shares requests between servers: it keeps connections, uses them again, and goes to the
    next server where one refuses the connection. A request that was sent is never sent again."""

    ports: list[int]
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    opened: list[asyncio.StreamWriter] = field(default_factory=list)
    kept: dict[int, list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]]] = field(default_factory=dict)

    async def ask(self, turn: int) -> None:
        for port in (self.ports[turn % 2], self.ports[(turn + 1) % 2]):
            try:
                reader, writer = await self._connection(port)
            except ConnectionRefusedError:
                continue
            try:
                writer.write(CALL)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.failed[type(error).__name__] += 1
                writer.close()
                return
            self.answered += 1
            if b"connection: close" in head.lower():
                writer.close()
            else:
                self.kept.setdefault(port, []).append((time.monotonic(), reader, writer))
            return
        self.failed["nobody there"] += 1

    async def close(self) -> None:
        for writer in self.opened:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _connection(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        kept = self.kept.get(port, [])
        while kept:
            since, reader, writer = kept.pop()
            if time.monotonic() - since < IDLE and not reader.at_eof():
                return reader, writer
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.opened.append(writer)
        return reader, writer


async def test_rolling_restarts_behind_a_proxy_lose_no_request(tmp_path: Path) -> None:
    """Two servers are replaced one by one, again and again, while a proxy asks both without a pause."""
    ports = [free_port(), free_port()]
    proxy = Proxy(ports)
    done = asyncio.Event()

    async def load(number: int) -> None:
        turn = number
        while not done.is_set():
            await proxy.ask(turn)
            turn += 1
            await asyncio.sleep(0.01)

    def server(port: int) -> contextlib.AbstractContextManager[Served]:
        return serving(tmp_path, port=port, POOLHOUSE_SERVER_DRAIN=str(DRAIN))

    with contextlib.ExitStack() as open_:
        now = [open_.enter_context(server(port)) for port in ports]
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(load(number))
            try:
                for restart in range(6):
                    old = now[restart % 2]
                    old.process.send(signal.SIGTERM)
                    assert 0 == await asyncio.to_thread(old.process.end)
                    now[restart % 2] = await asyncio.to_thread(open_.enter_context, server(old.port))
            finally:
                done.set()
        await proxy.close()

    assert Counter() == proxy.failed
    assert proxy.answered > 100


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2], ids=str)
@pytest.mark.parametrize("words", [(), ("--workers", "2")], ids=["one process", "two workers"])
def test_no_signal_but_kill_loses_what_is_under_way(
    tmp_path: Path, number: signal.Signals, words: tuple[str, ...]
) -> None:
    with serving(tmp_path, *words) as server, socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(CALL[:-1])
        eventually(server.answers)
        server.process.send(number)
        server.process.wait_for("is ignored")
        client.sendall(CALL[-1:])

        assert b"HTTP/1.1 400" == client.recv(12)
        assert server.answers()
