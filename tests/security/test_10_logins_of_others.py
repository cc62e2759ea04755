"""Tokens that were made for somebody else get no identity here: another app, another pool, another provider, another
server (security rows 9, 10, 13 and 51; rules FED-301 to FED-305)."""

from __future__ import annotations

import asyncio
import random
from base64 import b64decode, b64encode

import pytest
from msgspec.structs import replace

from poolhouse.errors import LoginRefused, ProviderAway
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.proofs import opaque, openid
from poolhouse.hooks.answers.identities import ProvenLogin
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.identities import ValidateLogin
from poolhouse.records.identities import Identity, UserPoolProvider
from poolhouse.testing.saml_provider import TRANSIENT, FakeSamlProvider, posted
from poolhouse.tokens.jose import Signer
from tests.support.logins import (
    BASE_URL,
    ISSUER,
    OIDC_KEY,
    RECIPIENT,
    SAML_ARN,
    USER_POOL_KEY,
    LoginWorld,
)

SOCIAL = (openid.GOOGLE, openid.APPLE, opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER)
EVERY_SOCIAL = pytest.mark.parametrize("key", SOCIAL)
FOREIGN_APPS = ("foreign", "ap", "app2", "App", " app", "app ", "")


@pytest.fixture
def world() -> LoginWorld:
    return LoginWorld()


async def refused(world: LoginWorld, key: str, value: str, **changed: object) -> str:
    with pytest.raises(LoginRefused) as said:
        await world.prove(key, value, world.with_pool(**changed))
    return str(said.value)


def made_for(world: LoginWorld, key: str, app: str) -> str:
    """A good token of the provider, for this app."""
    return {
        openid.GOOGLE: lambda: world.providers.google.token(app, "jane"),
        openid.APPLE: lambda: world.providers.apple.token(app, "jane"),
        opaque.FACEBOOK: lambda: world.providers.facebook_token(app, "1001"),
        opaque.AMAZON: lambda: world.providers.amazon_token(app, "jane"),
        opaque.TWITTER: lambda: world.providers.twitter_token(app, "2002"),
        OIDC_KEY: lambda: world.oidc_token(app),
        USER_POOL_KEY: lambda: world.user_pool_token(app),
    }[key]()


# --- FED-301 ---------------------------------------------------------------------------------------------------------


async def test_fed_301_what_is_checked_for_one_pool_says_nothing_for_another(world: LoginWorld) -> None:
    """Two pools with different apps, and tokens of both, hundreds at once in any order."""
    other = world.with_pool(id="us-east-1:11111111-2c08-43f0-9983-28727cd1e4f2", social={openid.GOOGLE: "other"})
    tokens = {"app": world.providers.google.token("app", "jane"), "other": world.providers.google.token("other", "joe")}
    pools = {"app": world.pool, "other": other}
    tried = [(pool, token) for pool in pools for token in tokens for _ in range(50)]
    random.Random(4).shuffle(tried)

    outcomes = await asyncio.gather(
        *(world.prove(openid.GOOGLE, tokens[token], pools[pool]) for pool, token in tried), return_exceptions=True
    )

    for (pool, token), outcome in zip(tried, outcomes, strict=True):
        assert isinstance(outcome, LoginRefused) is (pool != token)


async def test_fed_301_keys_of_one_provider_sign_for_no_other(world: LoginWorld) -> None:
    """Google's key, with Apple's name in the token; and the same for all pairs, after the keys of both are known."""
    issuers = {openid.GOOGLE: world.providers.google, openid.APPLE: world.providers.apple}
    issuers[OIDC_KEY] = world.providers.openid(ISSUER)
    for key in issuers:
        await world.prove(key, made_for(world, key, "app"))
    for key, issuer in issuers.items():
        for other in issuers.values():
            if other is issuer:
                continue
            forged = Signer(other.keys[other.kid], issuer.kid).sign(
                {"iss": issuer.issuer, "aud": "app", "sub": "jane", "exp": int(world.clock.now()) + 60}
            )
            assert "Couldn't verify" in await refused(world, key, forged)


@pytest.mark.parametrize("key", [openid.GOOGLE, openid.APPLE, OIDC_KEY, USER_POOL_KEY])
@pytest.mark.parametrize("value_of", [openid.GOOGLE, openid.APPLE, OIDC_KEY, USER_POOL_KEY])
async def test_fed_301_a_token_of_one_provider_is_none_of_another(world: LoginWorld, key: str, value_of: str) -> None:
    if key != value_of:
        assert "Issuer doesn't match" in await refused(world, key, made_for(world, value_of, "app"))


async def test_fed_301_an_identity_pool_takes_no_token_that_was_made_for_another(world: LoginWorld) -> None:
    tokens = OpenIdTokens(world.own, world.clock, "000000000000")
    proven = await world.prove(USER_POOL_KEY, world.user_pool_token())
    other = world.with_pool(id="us-east-1:11111111-2c08-43f0-9983-28727cd1e4f2")
    somebody = Identity(id="us-east-1:22222222-0000-4000-8000-000000000001", pool_id=other.id, created=0, modified=0)
    token = await tokens.make(other, somebody, [proven])

    with pytest.raises(LoginRefused):
        await world.logins.prove_own(world.pool, token)
    # Nor is it a login of anybody else.
    for key in (USER_POOL_KEY, OIDC_KEY, openid.GOOGLE):
        await refused(world, key, token)


