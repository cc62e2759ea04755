"""Grants that a newer version gave, refreshed and revoked by the older one (decision 0008)."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.grants.issue import TokenSet
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.grants import Grant
from poolhouse.store.repositories import collections
from tests.contract.two_versions.newer import NewGrant, NewPrevious, read, rewritten
from tests.support.house import House


async def signed_in(house: House, *, grace: int = 0) -> tuple[Client, TokenSet, tuple[str, str]]:
    """A client that rotates, what a sign-in gave, and where its grant stands."""
    rotation = Rotation(enabled=True, grace=grace)
    client = await house.client(await house.pool(), flows=("ALLOW_USER_PASSWORD_AUTH",), rotation=rotation)
    await house.user(client)
    tokens = await house.sign_in(client)
    return client, tokens, (client.pool_id, (tokens.refresh or "").partition(".")[0])


async def test_a_grant_that_the_older_version_refreshes_keeps_what_the_newer_one_said_of_it(house: House) -> None:
    client, tokens, key = await signed_in(house)
    await rewritten(house, collections.GRANTS, key, NewGrant, device="phone")

    fresh = await house.refresh(client, tokens.refresh)

    now = await read(house, collections.GRANTS, key, NewGrant)
    assert ("phone", 1) == (now.device, now.generation)
    assert (await house.refresh(client, fresh.refresh)).access


async def test_what_the_older_version_replaces_whole_it_writes_as_it_knows_it(house: House) -> None:
    client, tokens, key = await signed_in(house, grace=60)
    second = await house.refresh(client, tokens.refresh)
    held = await read(house, collections.GRANTS, key, Grant)
    assert held.previous is not None
    before = NewPrevious(
        digest=held.previous.digest, until=held.previous.until, successor=held.previous.successor, address="192.0.2.1"
    )
    await rewritten(house, collections.GRANTS, key, NewGrant, device="phone", previous=before)

    # The replaced token still answers, and writes nothing; the present one is replaced.
    again = await house.refresh(client, tokens.refresh)
    kept = await read(house, collections.GRANTS, key, NewGrant)
    await house.refresh(client, second.refresh)
    now = await read(house, collections.GRANTS, key, NewGrant)

    assert second.refresh == again.refresh
    assert ("192.0.2.1", "") == (kept.previous.address, now.previous.address)
    assert ("phone", 2) == (now.device, now.generation)


async def test_a_grant_that_the_older_version_revokes_has_ended_and_keeps_the_rest(house: House) -> None:
    client, tokens, key = await signed_in(house)
    second = await house.refresh(client, tokens.refresh)
    held = await read(house, collections.GRANTS, key, Grant)
    assert held.previous is not None
    before = NewPrevious(digest=held.previous.digest, until=held.previous.until, address="192.0.2.1")
    await rewritten(house, collections.GRANTS, key, NewGrant, device="phone", previous=before)

    await house.services.revocation.revoke(client, second.refresh or "", None)

    now = await read(house, collections.GRANTS, key, NewGrant)
    assert (True, "phone", "192.0.2.1") == (now.revoked, now.device, now.previous.address)
    with pytest.raises(errors.InvalidRefreshToken):
        await house.refresh(client, second.refresh)
