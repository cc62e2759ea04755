"""A rotation in which an answer that is lost costs the session is told to who asks for it."""

from __future__ import annotations

import pytest

from poolhouse.records.clients import Rotation
from tests.support.house import opened_house

FLOWS = ("ALLOW_USER_PASSWORD_AUTH",)


async def test_rotation_without_grace_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with opened_house() as house:
        pool = await house.pool()
        await house.client(pool, flows=FLOWS, rotation=Rotation(enabled=True, grace=10))
        await house.client(pool, flows=FLOWS, rotation=Rotation(enabled=False, grace=0))
        client = await house.client(pool, flows=FLOWS, rotation=Rotation(enabled=True, grace=0))

    said = [record.getMessage() for record in caplog.records if record.name == "poolhouse.clients"]
    assert [client.id] == [line.split()[2] for line in said]
    assert "without grace" in said[0]
