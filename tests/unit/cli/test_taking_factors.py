"""``poolhouse users take-factor``: the way back for a factor that no operation can name."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.cli import users
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.protection.lockout import FREE_FAILURES
from poolhouse.records.users import Enrolment
from tests.unit.cli.world import NOON, new_pool, server_in_memory


async def test_a_factor_is_gone_with_what_it_kept_and_the_wrong_answers_to_it() -> None:
    async with server_in_memory() as server:
        pool = await new_pool(server)
        jane = await server.services.users.invite(pool, Invitation(username="jane", silent=True))
        word = Enrolment(id="1", factor="WORD", sealed="v1.x.y", created=NOON, confirmed=True)
        await server.ports.users.save(pool, replace(jane, factors=(word,), mfa=("WORD",), preferred_mfa="WORD"))
        for _ in range(FREE_FAILURES):
            await server.ports.counters.raise_to(
                pool.id,
                "failures:WORD",
                jane.sub,
                at_most=FREE_FAILURES,
                until=NOON + 900,
                since=0,
                expires=NOON + 9999,
            )

        await users.take_factor(server, pool.id, "jane", "WORD")

        left = await server.services.users.require(pool, "jane")
        assert ((), (), None) == (left.factors, left.mfa, left.preferred_mfa)
        assert 0 == (await server.ports.counters.read(pool.id, "failures:WORD", jane.sub)).count


async def test_nobody_has_nothing_to_take() -> None:
    async with server_in_memory() as server:
        pool = await new_pool(server)

        with pytest.raises(errors.UserNotFound):
            await users.take_factor(server, pool.id, "jane", "WORD")
