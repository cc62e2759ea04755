"""Logins at identity pools, by boto3: users of this server's pools, of every other provider, and of a plugin's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import jwt
import pytest
from botocore.exceptions import ClientError

from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.proofs import opaque, openid
from poolhouse.hooks.answers.identities import ProvenLogin
from poolhouse.hooks.events.identities import ValidateLogin
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.identities import IdentityPorts
from poolhouse.records.identities import Identity
from poolhouse.store.repositories.audit import AuditRepository
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.harness import House, running_house
from poolhouse.testing.providers import FakeProviders
from poolhouse.testing.saml_provider import FakeSamlProvider
from poolhouse.tokens.issuer import IssuerKeys

ISSUER = "https://login.example.org/tenant"
SOCIAL = {
    openid.GOOGLE: "app",
    openid.APPLE: "app",
    opaque.FACEBOOK: "app",
    opaque.AMAZON: "app",
    opaque.TWITTER: "consumer;consumer-secret",
    "badges.example.com": "app",
}


class Badges:
    @hookimpl
    async def validate_login(self, event: ValidateLogin) -> ProvenLogin | None:
        return ProvenLogin(subject=event.value) if event.provider == "badges.example.com" else None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def providers(clock: FakeClock) -> FakeProviders:
    providers = FakeProviders(clock)
    providers.facebook_app("app", "fb-secret")
    providers.twitter_app("consumer", "consumer-secret")
    return providers


@pytest.fixture
async def house(clock: FakeClock, providers: FakeProviders) -> AsyncIterator[House]:
    settings = {"logins": {"facebook_secrets": {"app": "fb-secret"}}}
    async with running_house(clock=clock, http=providers, plugins=[("badges", Badges())], settings=settings) as house:
        yield house


async def make_pool(house: House, **members: Any) -> str:
    said = {"IdentityPoolName": "people", "AllowUnauthenticatedIdentities": False, **members}
    made = await house.aws("create_identity_pool", service="cognito-identity", **said)
    return str(made["IdentityPoolId"])


async def get_id(house: House, pool_id: str, logins: dict[str, str]) -> str:
    found = await house.aws("get_id", service="cognito-identity", IdentityPoolId=pool_id, Logins=logins)
    return str(found["IdentityId"])


async def refused(house: House, pool_id: str, logins: dict[str, str]) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        await get_id(house, pool_id, logins)
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


# --- this server's own user pools ------------------------------------------------------------------------------------


async def test_a_user_of_a_pool_has_one_identity_in_both_spellings_of_the_key(house: House) -> None:
    pool = await house.make_pool()
    client = await house.make_client(pool)
    jane = await house.make_user(pool)
    key = f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    pool_id = await make_pool(house, CognitoIdentityProviders=[{"ProviderName": key, "ClientId": client.id}])
    first, second = [(await house.sign_in(client, jane)).id_token for _ in range(2)]

    found = {
        await get_id(house, pool_id, {key: first}),
        await get_id(house, pool_id, {f"{house.base_url.partition('://')[2]}/{pool.id}": second}),
    }

    assert 1 == len(found)
    assert found.pop().startswith("us-east-1:")


async def test_tokens_of_a_user_pool_that_are_no_logins_say_why(house: House, clock: FakeClock) -> None:
    pool, other = await house.make_pool(), await house.make_pool()
    client, stranger = await house.make_client(pool), await house.make_client(pool)
    foreign = await house.make_client(other)
    jane, joe = await house.make_user(pool), await house.make_user(other)
    key = f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    pool_id = await make_pool(house, CognitoIdentityProviders=[{"ProviderName": key, "ClientId": client.id}])
    tokens = await house.sign_in(client, jane)
    no = "NotAuthorizedException"

    assert (no, "Invalid login token. Missing a required claim: aud") == await refused(
        house, pool_id, {key: tokens.access_token}
    )
    assert (no, "Token is not from a supported provider of this identity pool.") == await refused(
        house, pool_id, {key: (await house.sign_in(stranger, jane)).id_token}
    )
    assert (no, "Invalid login token. Issuer doesn't match providerName") == await refused(
        house, pool_id, {key: (await house.sign_in(foreign, joe)).id_token}
    )
    head, body, _ = tokens.id_token.split(".")
    forged = ".".join([head, body, (await house.sign_in(client, jane)).id_token.split(".")[2]])
    assert (no, "Invalid login token. Couldn't verify signed token.") == await refused(house, pool_id, {key: forged})
    clock.advance(3600)
    now = int(clock.now())
    code, message = await refused(house, pool_id, {key: tokens.id_token})
    assert (no, True) == (code, message.startswith(f"Invalid login token. Token expired: {now} >= "))


async def global_sign_out(house: House, pool: str, _: str) -> None:
    await house.aws("admin_user_global_sign_out", UserPoolId=pool, Username="jane")


async def disable(house: House, pool: str, _: str) -> None:
    await house.aws("admin_disable_user", UserPoolId=pool, Username="jane")


async def delete(house: House, pool: str, _: str) -> None:
    await house.aws("admin_delete_user", UserPoolId=pool, Username="jane")


async def delete_client(house: House, pool: str, client: str) -> None:
    await house.aws("delete_user_pool_client", UserPoolId=pool, ClientId=client)


@pytest.mark.parametrize("ending", [global_sign_out, disable, delete, delete_client])
async def test_a_user_whose_sign_in_ended_is_refused_where_the_pool_is_asked(
    house: House, ending: Callable[[House, str, str], Any]
) -> None:
    pool = await house.make_pool()
    client = await house.make_client(pool)
    jane = await house.make_user(pool)
    key = f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    entry = {"ProviderName": key, "ClientId": client.id}
    asking = await make_pool(house, CognitoIdentityProviders=[{**entry, "ServerSideTokenCheck": True}])
    trusting = await make_pool(house, CognitoIdentityProviders=[{**entry, "ServerSideTokenCheck": False}])
    token = (await house.sign_in(client, jane)).id_token
    assert await get_id(house, asking, {key: token})

    await ending(house, pool.id, client.id)

    assert "NotAuthorizedException" == (await refused(house, asking, {key: token}))[0]
    assert await get_id(house, trusting, {key: token})


# --- others ----------------------------------------------------------------------------------------------------------


async def test_users_of_every_provider_have_an_identity_each(
    house: House, providers: FakeProviders, clock: FakeClock
) -> None:
    corp = FakeSamlProvider("https://idp.example.org/entity", clock)
    administration = house.server.providers
    oidc = administration.oidc_arn(await administration.add_oidc(ISSUER, ["app"]))
    saml = administration.saml_arn(await administration.add_saml("corp", corp.metadata))
    pool_id = await make_pool(
        house, SupportedLoginProviders=SOCIAL, OpenIdConnectProviderARNs=[oidc], SamlProviderARNs=[saml]
    )

    def logins() -> dict[str, str]:
        response = corp.response("jane", audience=house.base_url, recipient=f"{house.base_url}/saml")
        return {
            openid.GOOGLE: providers.google.token("app", "jane"),
            openid.APPLE: providers.apple.token("app", "jane"),
            opaque.FACEBOOK: providers.facebook_token("app", "1001"),
            opaque.AMAZON: providers.amazon_token("app", "jane"),
            opaque.TWITTER: providers.twitter_token("consumer", "2002"),
            "login.example.org/tenant": providers.openid(ISSUER).token("app", "jane"),
            saml: response,
            "badges.example.com": "jane",
        }

    first = {key: await get_id(house, pool_id, {key: value}) for key, value in logins().items()}
    again = {key: await get_id(house, pool_id, {key: value}) for key, value in logins().items()}

    assert (first, 8) == (again, len(set(first.values())))
    described = await house.aws(
        "describe_identity", service="cognito-identity", IdentityId=first["login.example.org/tenant"]
    )
    assert ["login.example.org/tenant"] == described["Logins"]


async def test_a_provider_that_is_away_is_told_from_a_login_that_is_not_good(
    house: House, providers: FakeProviders
) -> None:
    pool_id = await make_pool(house, SupportedLoginProviders=SOCIAL)
    token = providers.amazon_token("app", "jane")
    providers.away.add("api.amazon.com")

    assert "ExternalServiceException" == (await refused(house, pool_id, {opaque.AMAZON: token}))[0]
    providers.away.clear()
    assert ("NotAuthorizedException", "Invalid login token.") == await refused(house, pool_id, {opaque.AMAZON: "x"})
    assert ("NotAuthorizedException", "Token is not from a supported provider of this identity pool.") == await refused(
        house, pool_id, {"www.digits.com": "a;b"}
    )


async def test_the_trail_has_refused_logins_and_nothing_of_them(house: House, providers: FakeProviders) -> None:
    pool_id = await make_pool(house, SupportedLoginProviders=SOCIAL)
    token = providers.google.token("foreign", "jane-of-google")

    await refused(house, pool_id, {openid.GOOGLE: token})
    entries = [entry async for entry in AuditRepository(house.server.store).since(0, pool_id)]

    (entry,) = [entry for entry in entries if entry.action == "login.refused"]
    assert {"provider": openid.GOOGLE, "why": "login_not_supported"} == entry.facts
    assert None is entry.subject
    assert not any(said in str(entries) for said in (token, "jane-of-google"))


# --- our own issuer --------------------------------------------------------------------------------------------------


async def get(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, json.loads(await answer.read())


async def test_a_stranger_verifies_a_token_of_an_identity_by_what_the_server_publishes(
    house: House, clock: FakeClock
) -> None:
    pool_id = await make_pool(house, AllowUnauthenticatedIdentities=True)
    pool = await house.server.built.one(IdentityPorts).pools.get(pool_id)
    identity = Identity(id="us-east-1:00000000-0000-4000-8000-000000000001", pool_id=pool_id, created=0, modified=0)
    token = await house.server.built.one(OpenIdTokens).make(pool, identity, [])
    status, configuration = await get(f"{house.base_url}/.well-known/openid-configuration")
    _, keys = await get(configuration["jwks_uri"])
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys["keys"] if key["kid"] == header["kid"])

    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS512"], audience=pool_id, options={"verify_exp": False})

    assert (200, house.base_url, ["RS512"]) == (
        status,
        configuration["issuer"],
        configuration["id_token_signing_alg_values_supported"],
    )
    assert ("RS512", "JWS") == (header["alg"], header["typ"])
    now = int(clock.now())
    assert {
        "iss": house.base_url,
        "aud": pool_id,
        "sub": identity.id,
        "amr": ["unauthenticated"],
        "https://cognito-identity.amazonaws.com/identity-pool-arn": (
            f"arn:aws:cognito-identity:us-east-1:000000000000:identitypool/{pool_id}"
        ),
        "iat": now,
        "exp": now + 600,
    } == claims


async def test_keys_of_the_issuer_are_replaced_and_tokens_outlive_them(house: House, clock: FakeClock) -> None:
    keys = house.server.built.one(IssuerKeys)
    old = await keys.sign({"sub": "x"})
    overlap = await house.server.issuer_keys.rotate()
    waiting = await keys.sign({"sub": "x"})
    clock.advance(house.server.settings.tokens.rotation_lead + 1)
    new = await keys.sign({"sub": "x"})
    kids = [jwt.get_unverified_header(token)["kid"] for token in (old, waiting, new)]
    clock.advance(overlap - 10)
    still = await keys.verify(old)
    clock.advance(3600)

    assert (86400, True, False) == (overlap, kids[0] == kids[1], kids[0] == kids[2])
    assert still is not None
    assert None is await keys.verify(old)
    assert await keys.verify(await keys.sign({"sub": "x"})) is not None


async def test_a_token_of_an_identity_is_a_login_of_that_identity_and_of_no_other(house: House) -> None:
    async def aws(operation: str, **parameters: Any) -> dict[str, Any]:
        return await house.aws(operation, service="cognito-identity", **parameters)

    async def vouched(pool_id: str, user: str) -> tuple[str, str]:
        given = await aws(
            "get_open_id_token_for_developer_identity", IdentityPoolId=pool_id, Logins={"our.back.end": user}
        )
        return given["IdentityId"], given["Token"]

    async def token_for(identity: str, token: str) -> str:
        given = await aws("get_open_id_token", IdentityId=identity, Logins={"cognito-identity.amazonaws.com": token})
        return str(given["IdentityId"])

    one, other = [
        await make_pool(house, DeveloperProviderName="our.back.end", AllowUnauthenticatedIdentities=True)
        for _ in range(2)
    ]
    (jane, janes), (joe, joes), (elsewhere, of_other) = [
        await vouched(pool_id, user) for pool_id, user in ((one, "jane"), (one, "joe"), (other, "jane"))
    ]
    guest = await get_id(house, one, {})
    guests = (await aws("get_open_id_token", IdentityId=guest))["Token"]

    assert jane == await token_for(jane, janes)
    for identity, token in (
        (jane, joes),
        (joe, janes),
        (jane, of_other),
        (elsewhere, janes),
        (jane, guests),
        (guest, janes),
    ):
        with pytest.raises(house.boto3("cognito-identity").exceptions.NotAuthorizedException):
            await token_for(identity, token)


async def test_many_ask_for_the_first_key_and_there_is_one(house: House) -> None:
    answers = await asyncio.gather(*(get(f"{house.base_url}/.well-known/jwks_uri") for _ in range(10)))

    assert 1 == len({json.dumps(keys) for _, keys in answers})
    assert 1 == len(answers[0][1]["keys"])


async def test_the_issuer_signs_by_the_algorithm_of_the_setting(clock: FakeClock) -> None:
    async with running_house(clock=clock, settings={"identities": {"token_algorithm": "RS256"}}) as house:
        token = await house.server.built.one(IssuerKeys).sign({"sub": "x"})

    assert "RS256" == jwt.get_unverified_header(token)["alg"]
