"""The key ring: signing, checking, publishing, rotating, and what it keeps in memory."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import jwt
import msgspec
import pytest

from poolhouse.crypto.workers import Workers
from poolhouse.errors import InvalidAccessToken, PoolNotFound, StoreAway
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.testing.keys import PremadeKeys
from poolhouse.tokens.keys import KeyRing, RingLimits
from poolhouse.tokens.making import KeyMaker, WorkersKeyMaker
from poolhouse.tokens.pool_keys import sealed_key
from tests.unit.crypto.world import BASE_URL, NOW, POOL, FakeClock, KeptKeys, vault

DAY = 86400.0


class World:
    def __init__(self, limits: RingLimits | None = None) -> None:
        self.limits = limits or RingLimits()
        self.clock = FakeClock()
        self.keys = KeptKeys()
        self.maker: KeyMaker = PremadeKeys()
        self.ring = self.another()

    def another(self) -> KeyRing:
        """The ring of another process on the same store."""
        return KeyRing(BASE_URL, self.keys, vault(), self.maker, self.clock, self.limits)

    def claims(self, pool_id: str = POOL, **more: Any) -> dict[str, Any]:
        return {"iss": self.ring.issuer(pool_id), "sub": "0a5f", **more}

    async def published(self, ring: KeyRing | None = None, pool_id: str = POOL) -> list[str]:
        return [key["kid"] for key in json.loads(await (ring or self.ring).jwks(pool_id))["keys"]]


@pytest.fixture
async def world() -> World:
    made = World()
    await made.ring.make_keys(POOL)
    return made


OTHER = "us-east-1_Zzzzzzzzz"


class CountedKeys:
    """A key maker that counts."""

    def __init__(self, maker: KeyMaker) -> None:
        self._maker = maker
        self.count = 0

    async def make(self, algorithm: Algorithm) -> bytes:
        self.count += 1
        return await self._maker.make(algorithm)


class ForgottenKeys(KeptKeys):
    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        return []


class OvertakenKeys(KeptKeys):
    """Of one slot somebody else's key is there first."""

    def __init__(self, kept: KeptKeys, slot: str) -> None:
        super().__init__()
        self.kept = kept.kept
        self._slot = slot

    async def add(self, key: SigningKey) -> bool:
        if key.slot == self._slot:
            await super().add(msgspec.structs.replace(key, kid="another"))
        return await super().add(key)


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def test_both_tokens_of_a_sign_in_are_signed_with_keys_of_their_own(world: World) -> None:
    id_token, access_token = await world.ring.sign_both(POOL, world.claims(n=1), world.claims(n=2))

    assert world.claims(n=1) == await world.ring.verify(id_token, "id")
    assert world.claims(n=2) == await world.ring.verify(access_token, "access")
    assert kid(id_token) != kid(access_token)


async def test_a_token_is_good_for_its_own_use_only(world: World) -> None:
    id_token = await world.ring.sign(POOL, "id", world.claims())

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(id_token, "access")


async def test_a_client_can_verify_with_the_published_keys(world: World) -> None:
    token = await world.ring.sign(POOL, "id", world.claims())
    published = json.loads(await world.ring.jwks(POOL))["keys"]

    key = next(key for key in published if key["kid"] == kid(token))

    assert {"alg", "e", "kid", "kty", "n", "use"} == set(key)
    assert ("RS256", "AQAB", "RSA", "sig") == (key["alg"], key["e"], key["kty"], key["use"])
    assert 44 == len(key["kid"])
    assert 32 == len(base64.b64decode(key["kid"], validate=True))
    assert world.claims() == jwt.decode(token, jwt.PyJWK(key).key, algorithms=["RS256"], issuer=f"{BASE_URL}/{POOL}")


async def test_the_private_key_is_sealed_in_the_store(world: World) -> None:
    record = world.keys.kept[POOL, "id.1"]

    assert record.sealed.startswith("v1.")
    with pytest.raises(ValueError):
        vault().open("signing-key", f"{POOL}/other", record.sealed)


async def test_making_keys_twice_changes_nothing(world: World) -> None:
    before = dict(world.keys.kept)

    await world.ring.make_keys(POOL)
    await world.another().make_keys(POOL)

    assert before == world.keys.kept
    assert {(POOL, "access.1"), (POOL, "id.1")} == before.keys()