async def test_fed_301_a_guests_token_says_that_nobody_has_proven_anything(world: LoginWorld) -> None:
    guest = Identity(id="us-east-1:22222222-0000-4000-8000-000000000001", pool_id=world.pool.id, created=0, modified=0)
    token = await OpenIdTokens(world.own, world.clock, "000000000000").make(world.pool, guest, [])

    own = await world.logins.prove_own(world.pool, token)

    assert ("unauthenticated",) == own.amr
    for key in (USER_POOL_KEY, OIDC_KEY, openid.GOOGLE):
        await refused(world, key, token)


async def test_fed_301_what_a_pool_calls_like_one_of_ours_is_proven_by_one_of_ours() -> None:
    """An app id for our own issuer, or for a user pool that is not trusted, opens no way around their checks: not even
    to a plugin that says yes to everything."""

    async def validate_login(event: ValidateLogin) -> ProvenLogin:
        return ProvenLogin(subject="root")

    world = LoginWorld(hooks=Hooks([Implementation("validate_login", "says-yes", validate_login)]))
    token = world.user_pool_token()

    for key in (USER_POOL_KEY, "cognito-identity.amazonaws.com", "auth.example.com"):
        await refused(world, key, token, user_pools=(), social={key: "app"})


@pytest.mark.parametrize("key", [OIDC_KEY, SAML_ARN])
async def test_fed_301_a_provider_that_is_registered_no_more_lets_nobody_in(world: LoginWorld, key: str) -> None:
    """At once, and whatever is remembered of it (security row 13)."""
    value = world.good()[key]
    await world.prove(key, value)
    world.oidc_records.held.clear()
    world.saml_records.held.clear()

    assert "Token is not from a supported provider of this identity pool." == await refused(world, key, value)


# --- FED-302 ---------------------------------------------------------------------------------------------------------


@EVERY_SOCIAL
async def test_fed_302_a_token_of_another_app_is_refused(world: LoginWorld, key: str) -> None:
    await refused(world, key, made_for(world, key, "foreign"))


@pytest.mark.parametrize("key", [*(key for key in SOCIAL if key != opaque.TWITTER), OIDC_KEY, USER_POOL_KEY])
@pytest.mark.parametrize("app", FOREIGN_APPS)
async def test_fed_302_an_app_is_compared_as_a_whole(world: LoginWorld, key: str, app: str) -> None:
    said = await refused(world, key, made_for(world, key, app))

    assert "Token is not from a supported provider of this identity pool." == said


@EVERY_SOCIAL
@pytest.mark.parametrize("app", ["", "app"])
async def test_fed_302_no_app_id_is_never_any(world: LoginWorld, key: str, app: str) -> None:
    await refused(world, key, made_for(world, key, app), social={key: ""})


async def test_fed_302_a_provider_without_clients_takes_no_token(world: LoginWorld) -> None:
    world.oidc_records.held[OIDC_KEY] = replace(world.oidc_records.held[OIDC_KEY], client_ids=())

    await refused(world, OIDC_KEY, world.oidc_token("app"))


@pytest.mark.parametrize("audience", [["app", "foreign"], ["foreign", "app"], [], [["app"]], {"app": 1}, True, 5])
async def test_fed_302_every_audience_has_to_be_one_of_ours(world: LoginWorld, audience: object) -> None:
    for key, issuer in ((OIDC_KEY, world.providers.openid(ISSUER)), (openid.APPLE, world.providers.apple)):
        await refused(world, key, issuer.token(audience, "jane"))  # type: ignore[arg-type]


async def test_fed_302_an_app_of_one_entry_is_not_anothers(world: LoginWorld) -> None:
    """The client that is trusted for one user pool is not trusted for its neighbour."""
    neighbour = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Neighbour"
    token = world.providers.openid(f"https://{neighbour}").token("app", "jane", token_use="id")
    pools = (*world.pool.user_pools, UserPoolProvider(name=neighbour, client_id="another"))

    said = await refused(world, neighbour, token, user_pools=pools)

    assert "Token is not from a supported provider of this identity pool." == said


async def test_fed_302_the_switch_of_one_client_is_not_that_of_another(world: LoginWorld) -> None:
    world.here.ended.add("jane")

    await refused(world, USER_POOL_KEY, made_for(world, USER_POOL_KEY, "asking-app"))


@pytest.mark.parametrize("use", ["access", "refresh", "", None, 5, ["id"]])
async def test_fed_302_only_an_id_token_is_a_login(world: LoginWorld, use: object) -> None:
    await refused(world, USER_POOL_KEY, world.user_pool_token("app", "jane", token_use=use))


