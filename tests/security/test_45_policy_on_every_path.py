"""Row 45: what a client and a pool allow is asked on every path to tokens."""

from __future__ import annotations

import pytest

from poolhouse import errors
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.records.clients import Client, Rotation
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House
from tests.support.json_api import ROOT
from tests.support.sign_in import Opening, initiate

OPENINGS = {
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "USER_SRP_AUTH": "ALLOW_USER_SRP_AUTH",
    "CUSTOM_AUTH": "ALLOW_CUSTOM_AUTH",
    "ADMIN_USER_PASSWORD_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "USER_AUTH": "ALLOW_USER_AUTH",
}
ALL = tuple(sorted({*OPENINGS.values(), "ALLOW_REFRESH_TOKEN_AUTH"}))
PARAMETERS = {"USERNAME": "jane", "PASSWORD": PASSWORD, "SRP_A": "02"}


@pytest.mark.parametrize("by_admin", [False, True])
@pytest.mark.parametrize("flow", OPENINGS)
async def test_a_flow_that_the_client_does_not_allow_opens_for_nobody(flow: str, by_admin: bool, house: House) -> None:
    pool = await house.pool()
    client = await house.client(pool, flows=tuple(one for one in ALL if one != OPENINGS[flow]))
    await house.user(client)

    with pytest.raises(errors.InvalidParameter, match=r"not (enabled|supported)"):
        await initiate(house.services, client, Opening(flow=flow, parameters=PARAMETERS, by_admin=by_admin))


@pytest.mark.parametrize("flow", [name for name in OPENINGS if name.startswith("ADMIN")])
async def test_an_administrators_flow_does_not_open_without_a_signature(flow: str, house: House) -> None:
    client = await house.client(await house.pool(), flows=ALL)
    await house.user(client)

    with pytest.raises(errors.InvalidParameter, match="not supported"):
        await initiate(house.services, client, Opening(flow=flow, parameters=PARAMETERS))


async def test_a_refresh_that_rotates_nothing_is_not_allowed_where_tokens_rotate(house: House, pool: Pool) -> None:
    client = await house.client(pool, flows=("ALLOW_USER_PASSWORD_AUTH",), rotation=Rotation(enabled=True, grace=10))
    await house.user(client)
    tokens = await house.sign_in(client)

    with pytest.raises(errors.UnsupportedOperation):
        await house.refresh(client, tokens.refresh, rotates=False)


async def test_a_client_with_a_secret_is_asked_for_it_on_every_path(house: House, pool: Pool) -> None:
    client = await house.client(pool, generates_secret=True)
    services = house.services
    unproven = [
        initiate(services, client, Opening(flow="USER_PASSWORD_AUTH", parameters=PARAMETERS)),
        initiate(services, client, Opening(flow="USER_SRP_AUTH", parameters=PARAMETERS)),
        initiate(services, client, Opening(flow="CUSTOM_AUTH", parameters=PARAMETERS)),
        house.sign_up(client),
        house.confirm(client, code="123456"),
        services.sign_up.resend(client, "jane", metadata={}, secret_hash=None),
        services.recovery.start(client, "jane", metadata={}, secret_hash=None),
        services.recovery.confirm(client, "jane", "123456", PASSWORD, metadata={}, secret_hash=None),
        services.refreshing.refresh(client, "a.b", rotates=True, metadata={}),
    ]

    for call in unproven:
        with pytest.raises(errors.NotAuthorized, match="configured with secret"):
            await call
    with pytest.raises(errors.Unauthorized):
        await services.revocation.revoke(client, "a.b", None)


async def test_a_client_of_another_pool_is_no_client_of_this_one(house: House, pool: Pool, client: Client) -> None:
    from tests.security.served import served

    async with served() as (other, api):
        mine, yours = await other.pool(), await other.pool()
        foreign = await other.client(yours)
        await other.user(foreign)
        for operation in ("AdminInitiateAuth", "AdminRespondToAuthChallenge", "DescribeUserPoolClient"):
            given: dict[str, object] = {"UserPoolId": mine.id, "ClientId": foreign.id}
            if operation == "AdminInitiateAuth":
                given |= {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": PARAMETERS}
            if operation == "AdminRespondToAuthChallenge":
                given |= {"ChallengeName": "CUSTOM_CHALLENGE", "Session": "A" * 43}
            answer = await api.call(operation, given, key=ROOT)
            assert "ResourceNotFoundException" == answer.error


async def test_a_pool_for_administrators_takes_no_sign_up(house: House) -> None:
    client = await house.client(await house.pool(admin_create_only=True))

    with pytest.raises(errors.NotAuthorized, match="not permitted"):
        await house.sign_up(client)


async def test_settings_of_a_client_count_from_the_next_request(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await house.services.clients.update(
        pool.id, client.id, ClientSettings(flows=("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"))
    )

    with pytest.raises(errors.InvalidParameter, match="not enabled"):
        await house.begin(await house.services.clients.get(client.id))