async def test_where_all_keys_are_there_none_are_made(world: World) -> None:
    made = CountedKeys(world.maker)
    world.maker = made

    await world.another().make_keys(POOL)

    assert 0 == made.count


async def test_both_tokens_come_as_soon_as_others_had_their_turn(world: World) -> None:
    signing = asyncio.ensure_future(world.ring.sign_both(POOL, world.claims(), world.claims()))

    turns = 0
    while not signing.done() and turns < 10:
        await asyncio.sleep(0)
        turns += 1

    assert signing.done()
    assert turns > 1


async def test_all_keys_of_a_pool_are_those_in_the_store(world: World) -> None:
    await world.ring.make_keys(OTHER)

    assert [world.keys.kept[POOL, slot] for slot in ("access.1", "id.1")] == await world.ring.all_of(POOL)


async def test_a_pool_whose_keys_went_while_they_were_made_is_not_there() -> None:
    """Somebody deletes it in that moment."""
    world = World()
    world.keys = ForgottenKeys()
    ring = world.another()

    with pytest.raises(PoolNotFound, match=POOL):
        await ring.sign(POOL, "id", world.claims())


async def test_processes_that_make_keys_at_once_agree_on_them() -> None:
    world = World()
    rings = [world.another() for _ in range(3)]

    await asyncio.gather(*(ring.make_keys(POOL) for ring in rings))
    tokens = [await ring.sign(POOL, "id", world.claims()) for ring in rings]

    assert 1 == len({kid(token) for token in tokens})
    assert 2 == len(world.keys.kept)
    for ring in rings:
        assert [world.claims()] * 3 == [await ring.verify(token, "id") for token in tokens]


async def test_a_pool_whose_making_was_cut_short_gets_its_keys_when_it_first_signs() -> None:
    world = World()

    token = await world.ring.sign(POOL, "access", world.claims())

    assert world.claims() == await world.another().verify(token, "access")


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "issuer",
    [
        f"{BASE_URL}/us-east-1_Zzzzzzzzz",
        f"{BASE_URL}/{POOL}/",
        f"{BASE_URL}//{POOL}",
        f"{BASE_URL}.evil.example/{POOL}",
        f"http://auth.example.com/{POOL}",
        f"{BASE_URL}/",
        BASE_URL,
        POOL,
        "",
        None,
        7,
        [f"{BASE_URL}/{POOL}"],
    ],
)
async def test_a_token_with_another_issuer_is_refused_although_the_signature_is_right(
    world: World, issuer: object
) -> None:
    token = await world.ring.sign(POOL, "access", {"iss": issuer, "sub": "x"})

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(token, "access")


async def test_one_pools_token_is_refused_by_another(world: World) -> None:
    other = "us-east-1_OtherPool"
    await world.ring.make_keys(other)
    forged = await world.ring.sign(POOL, "access", world.claims(other))

    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(forged, "access")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 9000, "é.é.é"])
async def test_what_is_no_token_is_an_invalid_access_token(world: World, token: str) -> None:
    with pytest.raises(InvalidAccessToken, match=r"^Invalid Access Token$"):
        await world.ring.verify(token, "access")


async def test_the_log_is_told_why_a_token_is_refused_and_its_bearer_is_not(world: World) -> None:
    token = await world.ring.sign(POOL, "access", {"iss": "https://evil.example"})

    with pytest.raises(InvalidAccessToken, match=r"^Invalid Access Token$") as refused:
        await world.ring.verify(token, "access")

    assert "the issuer is not here" == refused.value.detail


# --- what is kept ----------------------------------------------------------------------------------------------------


async def test_keys_are_read_once_while_they_are_fresh(world: World) -> None:
    ring = world.another()
    token = await ring.sign(POOL, "access", world.claims())
    world.keys.reads = 0

    for _ in range(5):
        world.clock.time += world.limits.fresh / 6
        await ring.verify(token, "access")
    assert 0 == world.keys.reads

    world.clock.time += world.limits.fresh / 6
    await ring.verify(token, "access")
    assert 1 == world.keys.reads


