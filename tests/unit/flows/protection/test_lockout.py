"""The lockout by itself: what is counted, for how long a lock lasts, and what each count belongs to."""

from __future__ import annotations

import asyncio

import pytest

from poolhouse import errors
from poolhouse.flows.protection.lockout import (
    AT_ONCE,
    FREE_FAILURES,
    LONGEST_LOCK,
    MOST_FAILURES,
    REMEMBERED,
    Lockout,
    as_first,
    lock_seconds,
)
from poolhouse.ports.protection import Tally
from poolhouse.store.memory import MemoryStore
from poolhouse.store.port import Collection, Key, Stored
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.protection import CounterRepository
from poolhouse.testing.clock import FakeClock

POOL, JANE = "eu-north-1_here", "jane"


class Away(CounterRepository):
    """While ``loses`` the store counts, and its answer does not come back; while ``lingers`` others have their turn
    between what it read and who asked."""

    loses = False
    lingers = False
    reads = 0

    async def read(self, pool_id: str, what: str, subject: str) -> Tally:
        self.reads += 1
        tally = await super().read(pool_id, what, subject)
        if self.lingers:
            await asyncio.sleep(0)
        return tally

    async def raise_to(
        self, pool_id: str, what: str, subject: str, *, at_most: int, expires: float, until: float = 0.0, since: int = 0
    ) -> bool:
        counted = await super().raise_to(
            pool_id, what, subject, at_most=at_most, expires=expires, until=until, since=since
        )
        if self.loses and counted:
            raise errors.StoreAway(why="it does not answer")
        return counted

    async def lower(self, pool_id: str, what: str, subject: str, *, before: Tally) -> None:
        await super().lower(pool_id, what, subject, before=before)
        if self.loses:
            raise errors.StoreAway(why="it does not answer")


class World:
    def __init__(self) -> None:
        self.clock = FakeClock(1_800_000_000.0)
        self.counters = Away(MemoryStore(collections.ALL, self.clock))
        self.lockout = Lockout(self.counters, self.clock)

    async def fail(self, subject: str = JANE, factor: str = "password", pool: str = POOL) -> None:
        with pytest.raises(errors.WrongCredentials):
            async with self.lockout.attempt(pool, subject, factor):
                raise errors.WrongCredentials

    async def pass_(self, subject: str = JANE, factor: str = "password", pool: str = POOL) -> None:
        async with self.lockout.attempt(pool, subject, factor):
            pass

    async def lose(self, subject: str = JANE) -> None:
        """An attempt is counted, and nobody learns of it."""
        self.counters.loses = True
        with pytest.raises(errors.StoreAway):
            async with self.lockout.attempt(POOL, subject):
                pass
        self.counters.loses = False

    async def is_locked(self, subject: str = JANE, factor: str = "password", pool: str = POOL) -> bool:
        try:
            async with self.lockout.attempt(pool, subject, factor):
                # Nothing is checked, so nothing is counted and nothing forgotten.
                raise errors.Invalid
        except errors.AttemptsExceeded:
            return True
        except errors.Invalid:
            return False

    async def tally(self, what: str = "failures", subject: str = JANE) -> Tally:
        return await self.counters.read(POOL, what, subject)

    async def count(self, what: str = "failures", subject: str = JANE) -> int:
        return (await self.tally(what, subject)).count


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0.0),
        (4, 0.0),
        (5, 1.0),
        (6, 2.0),
        (7, 4.0),
        (10, 32.0),
        (14, 512.0),
        (15, 900.0),
        (99, 900.0),
        (10**6, 900.0),
    ],
)
def test_a_lock_doubles_from_a_second_to_a_quarter_of_an_hour(failures: int, seconds: float) -> None:
    assert seconds == lock_seconds(failures)
    assert isinstance(lock_seconds(failures), float)


def test_the_figures_are_those_of_the_contract_and_the_guideline() -> None:
    assert (5, 900, 100, 365 * 86400) == (FREE_FAILURES, LONGEST_LOCK, MOST_FAILURES, REMEMBERED)
    assert 0 < AT_ONCE < FREE_FAILURES


