"""Row 39: sizes are looked at before anything is decoded, and nothing is decompressed."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

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