async def test_another_token_of_a_key_that_is_known_leads_to_no_reading(world: World) -> None:
    first, second = [await world.ring.sign(POOL, "access", world.claims(n=n)) for n in (1, 2)]
    ring = world.another()
    await ring.verify(first, "access")
    world.clock.time += world.limits.reread + 1
    world.keys.reads = 0

    assert world.claims(n=2) == await ring.verify(second, "access")
    assert 0 == world.keys.reads


async def test_a_pool_that_was_not_there_and_was_pushed_out_since_is_read_again() -> None:
    world = World(RingLimits(pools=1))
    with pytest.raises(PoolNotFound):
        await world.ring.jwks(POOL)
    await world.ring.make_keys(POOL)
    token = await world.ring.sign(POOL, "access", world.claims())

    await world.another().make_keys(OTHER)
    await world.ring.jwks(OTHER)

    assert world.claims() == await world.ring.verify(token, "access")


async def test_requests_at_the_same_moment_share_one_reading(world: World) -> None:
    ring = world.another()
    world.keys.reads = 0

    await asyncio.gather(*(ring.sign(POOL, "access", world.claims()) for _ in range(20)))

    assert 1 == world.keys.reads


async def test_an_unknown_kid_leads_to_the_store_once_in_a_while_only(world: World) -> None:
    token = await world.another().sign(POOL, "access", world.claims())
    head = base64.urlsafe_b64encode(b'{"kid":"unknown","alg":"RS256"}').rstrip(b"=").decode()
    forged = ".".join([head, *token.split(".")[1:]])
    world.clock.time += world.limits.reread
    world.keys.reads = 0

    for _ in range(10):
        with pytest.raises(InvalidAccessToken):
            await world.ring.verify(forged, "access")

    assert 1 == world.keys.reads


async def test_pools_that_do_not_exist_cannot_push_out_those_that_do() -> None:
    world = World(RingLimits(pools=3))
    await world.ring.make_keys(POOL)
    real = await world.ring.sign(POOL, "access", world.claims())
    world.keys.reads = 0

    for number in range(10):
        forged = await world.ring.sign(POOL, "access", world.claims(f"us-east-1_Invented{number}"))
        with pytest.raises(InvalidAccessToken):
            await world.ring.verify(forged, "access")
    assert 10 == world.keys.reads

    await world.ring.verify(real, "access")
    assert 10 == world.keys.reads
    assert 3 == len(world.ring._absent)


async def test_the_number_of_kept_pools_is_bounded_and_the_least_used_goes() -> None:
    world = World(RingLimits(pools=2))
    pools = ["us-east-1_Aaaaaaaaa", "us-east-1_Bbbbbbbbb", "us-east-1_Ccccccccc"]
    for pool_id in pools[:2]:
        await world.ring.make_keys(pool_id)
    await world.ring.sign(pools[0], "id", {})

    await world.ring.make_keys(pools[2])

    assert [pools[0], pools[2]] == list(world.ring._held)


async def test_an_unknown_pool_has_no_key_set(world: World) -> None:
    with pytest.raises(PoolNotFound, match="us-east-1_Zzzzzzzzz"):
        await world.ring.jwks("us-east-1_Zzzzzzzzz")


# --- rotation --------------------------------------------------------------------------------------------------------


async def test_a_new_key_is_published_at_once_and_signs_after_the_lead_time(world: World) -> None:
    before = await world.published()
    old = kid(await world.ring.sign(POOL, "id", world.claims()))

    await world.ring.rotate(POOL, DAY)
    assert 4 == len(await world.published())
    assert set(before) < set(await world.published())
    assert old == kid(await world.ring.sign(POOL, "id", world.claims()))

    world.clock.time += world.limits.lead
    assert old != kid(await world.ring.sign(POOL, "id", world.claims()))


async def test_an_old_key_checks_until_the_last_token_it_signed_has_ended(world: World) -> None:
    await world.ring.rotate(POOL, DAY)
    world.clock.time += world.limits.lead - 1
    last = await world.ring.sign(POOL, "access", world.claims())

    world.clock.time = NOW + world.limits.lead + DAY - 1
    assert world.claims() == await world.ring.verify(last, "access")

    world.clock.time += 1
    with pytest.raises(InvalidAccessToken):
        await world.ring.verify(last, "access")
    world.clock.time += world.limits.fresh
    assert kid(last) not in await world.published()
    assert 2 == len(await world.published())


