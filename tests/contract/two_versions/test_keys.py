"""Keys that a newer version made, for an algorithm that the older one has never heard of (decision 0008)."""

from __future__ import annotations

import json

import jwt
import pytest

from poolhouse import errors
from poolhouse.records.clients import Client
from poolhouse.records.keys import Algorithm, SigningKey
from poolhouse.store.repositories import collections
from poolhouse.testing.clock import FakeClock
from tests.contract.two_versions.newer import read, rewritten
from tests.support.house import House

LEAD, LIFE = 300, 3600


class NewSigningKey(SigningKey, frozen=True, kw_only=True):
    parameters: str = ""


async def rotated_by_the_newer(house: House) -> Client:
    """A user's client, in a pool whose keys wait to follow those of RS256."""
    client = await house.client(await house.pool())
    await house.user(client)
    await house.services.signing_keys.rotate(client.pool_id, Algorithm.EDDSA)
    for slot in ("id.2", "access.2"):
        await rewritten(
            house,
            collections.SIGNING_KEYS,
            (client.pool_id, slot),
            NewSigningKey,
            algorithm="ML-DSA-44",
            parameters="hedged",
            public={"kty": "AKP", "pub": "x"},
        )
    return client


async def test_the_older_version_signs_with_the_key_it_knows_while_that_is_published(
    house: House, clock: FakeClock
) -> None:
    client = await rotated_by_the_newer(house)
    clock.advance(LEAD + LIFE - 1)

    tokens = await house.sign_in(client)

    assert "RS256" == jwt.get_unverified_header(tokens.access)["alg"]
    assert "jane" == (await house.bearer(tokens)).user.username


async def test_the_older_version_publishes_the_key_as_it_was_written(house: House, clock: FakeClock) -> None:
    client = await rotated_by_the_newer(house)
    clock.advance(LEAD)

    published = json.loads(await house.built.keys.jwks(client.pool_id))["keys"]

    assert [("AKP", "x")] * 2 == [(key["kty"], key["pub"]) for key in published if key["alg"] == "ML-DSA-44"]
    assert ("ML-DSA-44", "RS256") == await house.built.keys.algorithms(client.pool_id)


async def test_afterwards_it_fails_closed_and_makes_no_key_of_its_own(house: House, clock: FakeClock) -> None:
    client = await rotated_by_the_newer(house)
    clock.advance(LEAD + LIFE)
    before = await house.services.signing_keys.all_of(client.pool_id)

    with pytest.raises(errors.SigningFailed, match="ML-DSA-44"):
        await house.sign_in(client)

    assert before == await house.services.signing_keys.all_of(client.pool_id)


async def test_it_rotates_such_a_pool_only_to_what_it_is_told(house: House, clock: FakeClock) -> None:
    client = await rotated_by_the_newer(house)
    clock.advance(LEAD)

    with pytest.raises(errors.NotOffered, match="ML-DSA-44"):
        await house.services.signing_keys.rotate(client.pool_id)
    await house.services.signing_keys.rotate(client.pool_id, Algorithm.ES256)

    clock.advance(LEAD)
    assert "ES256" == jwt.get_unverified_header((await house.sign_in(client)).access)["alg"]
    # What the newer version said of its key is still said.
    kept = await read(house, collections.SIGNING_KEYS, (client.pool_id, "id.2"), NewSigningKey)
    assert ("ML-DSA-44", "hedged") == (kept.algorithm, kept.parameters)
    assert kept.retires is not None
