"""Row 39: sizes are looked at before anything is decoded, and nothing is decompressed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import suppress

from poolhouse.config.settings import Limits
from poolhouse.server.cognito.engine.registry import Result
from poolhouse.server.cognito.user_pools.call import Call
from tests.security.served import served
from tests.support.json_api import KeysInMemory, ManualClock, build, running

LIMIT = 64 * 1024
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteUser",
}

CHUNKED = {"Transfer-Encoding": "chunked", "Expect": "100-continue"}


class Counting:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, call: Call) -> Result:
        self.count += 1
        return None


def body(size: int) -> bytes:
    """A right input of exactly so many bytes."""
    return b'{"AccessToken":"t"' + b" " * (size - 19) + b"}"


async def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not() -> None:
    handler = Counting()

    async with running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        fits = await api.send(body(LIMIT), HEADERS)
        too_large = await api.send(body(LIMIT + 1), HEADERS)

    assert 200 == fits.status
    assert (413, "RequestEntityTooLargeException") == (too_large.status, too_large.error)
    assert 1 == handler.count


async def test_a_body_that_says_it_is_too_large_is_not_waited_for() -> None:
    """None of it is sent: the answer comes for what the header says."""
    handler = Counting()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())

    async with running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        host, port = api.url.removeprefix("http://").rstrip("/").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST / HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: {LIMIT + 1}\r\n\r\n".encode())
        status = (await reader.readline()).split()[1]
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    assert (b"413", 0) == (status, handler.count)


async def test_a_body_without_a_length_has_the_same_limit() -> None:
    handler = Counting()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, LIMIT + 1, 8192):
            yield body(LIMIT + 1)[start : start + 8192]

    async with (
        running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api,
        api.session.post(api.url, data=chunks(), headers=HEADERS) as response,
    ):
        status = response.status

    assert 413 == status
    assert 0 == handler.count


async def trickled(size: int) -> tuple[int, int]:
    """The status of the answer to a body that comes only after the server began to wait for it: "100 Continue"
    leaves with the step that begins the waiting. And how often the operation ran."""
    handler = Counting()
    async with running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        host, port = api.url.removeprefix("http://").rstrip("/").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "".join(f"{name}: {value}\r\n" for name, value in {**HEADERS, **CHUNKED}.items())
        writer.write(f"POST / HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode())
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        for part in (body(size)[:1000], body(size)[1000:]):
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        status = int((await reader.readline()).split()[1])
        writer.close()
        with suppress(ConnectionError):  # it may hang up on what it does not want
            await writer.wait_closed()
    return status, handler.count


async def test_a_body_that_trickles_in_has_the_same_limit() -> None:
    assert (200, 1) == await trickled(LIMIT)
    assert (413, 0) == await trickled(LIMIT + 1)


async def test_what_nobody_signed_may_be_smaller_than_what_somebody_did() -> None:
    """A signed operation without a signature is not read either."""
    limits = Limits(body=64 * 1024, open_body=8 * 1024)
    signed = {**HEADERS, "X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
    async with served(limits=limits) as (_, api):
        statuses = [(await api.send(body(size), HEADERS)).status for size in (8 * 1024, 8 * 1024 + 1)]
        without = (await api.send(body(8 * 1024 + 1), signed)).status
        listed = await api.call("ListUserPools", {"MaxResults": 60, "NextToken": "x" * 16 * 1024})

    assert [400, 413, 413] == [*statuses, without]
    assert 413 != listed.status


async def test_the_limit_for_what_nobody_signed_is_never_the_larger_one() -> None:
    async with served(limits=Limits(body=1024, open_body=4096)) as (_, api):
        assert 413 == (await api.send(body(2048), HEADERS)).status


async def test_the_limit_is_the_operators() -> None:
    statuses = {}

    for limit in (1024, 128 * 1024):
        async with served(limits=Limits(body=limit)) as (_, api):
            answers = [await api.send(body(size), HEADERS) for size in (limit, limit + 1)]
            statuses[limit] = [answer.status for answer in answers]

    assert {1024: [400, 413], 128 * 1024: [400, 413]} == statuses


async def test_a_compressed_body_is_not_unpacked() -> None:
    handler = Counting()
    bomb = gzip.compress(body(LIMIT - 1))

    async with running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        answer = await api.send(bomb, {**HEADERS, "Content-Encoding": "gzip"})

    assert (415, "SerializationException") == (answer.status, answer.error)
    assert 0 == handler.count


async def test_nesting_is_bounded() -> None:
    handler = Counting()

    async with running(build({"DeleteUser": handler}, clock=ManualClock(), keys=KeysInMemory())) as api:
        answer = await api.send(b'{"AccessToken":"t","a":' + b"[" * 30_000 + b"]" * 30_000 + b"}", HEADERS)

    assert (400, "SerializationException") == (answer.status, answer.error)
    assert 0 == handler.count