async def test_a_rotation_elsewhere_is_seen_when_its_first_token_comes(world: World) -> None:
    elsewhere = world.another()
    await elsewhere.jwks(POOL)
    await world.ring.rotate(POOL, DAY)
    world.clock.time += world.limits.lead

    token = await world.ring.sign(POOL, "access", world.claims())

    assert world.claims() == await elsewhere.verify(token, "access")
    assert kid(token) == kid(await elsewhere.sign(POOL, "access", world.claims()))


async def test_a_key_that_signed_before_its_lead_time_was_over_is_seen_when_its_first_token_comes() -> None:
    """By an operator's setting, or by a clock that is ahead: what was read is fresh, and does not know it."""
    world = World(RingLimits(lead=0))
    await world.ring.make_keys(POOL)
    elsewhere = world.another()
    await elsewhere.jwks(POOL)
    before = await world.published()
    world.clock.time += world.limits.reread
    await world.ring.rotate(POOL, DAY)

    token = await world.ring.sign(POOL, "access", world.claims())

    assert kid(token) not in before
    assert world.claims() == await elsewhere.verify(token, "access")


async def test_rotating_twice_at_once_or_soon_after_is_rotating_once(world: World) -> None:
    rings = [world.another() for _ in range(3)]

    await asyncio.gather(*(ring.rotate(POOL, DAY) for ring in rings))
    world.clock.time += world.limits.lead - 1
    await world.ring.rotate(POOL, DAY)

    assert {"access.1", "access.2", "id.1", "id.2"} == {slot for _, slot in world.keys.kept}


async def test_who_loses_one_use_to_another_process_rotates_the_other(world: World) -> None:
    world.keys = OvertakenKeys(world.keys, "id.2")

    await world.another().rotate(POOL, DAY)

    assert "another" == world.keys.kept[POOL, "id.2"].kid
    assert "another" != world.keys.kept[POOL, "access.2"].kid
    assert [None, None] == [world.keys.kept[POOL, slot].retires for slot in ("id.1", "id.2")]
    assert NOW + 300 + DAY == world.keys.kept[POOL, "access.1"].retires


async def test_a_rotation_that_was_cut_short_is_finished_by_the_next_one(world: World) -> None:
    class Dying(KeptKeys):
        async def save(self, key: SigningKey) -> SigningKey:
            raise ConnectionError

    dying = Dying()
    dying.kept = world.keys.kept
    ring = KeyRing(BASE_URL, dying, vault(), world.maker, world.clock)
    with pytest.raises(ConnectionError):
        await ring.rotate(POOL, DAY)
    assert world.claims() == await world.another().verify(await world.another().sign(POOL, "id", world.claims()), "id")

    world.clock.time += world.limits.lead
    await world.ring.rotate(POOL, DAY)

    unfinished = [slot for (_, slot), key in world.keys.kept.items() if key.retires is None]
    assert ["access.2", "id.3"] == sorted(unfinished)


async def test_the_use_that_a_rotation_did_not_come_to_is_finished_without_touching_the_other(world: World) -> None:
    class Dying(KeptKeys):
        async def add(self, key: SigningKey) -> bool:
            if key.use == "access":
                raise ConnectionError
            return await super().add(key)

    dying = Dying()
    dying.kept = world.keys.kept
    with pytest.raises(ConnectionError):
        await KeyRing(BASE_URL, dying, vault(), world.maker, world.clock).rotate(POOL, DAY)
    world.clock.time += 1

    await world.ring.rotate(POOL, DAY)

    ends = {slot: key.retires for (_, slot), key in world.keys.kept.items()}
    assert {"id.1": NOW + 300 + DAY, "id.2": None, "access.1": NOW + 301 + DAY, "access.2": None} == ends


async def test_a_key_is_replaced_from_the_moment_on_that_it_begins_to_sign(world: World) -> None:
    await world.ring.rotate(POOL, DAY)
    world.clock.time += world.limits.lead

    await world.ring.rotate(POOL, DAY)

    ends = {slot: key.retires for (_, slot), key in world.keys.kept.items() if key.use == "id"}
    assert {"id.1": NOW + 300 + DAY, "id.2": NOW + 600 + DAY, "id.3": None} == ends


async def test_keys_are_opened_again_only_when_they_are_new(world: World) -> None:
    before = world.ring._held[POOL].signer("id", NOW)

    world.clock.time += world.limits.fresh
    await world.ring.sign(POOL, "id", {})

    assert before is world.ring._held[POOL].signer("id", NOW)