async def test_the_fifth_failure_locks_for_a_second_and_the_sixth_for_two(world: World) -> None:
    for _ in range(4):
        await world.fail()
    assert not await world.is_locked()

    for lock in (1.0, 2.0, 4.0):
        await world.fail()
        assert await world.is_locked()
        world.clock.advance(lock - 0.25)
        assert await world.is_locked()
        world.clock.advance(0.25)
        assert not await world.is_locked()


async def test_an_attempt_at_a_locked_user_neither_counts_nor_extends_the_lock(world: World) -> None:
    for _ in range(5):
        await world.fail()

    for _ in range(20):
        assert await world.is_locked()

    assert 5 == await world.count()
    world.clock.advance(1.0)
    assert not await world.is_locked()


async def test_who_proves_it_is_forgiven_all_failures(world: World) -> None:
    for _ in range(4):
        await world.fail()

    await world.pass_()

    assert 0 == await world.count()
    for _ in range(4):
        await world.fail()
    assert not await world.is_locked()


@pytest.mark.parametrize("nothing_checked", [errors.TooManyRequests(), errors.Invalid()])
async def test_where_nothing_was_checked_all_is_as_before(world: World, nothing_checked: Exception) -> None:
    for _ in range(6):
        await world.fail()
        world.clock.advance(lock_seconds(6))
    before = await world.counters.read(POOL, "failures", JANE)

    async def not_checked() -> None:
        async with world.lockout.attempt(POOL, JANE):
            assert before.count + 1 == await world.count()
            raise nothing_checked

    with pytest.raises(type(nothing_checked)):
        await not_checked()

    assert before == await world.counters.read(POOL, "failures", JANE)
    await world.fail()
    assert before.count + 1 == await world.count()
    assert await world.is_locked()


async def test_any_error_of_the_check_is_a_failure(world: World) -> None:
    for error in (errors.CodeMismatch(), ValueError(), KeyError()):
        with pytest.raises(type(error)):
            async with world.lockout.attempt(POOL, JANE):
                raise error

    assert 3 == await world.count()


async def test_an_attempt_is_counted_before_it_is_checked(world: World) -> None:
    async with world.lockout.attempt(POOL, JANE):
        assert 1 == await world.count()


async def test_parallel_guesses_do_not_share_one_count(world: World) -> None:
    looked_at = 0

    async def guess() -> None:
        nonlocal looked_at
        async with world.lockout.attempt(POOL, JANE):
            looked_at += 1
            await asyncio.sleep(0)
            raise errors.WrongCredentials

    results = await asyncio.gather(*(guess() for _ in range(50)), return_exceptions=True)

    assert FREE_FAILURES == looked_at
    assert {errors.WrongCredentials, errors.AttemptsExceeded} == {type(result) for result in results}


async def test_as_many_guesses_as_are_free_are_looked_at_however_many_processes_race(world: World) -> None:
    world.counters.lingers = True
    looked_at = 0

    async def guess(process: Lockout) -> None:
        nonlocal looked_at
        async with process.attempt(POOL, JANE):
            looked_at += 1
            raise errors.WrongCredentials

    processes = [Lockout(world.counters, world.clock) for _ in range(12)]
    results = await asyncio.gather(*(guess(process) for process in processes), return_exceptions=True)

    assert FREE_FAILURES == looked_at == await world.count()
    assert {errors.WrongCredentials, errors.AttemptsExceeded} == {type(result) for result in results}


async def test_two_checks_of_a_user_run_at_once_and_no_more_and_nothing_stays_behind(world: World) -> None:
    running = most = 0

    async def right(subject: str) -> None:
        nonlocal running, most
        async with world.lockout.attempt(POOL, subject):
            running += 1
            most = max(most, running)
            for _ in range(3):
                await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(right(JANE) for _ in range(20)))
    assert AT_ONCE == most

    most = 0
    await asyncio.gather(*(right(f"user{n}") for n in range(6)))
    assert 6 == most
    assert not world.lockout._gates


async def test_checks_in_one_pool_do_not_wait_for_those_in_another(world: World) -> None:
    running = most = 0

    async def right(pool: str) -> None:
        nonlocal running, most
        async with world.lockout.attempt(pool, JANE):
            running += 1
            most = max(most, running)
            for _ in range(3):
                await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(right(pool) for pool in (POOL, "eu-north-1_there") for _ in range(4)))

    assert 2 * AT_ONCE == most