async def test_fed_302_a_token_of_twitter_is_bound_to_the_app_by_its_signature(world: LoginWorld) -> None:
    token, _, secret = world.providers.twitter_token("consumer", "2002").partition(";")

    await refused(world, opaque.TWITTER, f"{token};{secret}", social={opaque.TWITTER: "consumer;guessed"})
    await refused(world, opaque.TWITTER, f"{token};{secret}", social={opaque.TWITTER: "foreign;foreign-secret"})
    await refused(world, opaque.TWITTER, f"{token};guessed")
    for odd in (token, f"{token};", f";{secret}", f"{token};{secret};", f"{token};{secret};x", ";", ""):
        await refused(world, opaque.TWITTER, odd)


# --- FED-303 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER])
async def test_fed_303_no_answer_about_a_token_is_kept(world: LoginWorld, key: str) -> None:
    token = made_for(world, key, "consumer" if key == opaque.TWITTER else "app")
    await world.prove(key, token)
    asked = len(world.providers.requests)

    await world.prove(key, token)
    world.clock.advance(3600 if key != opaque.TWITTER else 0)

    assert 2 * asked == len(world.providers.requests)
    if key != opaque.TWITTER:
        await refused(world, key, token)


@pytest.mark.parametrize("key", [opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER])
async def test_fed_303_a_provider_that_is_away_lets_nobody_in(world: LoginWorld, key: str) -> None:
    token = made_for(world, key, "consumer" if key == opaque.TWITTER else "app")
    await world.prove(key, token)
    world.providers.away |= {"graph.facebook.com", "api.amazon.com", "api.twitter.com"}

    with pytest.raises(ProviderAway):
        await world.prove(key, token)


# --- FED-304 ---------------------------------------------------------------------------------------------------------


async def test_fed_304_digits_is_closed(world: LoginWorld) -> None:
    await refused(world, opaque.DIGITS, world.providers.twitter_token("consumer", "2002"))

    assert [] == world.providers.requests


async def test_fed_304_digits_is_asked_where_the_operator_says_and_nowhere_else() -> None:
    world = LoginWorld(digits="https://digits.example.com/1.1/account/verify_credentials.json")
    token = world.providers.twitter_token("consumer", "2002")

    proven = await world.prove(opaque.DIGITS, token)
    await refused(world, opaque.DIGITS, "https://evil.example.com/;x")

    assert (opaque.DIGITS, "2002") == (proven.provider, proven.subject)
    assert {"https://digits.example.com/1.1/account/verify_credentials.json"} == set(world.providers.requests)


async def test_fed_304_no_address_in_a_token_is_called(world: LoginWorld) -> None:
    """Who issues a token, and where its keys are, is known before it is read."""
    evil = world.providers.openid("https://evil.example.com")
    await refused(world, OIDC_KEY, evil.token("app", "jane", jku="https://evil.example.com/keys"))

    assert [] == world.providers.requests


# --- FED-305 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": "urn:amazon:webservices"},
        {"audience": f"{BASE_URL}/"},
        {"audience": BASE_URL.upper()},
        {"recipient": "https://signin.aws.amazon.com/saml"},
        {"recipient": f"{RECIPIENT}/"},
        {"name_format": TRANSIENT},
        {"issuer": "https://other.example.org/entity"},
        {"status": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"},
        {"answers": "_request"},
        {"age": 420, "seconds": 900},
        {"age": -120},
        {"more": "<saml:OneTimeUse/>"},
        {"seconds": -61},
    ],
    ids=str,
)
@pytest.mark.parametrize("how", [{}, {"response": True}, {"assertion": False, "response": True}], ids=str)
async def test_fed_305_a_response_for_somebody_else_or_another_time_is_refused(
    world: LoginWorld, wrong: dict[str, object], how: dict[str, object]
) -> None:
    await refused(world, SAML_ARN, world.saml_response("jane", **wrong, **how))


async def test_fed_305_a_response_of_another_provider_is_refused(world: LoginWorld) -> None:
    twin = FakeSamlProvider(world.saml.entity, world.clock, number=3)

    await refused(world, SAML_ARN, twin.response("jane", audience=BASE_URL, recipient=RECIPIENT))


async def test_fed_305_an_arn_leads_to_its_own_provider_alone(world: LoginWorld) -> None:
    await refused(world, SAML_ARN.replace("corp", "other"), world.saml_response())
    await refused(world, SAML_ARN.replace("0000", "1111", 1), world.saml_response())


async def test_fed_305_an_unsigned_response_is_nobodys(world: LoginWorld) -> None:
    await refused(world, SAML_ARN, posted(world.saml.xml("jane", audience=BASE_URL, recipient=RECIPIENT)))


async def test_fed_305_a_response_in_which_a_byte_was_changed_is_never_somebody_elses(world: LoginWorld) -> None:
    """Every tenth byte, one after the other."""
    raw = b64decode(world.saml_response("jane"))
    for place in range(0, len(raw), 10):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            proven = await world.prove(SAML_ARN, b64encode(changed).decode())
        except LoginRefused:
            continue
        assert proven.subject.endswith("\0jane")
