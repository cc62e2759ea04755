"""What a load balancer is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from poolhouse.server.operation.health import Health


async def _written() -> None:
    return None


async def told(*, is_ready: bool = True, is_stuck: bool = False) -> tuple[int, Any]:
    ready = asyncio.Event()
    if is_ready:
        ready.set()
    answer = await Health(_written, ready, lambda: is_stuck).is_ready(make_mocked_request("GET", "/readyz"))
    return answer.status, json.loads(answer.body)["status"]


async def test_a_server_that_writes_and_checks_passwords_is_ready() -> None:
    assert (200, "ok") == await told()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"is_stuck": True}, "passwords are not checked: the threads for them do not move"),
        ({"is_ready": False}, "stopping"),
    ],
    ids=["stuck", "stopping"],
)
async def test_a_server_that_cannot_be_asked_says_why(what: dict[str, bool], said: str) -> None:
    assert (503, said) == await told(**what)
