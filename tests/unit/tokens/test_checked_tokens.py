"""A token that was found right once: what is remembered of it, and what is looked at again each time."""

from __future__ import annotations

from typing import Any

import pytest

from poolhouse.errors import InvalidAccessToken
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.checked import Checked, CheckedTokens, digest_of
from poolhouse.tokens.keys import KeyRing, RingLimits
from tests.unit.crypto.world import BASE_URL, POOL, FakeClock, KeptKeys, vault


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ring = KeyRing(
            BASE_URL, KeptKeys(), vault(), PremadeKeys(), self.clock, RingLimits(lead=300, fresh=60, reread=5)
        )

    async def signed(self, **more: Any) -> str:
        return await self.ring.sign(POOL, "access", {"iss": self.ring.issuer(POOL), **more})


@pytest.fixture
async def world() -> World:
    made = World()
    await made.ring.make_keys(POOL)
    return made


async def test_a_token_that_is_shown_again_says_the_same(world: World) -> None:
    token = await world.signed(sub="0a5f")
    first = await world.ring.verify(token, "access")

    again = await world.ring.verify(token, "access")

    assert {"iss": world.ring.issuer(POOL), "sub": "0a5f"} == dict(first) == dict(again)


async def test_a_token_that_is_shown_again_is_not_computed_again(world: World) -> None:
    token = await world.signed()
    first = await world.ring.verify(token, "access")

    assert first is await world.ring.verify(token, "access")
    # Nor where the keys were read again meanwhile.
    world.clock.time += 60
    assert first is await world.ring.verify(token, "access")


async def test_what_a_token_said_cannot_be_changed_for_the_next_who_shows_it(world: World) -> None:
    claims: Any = await world.ring.verify(await world.signed(), "access")

    with pytest.raises(TypeError):
        claims["sub"] = "somebody else"


async def test_a_token_that_was_right_for_one_use_is_wrong_for_the_other_one(world: World) -> None:
    token = await world.signed()
    await world.ring.verify(token, "access")

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(token, "id")


async def test_another_signature_under_the_same_claims_is_checked_for_itself(world: World) -> None:
    token = await world.signed()
    await world.ring.verify(token, "access")
    head, _, tail = token.rpartition(".")
    forged = f"{head}.{'B' if tail[0] == 'A' else 'A'}{tail[1:]}"

    for _ in range(2):
        with pytest.raises(InvalidAccessToken):
            await world.ring.verify(forged, "access")


async def test_a_token_of_a_key_that_is_not_published_any_more_is_wrong_though_it_was_right(world: World) -> None:
    token = await world.signed()
    await world.ring.verify(token, "access")
    await world.ring.rotate(POOL, overlap=3600)

    world.clock.time += 300 + 3600 + 1

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(token, "access")


async def test_so_many_are_kept_and_the_oldest_go_first(world: World) -> None:
    kept = CheckedTokens(at_most=2)
    verifier: Any = object()

    for name in ("first", "second", "third"):
        kept.put(digest_of(name), Checked(POOL, "kid", verifier, {"n": name}))

    found = {name: kept.get(digest_of(name)) for name in ("first", "second", "third")}
    assert ["second", "third"] == [name for name, checked in found.items() if checked is not None]
