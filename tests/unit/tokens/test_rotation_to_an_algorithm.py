"""A pool chooses its algorithm by rotating its keys to it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import msgspec
import pytest

from poolhouse.errors import InvalidAccessToken, NotOffered, SigningFailed
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.curves import ORDER
from poolhouse.tokens.jose import encoded
from poolhouse.tokens.keys import KeyRing, RingLimits
from poolhouse.tokens.pool_keys import PoolKeys, sealed_key
from tests.unit.crypto.world import BASE_URL, NOW, POOL, FakeClock, KeptKeys, vault

DAY = 86400.0
LEAD = 300
FRESH = 60
OTHERS = pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA])


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = KeptKeys()
        self.maker = PremadeKeys()
        self.ring = self.another()

    def another(self) -> KeyRing:
        """The ring of another process on the same store."""
        limits = RingLimits(lead=LEAD, fresh=FRESH, reread=5)
        return KeyRing(BASE_URL, self.keys, vault(), self.maker, self.clock, limits)

    async def signed(self, use: str = "access", ring: KeyRing | None = None, **more: Any) -> str:
        return await (ring or self.ring).sign(POOL, use, {"iss": f"{BASE_URL}/{POOL}", **more})

    async def now_signs(self, ring: KeyRing | None = None) -> set[str]:
        return {jwt.get_unverified_header(await self.signed(use, ring))["alg"] for use in ("id", "access")}

    async def published(self) -> list[dict[str, str]]:
        keys: list[dict[str, str]] = json.loads(await self.another().jwks(POOL))["keys"]
        return keys

    def slots(self, algorithm: str) -> list[str]:
        return sorted(slot for (_, slot), key in self.keys.kept.items() if key.algorithm == algorithm)

    def change(self, slot: str, **changes: Any) -> None:
        self.keys.kept[POOL, slot] = msgspec.structs.replace(self.keys.kept[POOL, slot], **changes)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.ring.make_keys(POOL)
    return made


async def test_a_pool_begins_with_rs256(world: World) -> None:
    assert {"RS256"} == await world.now_signs()
    assert ("RS256",) == await world.ring.algorithms(POOL)


@OTHERS
async def test_a_pool_signs_with_what_it_chose_after_the_lead_time(world: World, algorithm: Algorithm) -> None:
    await world.ring.rotate(POOL, DAY, algorithm)
    assert {"RS256"} == await world.now_signs()

    world.clock.time += LEAD

    assert {algorithm.value} == await world.now_signs() == await world.now_signs(world.another())


@OTHERS
async def test_strangers_verify_with_the_published_keys_before_and_after(world: World, algorithm: Algorithm) -> None:
    old = await world.signed(n=1)
    await world.ring.rotate(POOL, DAY, algorithm)
    published = jwt.PyJWKSet.from_dict({"keys": await world.published()})
    world.clock.time += LEAD
    new = await world.signed(n=2)

    for token, number in ((old, 1), (new, 2)):
        key = published[jwt.get_unverified_header(token)["kid"]]
        said = jwt.decode(token, key, algorithms=["RS256", algorithm.value], issuer=f"{BASE_URL}/{POOL}")
        assert number == said["n"]


@OTHERS
async def test_the_key_set_says_what_each_key_is_for(world: World, algorithm: Algorithm) -> None:
    await world.ring.rotate(POOL, DAY, algorithm)

    keys = await world.published()

    kty, members = {"ES256": ("EC", {"crv", "x", "y"}), "EdDSA": ("OKP", {"crv", "x"})}[algorithm]
    rsa = [key for key in keys if key["alg"] == "RS256"]
    chosen = [key for key in keys if key["alg"] == algorithm]
    assert (2, 2) == (len(rsa), len(chosen))
    assert [{"alg", "e", "kid", "kty", "n", "use"}] * 2 == [set(key) for key in rsa]
    assert [{"alg", "kid", "kty", "use", *members}] * 2 == [set(key) for key in chosen]
    assert [(kty, "sig", 44)] * 2 == [(key["kty"], key["use"], len(key["kid"])) for key in chosen]


@OTHERS
async def test_old_tokens_are_good_until_their_keys_retire(world: World, algorithm: Algorithm) -> None:
    await world.ring.rotate(POOL, DAY, algorithm)
    world.clock.time += LEAD - 1
    last = await world.signed()

    world.clock.time = NOW + LEAD + DAY - 1
    assert await world.ring.verify(last, "access")
    assert tuple(sorted(["RS256", algorithm.value])) == await world.another().algorithms(POOL)

    world.clock.time += 1
    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(last, "access")
    assert (algorithm.value,) == await world.another().algorithms(POOL)


@OTHERS
async def test_the_choice_stays_for_later_rotations(world: World, algorithm: Algorithm) -> None:
    await world.ring.rotate(POOL, DAY, algorithm)
    world.clock.time += LEAD

    await world.another().rotate(POOL, DAY)
    world.clock.time += LEAD

    assert ["access.2", "access.3", "id.2", "id.3"] == world.slots(algorithm)
    assert {algorithm.value} == await world.now_signs()


@OTHERS
async def test_a_key_record_survives_the_store(world: World, algorithm: Algorithm) -> None:
    await world.ring.rotate(POOL, DAY, algorithm)
    record = world.keys.kept[POOL, "id.2"]

    assert record == msgspec.json.decode(msgspec.json.encode(record), type=SigningKey)


async def test_an_es256_token_of_a_pool_has_one_text(world: World) -> None:
    await world.ring.rotate(POOL, DAY, Algorithm.ES256)
    world.clock.time += LEAD
    head, _, tail = (await world.signed()).rpartition(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    other = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(f"{head}.{encoded(other).decode()}", "access")


async def test_a_pool_can_go_back(world: World) -> None:
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    world.clock.time += LEAD
    token = await world.signed()

    await world.ring.rotate(POOL, DAY, Algorithm.RS256)
    world.clock.time += LEAD

    assert {"RS256"} == await world.now_signs()
    assert await world.ring.verify(token, "access")


async def test_asking_twice_for_one_algorithm_is_asking_once(world: World) -> None:
    for _ in range(3):
        await world.another().rotate(POOL, DAY, Algorithm.ES256)
        await world.another().rotate(POOL, DAY)

    assert ["access.2", "id.2"] == world.slots("ES256")


async def test_a_choice_that_is_taken_back_in_time_never_signs(world: World) -> None:
    stale = world.another()
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    await stale.jwks(POOL)
    world.clock.time += LEAD - FRESH - 1
    await world.another().rotate(POOL, DAY, Algorithm.RS256)

    seen = set()
    for _ in range(LEAD + FRESH):
        world.clock.time += 1
        seen |= await world.now_signs(stale)
    last = await world.signed(ring=stale)

    assert {"RS256"} == seen
    assert "access.3" == next(
        slot for (_, slot), key in world.keys.kept.items() if key.kid == jwt.get_unverified_header(last)["kid"]
    )
    assert ("RS256",) == await world.another().algorithms(POOL)


async def test_a_key_that_signs_for_longer_is_published_for_longer(world: World) -> None:
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    world.clock.time += LEAD - FRESH - 1
    await world.ring.rotate(POOL, DAY, Algorithm.RS256)
    world.clock.time += LEAD - 1
    last = await world.signed()

    world.clock.time += DAY

    assert await world.ring.verify(last, "access")


async def test_a_choice_that_is_taken_back_too_late_signs_until_the_next_and_its_tokens_are_good(world: World) -> None:
    stale = world.another()
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    world.clock.time += LEAD - FRESH
    await stale.jwks(POOL)
    await world.ring.rotate(POOL, DAY, Algorithm.RS256)

    world.clock.time += FRESH
    assert {"EdDSA"} == await world.now_signs() == await world.now_signs(stale)
    world.clock.time += LEAD - FRESH - 1
    last = await world.signed()
    world.clock.time += 1
    assert {"RS256"} == await world.now_signs()

    world.clock.time += DAY - 2
    assert await world.ring.verify(last, "access")


async def test_a_first_key_that_signs_before_its_time_is_not_taken_back() -> None:
    world = World()
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    token = await world.signed()

    world.clock.time += 1
    await world.ring.rotate(POOL, DAY, Algorithm.ES256)
    world.clock.time += LEAD

    assert {"ES256"} == await world.now_signs()
    assert await world.ring.verify(token, "access")


async def test_of_keys_that_all_wait_the_one_that_begins_first_signs(world: World) -> None:
    one, other = [await world.maker.make(algorithm) for algorithm in (Algorithm.ES256, Algorithm.EDDSA)]
    late = sealed_key(POOL, "id", "id.1", Algorithm.ES256, one, NOW, NOW + 200, vault())
    soon = sealed_key(POOL, "id", "id.2", Algorithm.EDDSA, other, NOW, NOW + 100, vault())

    for order in ((late, soon), (soon, late)):
        signer = PoolKeys(order, vault(), NOW).signer("id", NOW)
        assert signer is not None
        assert soon.kid == signer.kid


async def test_a_rotation_that_was_cut_short_is_finished_for_the_algorithm_it_began_with(world: World) -> None:
    class Dying(KeptKeys):
        async def add(self, key: SigningKey) -> bool:
            if key.use == "access":
                raise ConnectionError
            return await super().add(key)

    dying = Dying()
    dying.kept = world.keys.kept
    world.clock.time += 1
    ring = KeyRing(BASE_URL, dying, vault(), world.maker, world.clock)
    with pytest.raises(ConnectionError):
        await ring.rotate(POOL, DAY, Algorithm.ES256)

    world.clock.time += 1
    await world.ring.rotate(POOL, DAY)

    assert ["access.2", "id.2"] == world.slots("ES256")


# --- what is older, and what is newer ----------------------------------------------------------------------------


async def test_a_record_without_an_algorithm_is_one_of_rs256(world: World) -> None:
    document = msgspec.to_builtins(world.keys.kept[POOL, "id.1"])

    assert {"algorithm", "public"}.isdisjoint(document)
    assert "RS256" == msgspec.convert(document, SigningKey).algorithm


async def newer_rotated(world: World) -> None:
    """Another process, of a later version, rotated the pool to what this one does not know."""
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    for slot in ("id.2", "access.2"):
        world.change(slot, algorithm="ML-DSA-44", public={"kty": "AKP", "pub": f"key of {slot}"})
    world.ring = world.another()


async def test_an_unknown_algorithm_is_published_and_neither_signs_nor_checks(world: World) -> None:
    await world.ring.rotate(POOL, DAY, Algorithm.EDDSA)
    world.clock.time += LEAD
    foreign = await world.signed()
    world.clock.time -= LEAD
    for slot in ("id.2", "access.2"):
        world.change(slot, algorithm="ML-DSA-44", public={"kty": "AKP", "pub": f"key of {slot}"})
    world.ring = world.another()
    world.clock.time += LEAD

    assert {"RS256"} == await world.now_signs()
    assert await world.ring.verify(await world.signed(), "access")
    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(foreign, "access")
    assert ("ML-DSA-44", "RS256") == await world.ring.algorithms(POOL)
    kid = world.keys.kept[POOL, "id.2"].kid
    assert {"kty": "AKP", "pub": "key of id.2", "alg": "ML-DSA-44", "kid": kid, "use": "sig"} in await world.published()


async def test_where_every_key_is_for_an_unknown_algorithm_signing_fails_and_says_so(world: World) -> None:
    await newer_rotated(world)
    world.clock.time += LEAD + DAY

    with pytest.raises(SigningFailed, match="ML-DSA-44"):
        await world.signed()
    assert ["access.1", "id.1"] == world.slots("RS256")
    assert 2 == len(await world.published())


async def test_a_pool_of_an_unknown_algorithm_is_not_rotated_unless_one_is_asked_for(world: World) -> None:
    await newer_rotated(world)
    world.clock.time += LEAD
    before = dict(world.keys.kept)

    with pytest.raises(NotOffered, match="ML-DSA-44"):
        await world.ring.rotate(POOL, DAY)
    assert before == world.keys.kept

    await world.ring.rotate(POOL, DAY, Algorithm.ES256)
    world.clock.time += LEAD
    assert {"ES256"} == await world.now_signs()
