"""Signing keys and access keys, as the commands treat them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.cli import keys
from poolhouse.cli.failures import Failure
from poolhouse.errors import InvalidParameter, KeyNotFound, PolicyMalformed, PoolNotFound
from poolhouse.flows.access.callers import PURPOSE
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.clients.validity import Span, Validity
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server
from tests.unit.cli.world import NOON, new_pool

EVERYTHING = tuple(keys.EVERYTHING["Statement"])


async def test_old_keys_stay_as_long_as_the_longest_token_lives(server: Server, pool: Pool) -> None:
    long = ClientSettings(flows=("ALLOW_USER_SRP_AUTH",), validity=Validity(id=Span(2, "hours")))
    await server.services.clients.create(pool.id, "long", long)
    await server.services.clients.create(pool.id, "usual", ClientSettings())
    overlap = await server.services.signing_keys.rotate(pool.id)
    found = {each.key.slot: (each.key, each.state) for each in await server.services.signing_keys.all_of(pool.id)}

    assert overlap == 7200
    assert {"id.1": "signs", "id.2": "published", "access.1": "signs", "access.2": "published"} == {
        slot: state for slot, (_, state) in found.items()
    }
    assert NOON + 300 + 7200 == found["id.1"][0].retires


async def test_keys_of_a_pool_that_is_not_there_are_not_made(server: Server) -> None:
    with pytest.raises(PoolNotFound):
        await server.services.signing_keys.rotate("eu-west-1_nobodys")


async def test_all_pools_are_those_of_every_region(server: Server, pool: Pool) -> None:
    from poolhouse.flows.pools.settings import PoolFoundation, PoolSettings

    far = await server.services.pools.create("us-east-1", "far", PoolSettings(), PoolFoundation())
    others = [await new_pool(server, name=f"pool {number}") for number in range(3)]

    assert {pool.id, far.id, *(other.id for other in others)} == {each async for each in keys.all_pool_ids(server)}


async def test_an_access_keys_secret_is_sealed_for_the_one_who_checks_signatures(server: Server) -> None:
    made = await server.access_keys.create("backend", EVERYTHING)
    (stored,) = await keys.access_keys(server)

    assert made.secret.encode() == server.world.secrets.open(PURPOSE, made.id, stored.sealed_secret)
    assert made.secret not in repr(made)
    assert ("backend", EVERYTHING) == (stored.name, stored.statements)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65])
async def test_a_name_that_fits_no_arn_is_refused(server: Server, name: str) -> None:
    with pytest.raises(InvalidParameter, match="1 to 64"):
        await server.access_keys.create(name, ())


async def test_a_deleted_access_key_is_gone(server: Server) -> None:
    made = await server.access_keys.create("backend", ())
    await server.access_keys.delete(made.id)

    assert await keys.access_keys(server) == []
    with pytest.raises(KeyNotFound):
        await server.access_keys.delete(made.id)


ALLOW = {"Effect": "Allow", "Action": "cognito-idp:*", "Resource": ["*"]}


@pytest.mark.parametrize("document", [{"Version": "2012-10-17", "Statement": [ALLOW]}, {"Statement": ALLOW}, [ALLOW]])
def test_a_policy_may_be_written_as_iam_writes_it(tmp_path: Path, document: Any) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(document))

    assert [ALLOW] == keys.read_policy(tmp_path / "policy.json")["Statement"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("{}", "statement 1: Effect is missing"),
        ('["x"]', "statement 1: an object is expected"),
        ('{"Statement": {"Effect": "Deny", "Effect": "Allow"}}', "the same key twice"),
        (json.dumps([ALLOW, {**ALLOW, "Conditions": {}}]), "statement 2: Conditions is not known here"),
        (json.dumps([{**ALLOW, "Effect": "Maybe"}]), "Effect is Allow or Deny"),
        (json.dumps([{**ALLOW, "Action": []}]), "a list of texts that is not empty"),
        (json.dumps([{**ALLOW, "Resource": "userpool/x"}]), "userpool/x is no ARN"),
    ],
)
def test_a_policy_that_would_mean_something_else_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "policy.json").write_text(text)

    with pytest.raises(Failure, match=told):
        keys.read_policy(tmp_path / "policy.json")


async def test_the_version_of_a_policy_goes_with_the_key(server: Server) -> None:
    own = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
    await server.access_keys.create("backend", [own], version="2012-10-17")
    (stored,) = await keys.access_keys(server)

    assert ("2012-10-17", (own,)) == (stored.language, stored.statements)


async def test_a_key_is_not_made_with_a_policy_that_is_not_understood(server: Server) -> None:
    with pytest.raises(PolicyMalformed):
        await server.access_keys.create("backend", [{**ALLOW, "Resource": "userpool/x"}])

    assert [] == await keys.access_keys(server)


@pytest.mark.parametrize(
    ("days", "used", "expected"),
    [
        (None, None, "enabled   1 statements  made 2027-01-15T08:00:00+00:00  never expires  not used"),
        (1, NOON, "made 2027-01-15T08:00:00+00:00  expires 2027-01-16T08:00:00+00:00  used 2027-01-15T08:00:00+00:00"),
    ],
)
async def test_a_key_is_shown_with_its_end_and_its_last_use(
    server: Server, days: int | None, used: float | None, expected: str
) -> None:
    await server.access_keys.create("backend", EVERYTHING, days=days)
    (made,) = await keys.access_keys(server)

    assert expected in keys.access_line(replace(made, used=used), NOON)
    assert (days is None) == ("expired" not in keys.access_line(made, NOON + 86400))
