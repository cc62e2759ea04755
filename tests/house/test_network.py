"""The shut network is really shut, and this machine is still open."""

from __future__ import annotations

import asyncio
import socket

import pytest

# Addresses and names that belong to nobody (RFC 5737, RFC 3849, RFC 6761).
ELSEWHERE = ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0"]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_connection_to_another_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with socket.socket(family) as end, pytest.raises(RuntimeError, match=r"socket\.connect to"):
        end.connect((host, 9))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as end, pytest.raises(RuntimeError, match=r"socket\.sendto to"):
        end.sendto(b"", ("192.0.2.1", 9))


def test_a_server_that_other_machines_could_reach_is_refused() -> None:
    with socket.socket() as end, pytest.raises(RuntimeError, match=r"socket\.bind to"):
        end.bind(("0.0.0.0", 0))


async def test_a_name_is_not_looked_up_elsewhere() -> None:
    loop = asyncio.get_running_loop()

    with pytest.raises(RuntimeError, match=r"socket\.getaddrinfo of"):
        await loop.getaddrinfo("poolhouse.test", 80)


async def test_this_machine_can_be_reached() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]

        reader, writer = await asyncio.open_connection("localhost", port, family=socket.AF_INET)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer == b"hello"