async def test_password_and_its_proof_share_a_count_and_other_factors_have_their_own(world: World) -> None:
    for factor in ("password", "PASSWORD_VERIFIER", "password", "PASSWORD_VERIFIER", "password"):
        await world.fail(factor=factor)

    assert await world.is_locked(factor="password")
    assert await world.is_locked(factor="PASSWORD_VERIFIER")
    assert not await world.is_locked(factor="SOFTWARE_TOKEN_MFA")
    assert 0 == await world.count("failures:SOFTWARE_TOKEN_MFA")
    for _ in range(5):
        await world.fail(factor="SOFTWARE_TOKEN_MFA")
    assert await world.is_locked(factor="SOFTWARE_TOKEN_MFA")
    assert not await world.is_locked(factor="SMS_MFA")


async def test_a_password_does_not_wash_away_the_guesses_at_another_factor(world: World) -> None:
    for _ in range(4):
        await world.fail(factor="SMS_MFA")

    await world.pass_()
    await world.fail(factor="SMS_MFA")

    assert await world.is_locked(factor="SMS_MFA")


async def test_users_and_pools_have_counts_of_their_own(world: World) -> None:
    for _ in range(5):
        await world.fail()

    assert await world.is_locked()
    assert not await world.is_locked("john")
    assert not await world.is_locked(pool="eu-north-1_there")


async def test_a_new_password_ends_the_lock_of_the_password_alone(world: World) -> None:
    for _ in range(5):
        await world.fail()
        await world.fail(factor="SMS_MFA")

    await world.lockout.clear(POOL, JANE)

    assert not await world.is_locked()
    assert 0 == await world.count()
    assert await world.is_locked(factor="SMS_MFA")


async def test_after_a_long_pause_locks_begin_at_the_shortest_but_failures_are_still_counted(world: World) -> None:
    for _ in range(8):
        await world.fail()
        world.clock.advance(8.0)
    assert 8 == await world.count()

    world.clock.advance(LONGEST_LOCK)
    for _ in range(4):
        await world.fail()
        assert not await world.is_locked()
    await world.fail()

    assert 13 == await world.count()
    assert await world.is_locked()
    world.clock.advance(1.0)
    assert not await world.is_locked()


async def test_a_pause_shorter_than_the_longest_lock_changes_nothing(world: World) -> None:
    for _ in range(6):
        await world.fail()
        world.clock.advance(2.0)

    # Two seconds after the last failure its lock has ended; from then on the pause is counted.
    world.clock.advance(LONGEST_LOCK - 0.25)
    await world.fail()
    assert await world.is_locked()
    world.clock.advance(3.75)
    assert await world.is_locked()
    world.clock.advance(0.25)
    assert not await world.is_locked()


async def test_a_pause_as_long_as_the_longest_lock_is_long_enough(world: World) -> None:
    for _ in range(6):
        await world.fail()
        world.clock.advance(2.0)

    world.clock.advance(LONGEST_LOCK)
    await world.fail()

    assert not await world.is_locked()


async def test_after_a_hundred_failures_in_a_row_no_guess_is_looked_at_ever(world: World) -> None:
    for _ in range(MOST_FAILURES):
        await world.fail()
        world.clock.advance(2 * LONGEST_LOCK)

    assert MOST_FAILURES == await world.count()
    world.clock.advance(REMEMBERED - 2 * LONGEST_LOCK - 1)
    assert await world.is_locked()
    await world.lockout.clear(POOL, JANE)
    assert not await world.is_locked()


async def test_failures_that_nothing_follows_are_forgotten_after_a_year(world: World) -> None:
    await world.fail()

    world.clock.advance(REMEMBERED - 1)
    assert 1 == await world.count()
    world.clock.advance(1)
    assert 0 == await world.count()


async def test_the_longest_lock_holds_from_its_first_moment(world: World) -> None:
    while await world.count() < 15:
        await world.fail()
        assert await world.is_locked() == (await world.count() >= FREE_FAILURES)
        world.clock.advance(lock_seconds(await world.count()) if await world.count() < 15 else 0.0)

    assert LONGEST_LOCK == (await world.tally()).until - world.clock.now()
    assert await world.is_locked()