async def test_a_store_that_fails_fails_the_request_and_is_asked_again_by_the_next(world: World) -> None:
    class Failing(KeptKeys):
        fails = True

        async def list(self, pool_id: str) -> Sequence[SigningKey]:
            if self.fails:
                raise ConnectionError
            return await super().list(pool_id)

    failing = Failing()
    failing.kept = world.keys.kept
    ring = KeyRing(BASE_URL, failing, vault(), world.maker, world.clock)
    with pytest.raises(ConnectionError):
        await ring.sign(POOL, "id", {})

    failing.fails = False

    assert await ring.sign(POOL, "id", world.claims())


class Away(KeptKeys):
    """Keys in a store that gives no answer while it is ``away``."""

    away = False

    async def list(self, pool_id: str) -> Sequence[SigningKey]:
        if self.away:
            raise StoreAway(why="it does not answer")
        return await super().list(pool_id)


async def test_keys_that_were_read_are_used_while_the_store_is_away_and_read_again_after() -> None:
    world = World()
    world.keys = away = Away()
    ring = world.another()
    await ring.make_keys(POOL)
    published = await world.published(ring)
    token = await ring.sign(POOL, "access", world.claims())
    away.away = True

    world.clock.time += 10 * world.limits.fresh

    assert world.claims() == await ring.verify(token, "access")
    assert kid(token) == kid(await ring.sign(POOL, "access", world.claims()))
    assert published == await world.published(ring)
    away.away = False
    away.reads = 0
    await ring.verify(token, "access")
    assert 1 == away.reads


async def test_of_keys_that_nobody_has_read_nothing_is_said_while_the_store_is_away() -> None:
    world = World()
    world.keys = away = Away()
    ring = world.another()
    with pytest.raises(PoolNotFound):
        await ring.jwks(POOL)
    away.away = True
    world.clock.time += world.limits.reread

    for pool_id in (POOL, "us-east-1_NeverRead"):
        with pytest.raises(StoreAway):
            await ring.jwks(pool_id)


async def test_keys_of_a_time_that_has_yet_to_come_are_read_again(world: World) -> None:
    """The clock was set back: how old they are is not known."""
    await world.ring.jwks(POOL)
    world.keys.reads = 0
    world.clock.time -= 1.0

    await world.ring.jwks(POOL)
    await world.ring.jwks(POOL)

    assert 1 == world.keys.reads


async def test_pools_that_are_used_while_the_store_is_away_are_kept() -> None:
    world = World(RingLimits(pools=2))
    world.keys = away = Away()
    ring = world.another()
    pools = ["us-east-1_Aaaaaaaaa", "us-east-1_Bbbbbbbbb", "us-east-1_Ccccccccc"]
    for pool_id in pools[:2]:
        await ring.make_keys(pool_id)
    away.away = True
    world.clock.time += world.limits.fresh
    await ring.sign(pools[0], "id", {})
    away.away = False

    await ring.make_keys(pools[2])

    assert [pools[0], pools[2]] == list(ring._held)


# --- making keys -----------------------------------------------------------------------------------------------------


async def test_made_keys_are_rsa_keys_of_2048_bits_and_never_the_same() -> None:
    workers = Workers(threads=2)
    made = await asyncio.gather(*(WorkersKeyMaker(workers).make(Algorithm.RS256) for _ in range(2)))
    await workers.close()

    records = [sealed_key(POOL, "id", "id.1", Algorithm.RS256, private, NOW, NOW, vault()) for private in made]

    assert 2 == len({record.kid for record in records})
    assert [256, 256] == [len(base64.urlsafe_b64decode(record.modulus + "==")) for record in records]


async def test_premade_keys_are_real_keys_handed_out_in_turn() -> None:
    maker, another = PremadeKeys(), PremadeKeys()

    rsa = Algorithm.RS256
    assert await maker.make(rsa) == await another.make(rsa)
    assert await maker.make(rsa) != await PremadeKeys().make(rsa)


async def test_a_key_record_survives_the_store(world: World) -> None:
    record = world.keys.kept[POOL, "id.1"]

    assert record == msgspec.json.decode(msgspec.json.encode(record), type=SigningKey)
