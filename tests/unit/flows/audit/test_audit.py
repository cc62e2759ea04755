"""The trail: what is noted is written, and then told."""

from __future__ import annotations

import pytest

from poolhouse.errors import KeyTaken
from poolhouse.flows.audit import Trail
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.audit import Audit
from poolhouse.ports.origin import Origin
from poolhouse.records.audit import AuditEntry
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Query
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.audit import AuditRepository
from poolhouse.store.repositories.mapping import to_record
from poolhouse.testing.clock import FakeClock
from tests.support.small_world import KnownChance

DAY = 86400


class Listening:
    """A plugin that hears of the trail."""

    def __init__(self) -> None:
        self.told: list[Audit] = []
        self.hooks = Hooks([Implementation("audit", "auditor", self.audit, 5.0)])

    def audit(self, event: Audit) -> None:
        self.told.append(event)


class Unwritable:
    """A store in which nothing can be written."""

    async def add(self, entry: AuditEntry) -> AuditEntry:
        raise KeyTaken


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    return MemoryStore(collections.ALL, clock)


async def kept(store: MemoryStore, owner: str) -> list[AuditEntry]:
    page = await store.find(collections.AUDIT, Query(prefix=(owner,), limit=10))
    return [to_record(entry, AuditEntry) for entry in page.entries]


async def test_what_is_noted_is_kept_and_told_alike(store: MemoryStore, clock: FakeClock) -> None:
    plugin = Listening()
    trail = Trail(AuditRepository(store), plugin.hooks, clock, KnownChance())

    await trail.note("group.joined", pool_id="p", client_id="c", subject="s", actor="a", facts={"group": "g"})

    (entry,) = await kept(store, "p")
    told = Audit(
        action="group.joined",
        at=clock.now(),
        pool_id="p",
        client_id="c",
        subject="s",
        actor="a",
        facts={"group": "g"},
    )
    assert [told] == plugin.told
    assert told == Audit(**{name: getattr(entry, name) for name in Audit.__dataclass_fields__ if name != "origin"})


@pytest.mark.parametrize(("proven_before", "actor"), [("key:AKIA", "key:AKIA"), (None, "user:s")])
async def test_an_entry_has_its_origin_and_who_proved_it_before_the_flow_counts_first(
    store: MemoryStore, clock: FakeClock, proven_before: str | None, actor: str
) -> None:
    origin = Origin(source="192.0.2.7", request_id="r", actor=proven_before)
    trail = Trail(AuditRepository(store), Hooks(), clock, KnownChance(), lambda: origin)

    await trail.note("user.disabled", pool_id="p", actor="user:s")

    (entry,) = await kept(store, "p")
    assert ("192.0.2.7", "r", actor) == (entry.source, entry.request_id, entry.actor)


async def test_what_is_of_no_pool_is_kept_with_the_server_in_the_order_of_time(
    store: MemoryStore, clock: FakeClock
) -> None:
    trail = Trail(AuditRepository(store), Hooks(), clock, KnownChance())

    for action in ("access_key.created", "keys.rotated", "access_key.deleted"):
        await trail.note(action)
        clock.advance(0.5)

    assert ["access_key.created", "keys.rotated", "access_key.deleted"] == [
        entry.action for entry in await kept(store, "server")
    ]


async def test_an_entry_is_gone_after_its_days(store: MemoryStore, clock: FakeClock) -> None:
    trail = Trail(AuditRepository(store), Hooks(), clock, KnownChance(), days=2)
    await trail.note("access_key.created")

    clock.advance(2 * DAY - 1)
    before = await kept(store, "server")
    clock.advance(2)

    assert (1, 0) == (len(before), len(await kept(store, "server")))


async def test_what_cannot_be_written_stops_the_flow_and_is_told_to_nobody(clock: FakeClock) -> None:
    plugin = Listening()
    trail = Trail(Unwritable(), plugin.hooks, clock, KnownChance())

    with pytest.raises(KeyTaken):
        await trail.note("sign_in.succeeded")

    assert [] == plugin.told