async def test_a_count_that_got_no_answer_is_taken_back_and_locks_are_as_they_were(world: World) -> None:
    for _ in range(3):
        await world.fail()
    world.clock.advance(2 * LONGEST_LOCK)
    for _ in range(6):
        await world.fail()
        world.clock.advance(2.0)
    before = await world.tally()
    assert (9, 3) == (before.count, before.since)

    await world.lose()
    assert 10 == await world.count()
    # Nobody else's attempt is about it.
    await world.fail("john")
    await world.fail(factor="SMS_MFA")
    assert 10 == await world.count()
    assert not await world.is_locked()

    assert before == await world.tally()
    await world.fail()
    world.clock.advance(3.75)
    assert await world.is_locked()


async def test_a_count_that_got_no_answer_is_taken_back_once(world: World) -> None:
    await world.fail()
    await world.lose()
    assert not await world.is_locked()

    await world.fail()

    assert 2 == await world.count()
    assert not await world.is_locked()
    assert 2 == await world.count()


async def test_a_failure_that_somebody_saw_meanwhile_is_not_taken_back(world: World) -> None:
    await world.lose()
    elsewhere = Lockout(world.counters, world.clock)
    with pytest.raises(errors.WrongCredentials):
        async with elsewhere.attempt(POOL, JANE):
            raise errors.WrongCredentials

    assert not await world.is_locked()

    assert 2 == await world.count()


async def test_who_failed_never_costs_no_look_at_the_count(world: World) -> None:
    await world.pass_()
    assert 0 == world.counters.reads

    await world.fail()
    await world.pass_()
    assert 1 == world.counters.reads


# --- what is counted ahead -------------------------------------------------------------------------------------------


async def test_what_is_counted_ahead_is_counted_once(world: World) -> None:
    ahead = world.lockout.ahead(POOL)
    ahead.count(JANE)
    with pytest.raises(errors.WrongCredentials):
        async with world.lockout.attempt(POOL, JANE, ahead=ahead):
            raise errors.WrongCredentials
    await ahead.settle()

    assert 1 == await world.count()


async def test_an_attempt_that_was_counted_ahead_and_not_made_is_none(world: World) -> None:
    await world.fail()
    for _ in range(10):
        ahead = world.lockout.ahead(POOL)
        ahead.count(JANE)
        await ahead.settle()

    assert 1 == await world.count()
    assert not await world.is_locked()


async def test_a_lock_outlasts_what_was_counted_before_it_and_is_counted_no_longer(world: World) -> None:
    """Else whoever has one answer kept waiting for as long as a lock lasts guesses on without one."""
    for _ in range(6):
        await world.fail()
        world.clock.advance(lock_seconds(6))
    ahead = world.lockout.ahead(POOL)
    ahead.count(JANE)
    await asyncio.sleep(0)
    world.clock.advance(lock_seconds(7))
    await world.fail()
    await ahead.settle()

    assert 7 == await world.count()
    assert await world.is_locked()


async def test_two_that_were_counted_for_nothing_leave_no_lock(world: World) -> None:
    for _ in range(3):
        await world.fail()
    both = [world.lockout.ahead(POOL) for _ in range(2)]
    for ahead in both:
        ahead.count(JANE)
        await asyncio.sleep(0)
    assert FREE_FAILURES == await world.count()
    for ahead in both:
        await ahead.settle()

    assert 3 == await world.count()
    assert not await world.is_locked()


async def test_what_is_counted_no_longer_is_not_taken_from_who_was_forgiven_meanwhile() -> None:
    """Nobody has fewer failures than none: each would be one guess more that is free."""

    class Lingering(MemoryStore):
        async def get(self, collection: Collection, key: Key) -> Stored | None:
            held = await super().get(collection, key)
            await self.delete(collection, key)
            return held

    clock = FakeClock()
    counters = CounterRepository(Lingering(collections.ALL, clock))
    ahead = Lockout(counters, clock).ahead(POOL)
    ahead.count(JANE)
    await ahead.settle()

    assert 0 == (await counters.read(POOL, "failures", JANE)).count


async def test_a_lock_holds_for_what_is_counted_ahead(world: World) -> None:
    for _ in range(FREE_FAILURES):
        await world.fail()
    ahead = world.lockout.ahead(POOL)
    ahead.count(JANE)

    with pytest.raises(errors.AttemptsExceeded):
        async with world.lockout.attempt(POOL, JANE, ahead=ahead):
            pytest.fail("nothing is looked at while there is a lock")
    await ahead.settle()
    assert FREE_FAILURES == await world.count()


