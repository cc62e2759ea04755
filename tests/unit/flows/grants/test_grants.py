"""Tokens: what they say, how they are refreshed, how they end."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace as with_fields
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.config.settings import Tokens
from poolhouse.flows.directory.groups import GroupSettings
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.pools import Pool
from tests.support.house import House, opened_house


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def header(token: str) -> dict[str, Any]:
    part = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.fixture
async def rotating(house: House, pool: Pool) -> Client:
    return await house.client(
        pool,
        flows=("ALLOW_USER_PASSWORD_AUTH",),
        rotation=Rotation(enabled=True, grace=0),
    )


# --- what tokens say -------------------------------------------------------------------------------------------------


async def test_an_id_token_has_exactly_the_claims_of_the_contract(house: House, client: Client) -> None:
    user = await house.user(client)
    tokens = await house.sign_in(client)

    said = claims(tokens.id)

    now = int(house.clock.now())
    assert {
        "sub": user.sub,
        "email": "jane@example.com",
        "email_verified": True,
        "iss": f"https://auth.example.com/{client.pool_id}",
        "cognito:username": "jane",
        "aud": client.id,
        "token_use": "id",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
    } == {key: value for key, value in said.items() if key not in ("jti", "origin_jti", "event_id")}
    assert {"jti", "origin_jti", "event_id"} <= said.keys()


async def test_an_access_token_has_exactly_the_claims_of_the_contract(house: House, client: Client) -> None:
    user = await house.user(client)
    tokens = await house.sign_in(client)

    said = claims(tokens.access)

    now = int(house.clock.now())
    assert {
        "sub": user.sub,
        "iss": f"https://auth.example.com/{client.pool_id}",
        "client_id": client.id,
        "username": "jane",
        "scope": "aws.cognito.signin.user.admin",
        "token_use": "access",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
    } == {key: value for key, value in said.items() if key not in ("jti", "origin_jti", "event_id")}


async def test_the_two_tokens_are_signed_by_two_keys_and_have_a_plain_header(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    assert header(tokens.id)["kid"] != header(tokens.access)["kid"]
    assert set(header(tokens.id)) == {"kid", "alg"}


async def test_groups_and_roles_are_claims(house: House, pool: Pool, client: Client) -> None:
    user = await house.user(client)
    role = "arn:aws:iam::000000000000:role/"
    for name, precedence in (("late", 9), ("early", 1)):
        await house.services.groups.create(
            pool.id, name, GroupSettings(role_arn=f"{role}{name}", precedence=precedence)
        )
        await house.services.groups.join(user, name)

    tokens = await house.sign_in(client)

    assert claims(tokens.id)["cognito:groups"] == ["early", "late"] == claims(tokens.access)["cognito:groups"]
    assert claims(tokens.id)["cognito:roles"] == [f"{role}early", f"{role}late"]
    assert claims(tokens.id)["cognito:preferred_role"] == f"{role}early"
    assert "cognito:roles" not in claims(tokens.access)


async def test_a_client_without_revocation_gets_tokens_without_ids_that_still_end(house: House, pool: Pool) -> None:
    plain = await house.client(pool, revocable=False)
    await house.user(plain)
    tokens = await house.sign_in(plain)

    assert not {"jti", "origin_jti"} & claims(tokens.access).keys()
    await house.services.profile.sign_out_everywhere(tokens.access)
    with pytest.raises(errors.InvalidAccessToken, match="Access Token has been revoked"):
        await house.bearer(tokens)
    assert await house.bearer(await house.sign_in(plain))


async def test_an_expired_access_token_is_refused(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    house.clock.advance(3600)

    with pytest.raises(errors.InvalidAccessToken, match="Access Token has expired"):
        await house.bearer(tokens)


async def test_an_id_token_is_no_access_token(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    with pytest.raises(errors.InvalidAccessToken):
        await house.services.bearers.of(tokens.id)


class Decorator:
    @hookimpl
    def pre_token(self, event: PreToken) -> PreToken:
        return with_fields(
            event,
            id_claims={**event.id_claims, "tenant": "blue", "sub": "somebody else", "aud": "another client"},
            access_claims={"tenant": "blue", "client_id": "another client", "exp": 99999999999},
            scopes=(*event.scopes, "orders:read", "aws.cognito.reserved"),
            groups=("only",),
        )


async def test_a_plugin_adds_claims_and_cannot_change_who_and_how_long() -> None:
    async with opened_house(plugins=[("decorator", Decorator())]) as house:
        client = await house.client(await house.pool())
        user = await house.user(client)

        tokens = await house.sign_in(client)

        said, access = claims(tokens.id), claims(tokens.access)
        assert (said["tenant"], said["sub"], said["aud"]) == ("blue", user.sub, client.id)
        assert (access["tenant"], access["client_id"]) == ("blue", client.id)
        assert access["exp"] == int(house.clock.now()) + 3600
        assert access["scope"] == "aws.cognito.signin.user.admin orders:read"
        assert said["cognito:groups"] == ["only"]


# --- refresh ---------------------------------------------------------------------------------------------------------


async def test_a_refresh_keeps_the_sign_in_and_gives_new_tokens(house: House, client: Client) -> None:
    await house.user(client)
    first = await house.sign_in(client)
    house.clock.advance(1800)

    second = await house.refresh(client, first.refresh, rotates=False)

    before, after = claims(first.access), claims(second.access)
    assert second.refresh is None
    assert after["auth_time"] == before["auth_time"]
    assert after["origin_jti"] == before["origin_jti"]
    assert after["event_id"] == before["event_id"]
    assert after["jti"] != before["jti"]
    assert after["iat"] == before["iat"] + 1800


async def test_a_rotation_gives_one_successor_for_a_hundred_parallel_uses(house: House, rotating: Client) -> None:
    await house.user(rotating)
    tokens = await house.sign_in(rotating)

    results = await asyncio.gather(
        *(house.refresh(rotating, tokens.refresh) for _ in range(100)), return_exceptions=True
    )

    successors = [result for result in results if not isinstance(result, BaseException)]
    assert len(successors) == 1
    assert all(isinstance(r, errors.RefreshTokenReused) for r in results if isinstance(r, BaseException))
    assert await house.refresh(rotating, successors[0].refresh)


async def test_within_the_grace_every_use_gets_the_same_successor(house: House, pool: Pool) -> None:
    patient = await house.client(pool, flows=("ALLOW_USER_PASSWORD_AUTH",), rotation=Rotation(enabled=True, grace=30))
    await house.user(patient)
    tokens = await house.sign_in(patient)

    results = await asyncio.gather(*(house.refresh(patient, tokens.refresh) for _ in range(100)))

    assert len({result.refresh for result in results}) == 1
    house.clock.advance(30)
    with pytest.raises(errors.RefreshTokenReused):
        await house.refresh(patient, tokens.refresh)


async def test_a_much_older_token_of_the_family_is_known_as_reused(house: House, rotating: Client) -> None:
    await house.user(rotating)
    first = await house.sign_in(rotating)
    second = await house.refresh(rotating, first.refresh)
    await house.refresh(rotating, second.refresh)

    with pytest.raises(errors.RefreshTokenReused):
        await house.refresh(rotating, first.refresh)


async def test_reuse_ends_the_family_where_the_operator_wants_it() -> None:
    async with opened_house(tokens=Tokens(reuse_ends_family=True)) as house:
        client = await house.client(
            await house.pool(), flows=("ALLOW_USER_PASSWORD_AUTH",), rotation=Rotation(enabled=True)
        )
        await house.user(client)
        first = await house.sign_in(client)
        second = await house.refresh(client, first.refresh)

        with pytest.raises(errors.RefreshTokenReused):
            await house.refresh(client, first.refresh)

        with pytest.raises(errors.InvalidRefreshToken, match="revoked"):
            await house.refresh(client, second.refresh)


async def test_rotation_does_not_prolong_the_sign_in(house: House, rotating: Client) -> None:
    await house.user(rotating)
    tokens = await house.sign_in(rotating)
    house.clock.advance(29 * 86400)
    later = await house.refresh(rotating, tokens.refresh)

    house.clock.advance(86400)

    with pytest.raises(errors.InvalidRefreshToken, match="expired"):
        await house.refresh(rotating, later.refresh)


async def test_the_operation_without_rotation_is_refused_for_a_rotating_client(house: House, rotating: Client) -> None:
    await house.user(rotating)
    tokens = await house.sign_in(rotating)

    with pytest.raises(errors.UnsupportedOperation):
        await house.refresh(rotating, tokens.refresh, rotates=False)


@pytest.mark.parametrize("token", ["", ".", "abc", "a.b", "a.b.c", "é.x", "x" * 9000])
async def test_what_was_never_a_refresh_token_is_refused(house: House, client: Client, token: str) -> None:
    with pytest.raises(errors.InvalidRefreshToken, match="Invalid Refresh Token"):
        await house.refresh(client, token)


async def test_a_refresh_token_of_another_client_is_refused(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    other = await house.client(pool)

    with pytest.raises(errors.InvalidRefreshToken, match="Refresh Token has different Client"):
        await house.refresh(other, tokens.refresh)


async def test_a_refresh_token_of_another_pool_is_unknown(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    other = await house.client(await house.pool())

    with pytest.raises(errors.InvalidRefreshToken):
        await house.refresh(other, tokens.refresh)


# --- the end ---------------------------------------------------------------------------------------------------------


async def test_revoking_ends_the_family_and_no_other_sign_in(house: House, client: Client) -> None:
    await house.user(client)
    ended, other = await house.sign_in(client), await house.sign_in(client)

    await house.services.revocation.revoke(client, ended.refresh or "", None)

    with pytest.raises(errors.InvalidAccessToken, match="Access Token has been revoked"):
        await house.bearer(ended)
    with pytest.raises(errors.InvalidRefreshToken, match="Refresh Token has been revoked"):
        await house.refresh(client, ended.refresh)
    assert await house.bearer(other)
    assert await house.refresh(client, other.refresh)


async def test_revoking_with_a_replaced_token_ends_its_successors(house: House, rotating: Client) -> None:
    await house.user(rotating)
    first = await house.sign_in(rotating)
    second = await house.refresh(rotating, first.refresh)

    await house.services.revocation.revoke(rotating, first.refresh or "", None)

    with pytest.raises(errors.InvalidRefreshToken):
        await house.refresh(rotating, second.refresh)


async def test_revoking_what_is_unknown_is_no_error_and_an_access_token_is_one(house: House, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    await house.services.revocation.revoke(client, "never-ours", None)

    with pytest.raises(errors.UnsupportedTokenType):
        await house.services.revocation.revoke(client, tokens.access, None)


END = {
    "global sign-out": lambda house, pool, tokens: house.services.profile.sign_out_everywhere(tokens.access),
    "sign-out by an administrator": lambda house, pool, tokens: house.services.users.sign_out_everywhere(pool, "jane"),
    "disabling": lambda house, pool, tokens: house.services.users.disable(pool, "jane"),
    "deletion": lambda house, pool, tokens: house.services.users.delete(pool, "jane"),
    "deletion by the user": lambda house, pool, tokens: house.services.profile.delete(tokens.access),
    "deletion of the client": lambda house, pool, tokens: _delete_client(house, pool, tokens),
}


async def _delete_client(house: House, pool: Pool, tokens: Any) -> None:
    await house.services.clients.delete(pool.id, claims(tokens.access)["client_id"])


@pytest.mark.parametrize("how", END)
async def test_no_token_is_good_after(how: str, house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)
    rotated = await house.sign_in(client)

    await END[how](house, pool, tokens)

    for old in (tokens, rotated):
        with pytest.raises((errors.NotAuthorized, errors.NotFound)):
            await house.bearer(old)
        with pytest.raises((errors.NotAuthorized, errors.NotFound)):
            # As every face does: the client is looked up by its id first.
            await house.refresh(await house.services.clients.get(client.id), old.refresh)


async def test_tokens_of_before_a_disabling_stay_dead_after_enabling(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    tokens = await house.sign_in(client)

    await house.services.users.disable(pool, "jane")
    await house.services.users.enable(pool, "jane")

    with pytest.raises(errors.InvalidAccessToken):
        await house.bearer(tokens)
    assert await house.bearer(await house.sign_in(client))
