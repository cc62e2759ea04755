"""ID tokens of a client by the algorithm that it chose, beside keys of the pool's own (rule D8)."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from poolhouse.errors import InvalidAccessToken
from poolhouse.records.keys import Algorithm
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.keys import KeyRing, RingLimits
from tests.unit.crypto.world import BASE_URL, POOL, FakeClock, KeptKeys, vault

DAY = 86400.0
LEAD = 300
CHOSEN = pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA, Algorithm.PS256])


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = KeptKeys()
        self.ring = self.another()

    def another(self) -> KeyRing:
        """The ring of another process on the same store."""
        limits = RingLimits(lead=LEAD, fresh=60, reread=5)
        return KeyRing(BASE_URL, self.keys, vault(), PremadeKeys(), self.clock, limits)

    async def both(self, algorithm: str | None, ring: KeyRing | None = None) -> tuple[str, str]:
        said = {"iss": f"{BASE_URL}/{POOL}"}
        return await (ring or self.ring).sign_both(POOL, said, said, algorithm=algorithm)

    async def signs(self, algorithm: str | None, ring: KeyRing | None = None) -> tuple[str, str]:
        """What signs the ID and the access token of a client that chose this."""
        first, second = await self.both(algorithm, ring)
        return jwt.get_unverified_header(first)["alg"], jwt.get_unverified_header(second)["alg"]

    async def published(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = json.loads(await self.another().jwks(POOL))["keys"]
        return keys


@pytest.fixture
async def world() -> World:
    made = World()
    await made.ring.make_keys(POOL)
    return made


@CHOSEN
async def test_d8_id_tokens_are_signed_by_what_the_client_chose_and_access_tokens_by_the_pools(
    world: World, algorithm: Algorithm
) -> None:
    await world.ring.offer(POOL, algorithm)
    before = await world.signs(algorithm)
    world.clock.time += LEAD

    # Published first, as every new key.
    assert ("RS256", "RS256") == before
    assert (algorithm.value, "RS256") == await world.signs(algorithm) == await world.signs(algorithm, world.another())
    assert ("RS256", "RS256") == await world.signs(None)


@CHOSEN
async def test_d8_strangers_and_we_verify_such_tokens_with_the_published_key(
    world: World, algorithm: Algorithm
) -> None:
    await world.ring.offer(POOL, algorithm)
    world.clock.time += LEAD
    token, _ = await world.both(algorithm)

    kid = jwt.get_unverified_header(token)["kid"]
    (key,) = [key for key in await world.published() if key["kid"] == kid]
    assert algorithm.value == key["alg"]
    assert jwt.decode(token, jwt.PyJWK(key), [algorithm.value])
    assert f"{BASE_URL}/{POOL}" == (await world.another().verify(token, "id"))["iss"]
    # An ID token is no access token, whatever signed it.
    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(token, "access")


async def test_d8_there_is_one_key_for_each_algorithm_in_use_however_often_it_is_chosen(world: World) -> None:
    for ring in (world.ring, world.another(), world.ring):
        await ring.offer(POOL, Algorithm.ES256)
    await world.ring.offer(POOL, Algorithm.RS256)

    assert ["ES256", "RS256", "RS256"] == sorted(key["alg"] for key in await world.published())
    assert ("ES256", "RS256") == await world.another().algorithms(POOL)


@pytest.mark.parametrize("chosen", ["PS256", "ES512", "none", "HS256", ""])
async def test_d8_what_no_key_is_for_is_signed_by_the_pools_own(world: World, chosen: str) -> None:
    assert ("RS256", "RS256") == await world.signs(chosen)


async def test_d8_a_rotation_renews_what_is_chosen_and_retires_what_nobody_chooses_any_more(world: World) -> None:
    await world.ring.offer(POOL, Algorithm.ES256)
    await world.ring.offer(POOL, Algorithm.EDDSA)
    world.clock.time += LEAD
    first, _ = await world.both("ES256")
    left, _ = await world.both("EdDSA")

    await world.ring.rotate(POOL, DAY, None, ["ES256"])
    world.clock.time += LEAD
    second, _ = await world.both("ES256")

    kids = [jwt.get_unverified_header(token)["kid"] for token in (first, second)]
    assert 2 == len(set(kids))
    assert {"ES256"} == {jwt.get_unverified_header(token)["alg"] for token in (first, second)}
    for token in (first, left):
        await world.another().verify(token, "id")
    world.clock.time += DAY
    for token in (first, left):
        with pytest.raises(InvalidAccessToken):
            await world.another().verify(token, "id")
    assert ("ES256", "RS256") == await world.another().algorithms(POOL)
    assert ("RS256", "RS256") == await world.signs("EdDSA", world.another())


async def test_d8_a_pool_that_turns_to_another_algorithm_keeps_that_of_its_clients(world: World) -> None:
    await world.ring.offer(POOL, Algorithm.RS256)
    await world.ring.rotate(POOL, DAY, Algorithm.ES256, ["RS256", "ES256"])
    assert ("RS256", "RS256") == await world.signs("RS256")
    world.clock.time += LEAD

    assert ("RS256", "ES256") == await world.signs("RS256")
    assert ("ES256", "ES256") == await world.signs("ES256") == await world.signs(None)


async def test_d8_a_key_beside_is_not_what_the_pool_goes_on_with(world: World) -> None:
    world.clock.time += 1
    await world.ring.offer(POOL, Algorithm.ES256)
    world.clock.time += LEAD
    await world.ring.rotate(POOL, DAY, None, ["ES256"])
    world.clock.time += LEAD

    assert ("RS256", "RS256") == await world.signs(None)


async def test_d8_a_key_of_a_later_version_is_left_as_it_is(world: World) -> None:
    await world.ring.offer(POOL, Algorithm.ES256)
    (slot,) = [slot for (_, slot), key in world.keys.kept.items() if key.use == "id:ES256"]
    import msgspec

    later = msgspec.structs.replace(world.keys.kept[POOL, slot], use="id:ES512", algorithm="ES512", slot="id:ES512.1")
    world.keys.kept[POOL, "id:ES512.1"] = later
    world.clock.time += LEAD

    await world.another().rotate(POOL, DAY, None, ["ES256", "ES512"])

    assert None is world.keys.kept[POOL, "id:ES512.1"].retires
    assert ("RS256", "RS256") == await world.signs("ES512", world.another())