@pytest.mark.parametrize(("subject", "factor"), [("joe", "password"), (JANE, "EMAIL_OTP")])
async def test_what_was_counted_ahead_for_something_else_is_counted_for_nothing(
    world: World, subject: str, factor: str
) -> None:
    ahead = world.lockout.ahead(POOL, factor)
    ahead.count(subject)
    with pytest.raises(errors.WrongCredentials):
        async with world.lockout.attempt(POOL, JANE, ahead=ahead):
            raise errors.WrongCredentials
    await ahead.settle()

    assert 1 == await world.count()
    assert 0 == await world.count("failures" if factor == "password" else f"failures:{factor}", subject)


async def test_the_first_of_whom_it_may_be_is_counted(world: World) -> None:
    ahead = world.lockout.ahead(POOL)
    ahead.count(JANE)
    ahead.count("joe")
    await asyncio.sleep(0)

    assert (1, 0) == (await world.count(), await world.count(subject="joe"))
    await ahead.settle()


@pytest.mark.parametrize("turns", range(6))
async def test_who_gives_up_leaves_no_place_taken_and_no_gate_behind(world: World, turns: int) -> None:
    world.counters.lingers = True

    async def attempt() -> None:
        ahead = world.lockout.ahead(POOL)
        try:
            ahead.count(JANE)
            async with world.lockout.attempt(POOL, JANE, ahead=ahead):
                await asyncio.sleep(0)
                raise errors.Invalid
        finally:
            await ahead.settle()

    for _ in range(3 * AT_ONCE):
        task = asyncio.ensure_future(attempt())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    for _ in range(10):
        await asyncio.sleep(0)

    assert {} == world.lockout._gates


async def test_an_outage_while_it_is_taken_back_hides_no_refusal(world: World) -> None:
    ahead = world.lockout.ahead(POOL)
    ahead.count(JANE)
    await asyncio.sleep(0)
    world.counters.loses = True

    await ahead.settle()
    assert {} == world.lockout._gates


async def test_a_count_that_is_cleared_later_is_one_of_few_until_then(world: World) -> None:
    await world.fail()
    async with world.lockout.attempt(POOL, JANE) as made:
        made.waits = False
    held = dict(world.lockout._gates)
    assert made.clearing is not None
    await made.clearing
    await asyncio.sleep(0)

    assert 1 == len(held)
    assert {} == world.lockout._gates
    assert 0 == await world.count()


# --- what is forgotten -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "counted"),
    [("password", "password"), ("PASSWORD_VERIFIER", "PASSWORD_VERIFIER"), ("EMAIL_OTP", "EMAIL_OTP:first")],
)
def test_a_factor_has_a_count_of_its_own_where_nothing_was_proven_before_and_passwords_have_one(
    factor: str, counted: str
) -> None:
    assert counted == as_first(factor)


async def test_one_factor_is_forgotten_for_one_user_in_one_pool(world: World) -> None:
    elsewhere = "eu-north-1_there"
    for pool, subject, factor in (
        (POOL, JANE, "app"),
        (POOL, JANE, "mail"),
        (POOL, "john", "app"),
        (elsewhere, JANE, "app"),
    ):
        for _ in range(FREE_FAILURES):
            await world.fail(subject, factor, pool)

    await world.lockout.clear(POOL, JANE, "app")

    assert not await world.is_locked(JANE, "app")
    assert await world.is_locked(JANE, "mail")
    assert await world.is_locked("john", "app")
    assert await world.is_locked(JANE, "app", elsewhere)


async def test_all_that_a_sign_in_can_begin_by_is_forgotten_together_and_no_second_factor(world: World) -> None:
    world.lockout = Lockout(world.counters, world.clock, ("riddle", "mail:first"))
    for factor in ("password", "riddle", "mail:first", "mail"):
        for _ in range(FREE_FAILURES):
            await world.fail(JANE, factor)
    for _ in range(FREE_FAILURES):
        await world.fail("john")

    await world.lockout.clear_ways(POOL, JANE)

    factors = ("password", "riddle", "mail:first", "mail")
    assert [False, False, False, True] == [await world.is_locked(JANE, factor) for factor in factors]
    assert await world.is_locked("john")
