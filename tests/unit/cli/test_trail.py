"""The audit trail, as the command shows it."""

from __future__ import annotations

import json

import pytest

from poolhouse.cli import trail
from poolhouse.cli.failures import Failure
from poolhouse.flows.audit import Wanted
from poolhouse.records.audit import AuditEntry
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server
from poolhouse.testing.clock import FakeClock
from tests.unit.cli.world import NOON, new_pool


async def read(server: Server, **wanted: object) -> list[str]:
    return [entry.action async for entry in server.trail.read(Wanted(**wanted))]  # type: ignore[arg-type]


async def test_a_trail_is_read_by_pool_user_action_and_instant(server: Server, pool: Pool) -> None:
    clock = server.world.clock
    assert isinstance(clock, FakeClock)
    other = await new_pool(server, name="other")
    note = server.world.audit.note
    clock.advance(10)
    await note("sign_in.failed", pool_id=pool.id, subject="jane")
    await note("access_key.created")
    clock.advance(10)
    await note("sign_in.succeeded", pool_id=pool.id, subject="jane")
    await note("group.joined", pool_id=other.id, subject="joe", actor="user:jane")
    await note("sign_up", pool_id=other.id, subject="joe")

    assert ["pool.created", "sign_in.failed", "sign_in.succeeded"] == await read(server, owner=pool.id)
    assert ["sign_in.failed", "sign_in.succeeded"] == await read(server, owner=pool.id, since=NOON + 10)
    assert ["access_key.created"] == await read(server, owner="server")
    assert ["group.joined", "sign_in.failed", "sign_in.succeeded"] == sorted(await read(server, sub="jane"))
    assert ["sign_in.failed", "sign_in.succeeded"] == await read(server, action="sign_in")
    assert ["sign_up"] == await read(server, action="sign_up")
    assert ["group.joined", "sign_in.succeeded", "sign_up"] == sorted(await read(server, since=NOON + 20))


async def test_a_long_trail_is_read_to_its_end_and_what_is_too_old_is_skipped(server: Server, pool: Pool) -> None:
    clock = server.world.clock
    assert isinstance(clock, FakeClock)
    for _ in range(250):
        clock.advance(1)
        await server.world.audit.note("sign_in.failed", pool_id=pool.id)
        await server.world.audit.note("sign_in.failed")

    assert 500 == len(await read(server, action="sign_in"))
    assert 10 == len(await read(server, action="sign_in", since=NOON + 246))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOON - 1800),
        ("7d", NOON - 7 * 86400),
        ("2027-01-15", 1_799_971_200.0),
        ("2027-01-15T08:00", NOON),
        ("2027-01-15T09:00:00+01:00", NOON),
    ],
)
def test_an_instant_is_said_in_either_way(text: str, expected: float) -> None:
    assert expected == trail.instant(text, NOON)


def test_what_is_no_instant_is_refused() -> None:
    with pytest.raises(Failure, match="soon is no instant"):
        trail.instant("soon", NOON)


def test_an_entry_is_a_line_without_what_is_not_known_or_an_object() -> None:
    entry = AuditEntry(
        id="e", action="sign_in.failed", at=NOON, expires=NOON, pool_id="p", source="192.0.2.7", facts={"flow": "x"}
    )

    assert "2027-01-15T08:00:00+00:00  sign_in.failed  from 192.0.2.7  in p  flow=x" == trail.as_line(entry)
    told = json.loads(trail.as_json(entry))
    assert {"at": NOON, "action": "sign_in.failed", "source": "192.0.2.7"}.items() <= told.items()
