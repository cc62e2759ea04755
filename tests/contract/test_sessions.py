"""Browser sessions, and what was given in them, over every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from msgspec.structs import replace

from poolhouse.errors import VersionConflict
from poolhouse.records.grants import BrowserSession, Grant
from poolhouse.store.memory import MemoryStore
from poolhouse.store.motor import MotorStore
from poolhouse.store.port import Store
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.grants import BrowserSessionRepository, GrantRepository
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock

POOL = "eu-west-1_A"


class SessionSuite:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    async def store(self) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def sessions(self, store: Store) -> BrowserSessionRepository:
        return BrowserSessionRepository(store)

    @pytest.fixture
    def grants(self, store: Store) -> GrantRepository:
        return GrantRepository(store)

    def session(self, clock: FakeClock, handle: str, sub: str = "jane", **changes: Any) -> BrowserSession:
        now = clock.now()
        made = BrowserSession(
            handle=handle,
            id=f"id-{handle}",
            pool_id=POOL,
            user_sub=sub,
            event_id="event",
            created=now,
            auth_time=int(now),
            seen=now,
            expires=now + 100,
            epoch=0,
        )
        return replace(made, **changes)

    def grant(self, clock: FakeClock, number: int, session: str | None, pool_id: str = POOL) -> Grant:
        now = clock.now()
        return Grant(
            id=f"g-{number:04}",
            pool_id=pool_id,
            client_id="app",
            user_sub="jane",
            family="family",
            digest="digest",
            created=now,
            auth_time=int(now),
            expires=now + 100,
            epoch=0,
            session=session,
        )

    async def test_a_session_is_found_by_its_handle_and_by_its_user(
        self, sessions: BrowserSessionRepository, clock: FakeClock
    ) -> None:
        mine = [await sessions.add(self.session(clock, handle)) for handle in ("a", "b")]
        await sessions.add(self.session(clock, "c", "john"))
        await sessions.add(self.session(clock, "d", pool_id="eu-west-1_B"))

        assert mine[0] == await sessions.get(POOL, "a")
        assert None is await sessions.get("eu-west-1_B", "a")
        assert {"a", "b"} == {session.handle for session in await sessions.of_user(POOL, "jane", 10)}
        assert 1 == len(await sessions.of_user(POOL, "jane", 1))
        assert mine[0] == await sessions.of_id(POOL, "id-a")
        assert None is await sessions.of_id("eu-west-1_B", "id-a")
        assert None is await sessions.of_id(POOL, "a")

    async def test_a_session_that_was_taken_is_nobody_elses_and_cannot_be_saved(
        self, sessions: BrowserSessionRepository, clock: FakeClock
    ) -> None:
        held = await sessions.add(self.session(clock, "a"))

        taken = await asyncio.gather(*(sessions.take(POOL, "a") for _ in range(100)))

        assert [held] == [session for session in taken if session is not None]
        with pytest.raises(VersionConflict):
            await sessions.save(replace(held, seen=clock.now()))
        assert None is await sessions.get(POOL, "a")
        assert [] == list(await sessions.of_user(POOL, "jane", 10))

    async def test_a_session_is_gone_when_its_time_is_over(
        self, sessions: BrowserSessionRepository, clock: FakeClock
    ) -> None:
        await sessions.add(self.session(clock, "a"))
        clock.advance(100)

        assert None is await sessions.get(POOL, "a")
        assert None is await sessions.take(POOL, "a")

    async def test_all_that_was_given_in_a_session_is_found_and_nothing_else(
        self, grants: GrantRepository, clock: FakeClock
    ) -> None:
        for number in range(250):
            await grants.add(self.grant(clock, number, "s"))
        await grants.add(self.grant(clock, 900, None))
        await grants.add(self.grant(clock, 901, "t"))
        await grants.add(self.grant(clock, 902, "s", pool_id="eu-west-1_B"))

        found = await grants.of_session(POOL, "s")

        assert [f"g-{number:04}" for number in range(250)] == sorted(grant.id for grant in found)
        revoked = await grants.save(replace(found[0], revoked=True))
        assert revoked in await grants.of_session(POOL, "s")


class TestMemorySessions(SessionSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock) -> AsyncIterator[Store]:
        store = MemoryStore(collections.ALL, clock)
        await store.start()
        yield store
        await store.close()


class TestSqliteSessions(SessionSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Store]:
        store = SqliteStore(tmp_path / "store.db", collections.ALL, clock)
        await store.start()
        yield store
        await store.close()


@pytest.mark.requires_mongodb
class TestMotorSessions(SessionSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock, mongodb_database: str) -> AsyncIterator[Store]:
        store = MotorStore(mongodb_database, collections.ALL, clock)
        await store.start()
        yield store
        await store.close()
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_database)
        await client.drop_database(client.get_default_database().name)
        client.close()
