"""One user of a pool is one identity, whoever asks at the same moment, and in whichever process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from poolhouse.errors import DeveloperUserTaken, IdentityNotFound, LoginRefused, LoginTaken, PoolhouseError
from poolhouse.records.identities import IdentityPool
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.sqlite import SqliteStore
from poolhouse.testing.clock import FakeClock
from tests.support.identity_world import DEVELOPER, GOOGLE, IdentityWorld, Interleaved, logins

SUBJECTS = ("google", "facebook", "amazon")
REFUSALS = (LoginRefused, LoginTaken, DeveloperUserTaken, IdentityNotFound)


@pytest.fixture(params=["memory", "sqlite"])
async def processes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[IdentityWorld]]:
    """Two over one store. Of SQLite each has the file open for itself."""
    clock = FakeClock(1_800_000_000.0)
    if request.param == "memory":
        store = MemoryStore(collections.ALL, clock)
        yield [IdentityWorld(Interleaved(store, seed), clock) for seed in range(2)]
        return
    stores = [SqliteStore(tmp_path / "store.db", collections.ALL, clock) for _ in range(2)]
    for each in stores:
        await each.start()
    yield [IdentityWorld(each, clock) for each in stores]
    for each in stores:
        await each.close()


async def tried(call: Awaitable[str]) -> str | None:
    """None where it was refused."""
    try:
        return await call
    except REFUSALS:
        return None


async def require_one_each(at: IdentityWorld, pool: IdentityPool) -> None:
    """Every login leads to an identity that can be reached by it."""
    providers = {login.provider for login in await at.all_logins(pool)} - {DEVELOPER}
    reached = set()
    for provider in providers:
        for subject in ("jane", "joe"):
            given = {provider: f"good {subject}"}
            claims = at.linking.claims(pool, await at.proofs.prove(pool, given))
            if await at.linking.found(pool, claims) == [None]:
                continue
            identity = (await at.identities.resolve(await at.identities.get_id(pool.id, given), given)).identity
            assert (None, True) == (identity.merging_into, identity.had_login)
            assert claims[0].digest in {login.digest for login in await at.logins.of_identity(pool.id, identity.id)}
            reached.add(claims[0].digest)
    assert reached == {login.digest for login in await at.all_logins(pool) if login.provider != DEVELOPER}


async def test_two_hundred_at_once_are_one_identity(processes: list[IdentityWorld]) -> None:
    pool = await processes[0].pool()

    ids = await asyncio.gather(*(processes[number % 2].get_id(pool, google="jane") for number in range(200)))

    assert 1 == len(set(ids))
    assert [ids[0]] == await processes[0].listed(pool)
    assert 1 == len(await processes[0].all_logins(pool))


async def test_a_guest_who_becomes_somebody_twice_at_once_is_one(processes: list[IdentityWorld]) -> None:
    pool = await processes[0].pool()
    guest = await processes[0].guest(pool)

    ids = await asyncio.gather(*(processes[number % 2].resolve(guest, google="jane") for number in range(20)))

    assert {guest} == set(ids)
    assert guest == await processes[1].get_id(pool, google="jane")


async def test_of_two_users_who_want_one_guest_one_gets_it(processes: list[IdentityWorld]) -> None:
    for _ in range(10):
        pool = await processes[0].pool()
        guest = await processes[0].guest(pool)

        got = await asyncio.gather(
            tried(processes[0].resolve(guest, google="jane")), tried(processes[1].resolve(guest, facebook="eve"))
        )

        assert [None, guest] == sorted(got, key=bool)
        assert 1 == len(await processes[0].providers(guest))


async def test_a_guest_and_a_new_device_of_the_same_user_are_one_in_the_end(processes: list[IdentityWorld]) -> None:
    for _ in range(10):
        pool = await processes[0].pool()
        guest = await processes[0].guest(pool)

        await asyncio.gather(processes[0].resolve(guest, google="jane"), processes[1].get_id(pool, google="jane"))

        jane = await processes[0].get_id(pool, google="jane")
        assert {jane} == {
            await processes[0].resolve(guest, google="jane"),
            await processes[1].resolve(jane, google="jane"),
        }
        assert [jane] == await processes[0].listed(pool, hides_disabled=True)


async def test_logins_that_are_linked_in_every_order_at_once_are_one_identity(processes: list[IdentityWorld]) -> None:
    for seed in range(8):
        chosen = random.Random(seed)
        pool = await processes[0].pool()
        calls = []
        for number in range(12):
            some = chosen.sample(SUBJECTS, chosen.randint(1, 3))
            calls.append(processes[number % 2].get_id(pool, **dict.fromkeys(some, "jane")))
        await asyncio.gather(*calls)

        jane = await processes[0].get_id(pool, **dict.fromkeys(SUBJECTS, "jane"))
        for subject in SUBJECTS:
            assert jane == await processes[1].get_id(pool, **{subject: "jane"})
        assert [jane] == await processes[0].listed(pool, hides_disabled=True)


async def test_the_limit_of_a_provider_holds_though_two_link_at_once(processes: list[IdentityWorld]) -> None:
    for _ in range(10):
        pool = await processes[0].pool()
        jane = await processes[0].get_id(pool, facebook="jane")

        await asyncio.gather(
            tried(processes[0].resolve(jane, facebook="jane", google="jane")),
            tried(processes[1].resolve(jane, facebook="jane", google="jane-at-work")),
        )

        held = [login.provider for login in await processes[0].logins.of_identity(pool.id, jane)]
        assert held.count(GOOGLE) <= 1


async def test_merges_by_the_developer_in_both_directions_at_once_make_no_ring(
    processes: list[IdentityWorld],
) -> None:
    for _ in range(10):
        pool = await processes[0].pool()
        one, two = [await processes[0].vouch(pool, user) for user in ("one", "two")]

        got = await asyncio.gather(
            processes[0].developers.merge(pool.id, DEVELOPER, "one", "two"),
            processes[1].developers.merge(pool.id, DEVELOPER, "two", "one"),
        )

        assert 1 == len({*got, await processes[0].vouch(pool, "one"), await processes[1].vouch(pool, "two")})
        assert got[0] in (one, two)


async def test_a_deletion_among_others_locks_nobody_out(processes: list[IdentityWorld]) -> None:
    for _ in range(10):
        pool = await processes[0].pool()
        jane = await processes[0].get_id(pool, google="jane")

        await asyncio.gather(
            processes[0].administration.delete([jane]),
            tried(processes[1].resolve(jane, google="jane", facebook="jane")),
            tried(processes[0].get_id(pool, facebook="jane")),
        )

        for subject in ("google", "facebook"):
            now = await processes[0].get_id(pool, **{subject: "jane"})
            if await tried(processes[1].resolve(now, **{subject: "jane"})) is None:
                # What led to the deleted one is free by that.
                now = await processes[0].get_id(pool, **{subject: "jane"})
                assert now == await processes[1].resolve(now, **{subject: "jane"})


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_done_at_once_every_login_is_of_one_identity(
    processes: list[IdentityWorld], seed: int
) -> None:
    chosen = random.Random(seed)
    pool = await processes[0].pool()
    known = [await processes[0].guest(pool) for _ in range(3)]
    known += [await processes[0].get_id(pool, google="jane"), await processes[0].vouch(pool, "joe")]

    def some() -> dict[str, str]:
        return {subject: chosen.choice(("jane", "joe")) for subject in chosen.sample(SUBJECTS, chosen.randint(1, 2))}

    def one(at: IdentityWorld) -> Awaitable[object]:
        moves: list[Callable[[], Awaitable[object]]] = [
            lambda: at.get_id(pool, **some()),
            lambda: at.resolve(chosen.choice(known), **some()),
            lambda: at.vouch(pool, chosen.choice(("jane", "joe")), None, **some()),
            lambda: at.vouch(pool, chosen.choice(("jane", "joe")), chosen.choice(known)),
            lambda: at.developers.merge(pool.id, DEVELOPER, "jane", "joe"),
            lambda: at.identities.unlink(chosen.choice(known), logins(**some()), [GOOGLE]),
            lambda: at.administration.delete([chosen.choice(known)]),
        ]
        return chosen.choices(moves, (4, 4, 2, 2, 1, 1, 1))[0]()

    for _ in range(6):
        results = await asyncio.gather(*(one(processes[number % 2]) for number in range(10)), return_exceptions=True)
        assert [] == [each for each in results if isinstance(each, Exception) and not _is_an_answer(each)]

    # Once more for everybody, so that what leads nowhere is free.
    for provider in SUBJECTS:
        for subject in ("jane", "joe"):
            now = await processes[0].get_id(pool, **{provider: subject})
            await tried(processes[1].resolve(now, **{provider: subject}))
    await require_one_each(processes[0], pool)


def _is_an_answer(error: Exception) -> bool:
    """What a client can act on; no mistake of ours, and nothing that does not come to rest."""
    return isinstance(error, PoolhouseError) and type(error).__name__ in {
        "LoginRefused",
        "LoginTaken",
        "DeveloperUserTaken",
        "DeveloperUserNotFound",
        "IdentityNotFound",
    }
