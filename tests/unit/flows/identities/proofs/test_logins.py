"""Which logins are good, whose they are, and in which words the others are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poolhouse.errors import InvalidParameter, LoginRefused, ProviderAway, TooManyRequests
from poolhouse.flows.identities.login_keys import OWN, LoginKeys, user_pool_of
from poolhouse.flows.identities.openid_token import OpenIdTokens
from poolhouse.flows.identities.proofs import opaque, openid
from poolhouse.hooks.context import HttpAnswer
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.access import OidcProvider
from poolhouse.records.identities import Identity, IdentityPool, UserPoolProvider
from tests.support.logins import (
    BASE_URL,
    ISSUER,
    OIDC_ARN,
    OIDC_KEY,
    POOL_ID,
    SAML_ARN,
    USER_POOL,
    USER_POOL_KEY,
    LoginWorld,
)

KINDS = (USER_POOL_KEY, OIDC_KEY, SAML_ARN, openid.GOOGLE, openid.APPLE, opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER)
EVERY_KIND = pytest.mark.parametrize("key", KINDS)


@pytest.fixture
def world() -> LoginWorld:
    return LoginWorld()


async def refusal(world: LoginWorld, key: str, value: str, pool: IdentityPool | None = None) -> str:
    with pytest.raises(LoginRefused) as refused:
        await world.prove(key, value, pool)
    return str(refused.value)


# --- whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "subject", "app", "kind"),
    [
        (USER_POOL_KEY, "jane", "app", "user_pool"),
        (OIDC_KEY, "jane", "app", "oidc"),
        (openid.GOOGLE, "jane", "app", "social"),
        (openid.APPLE, "jane", "app", "social"),
        (opaque.FACEBOOK, "1001", "app", "social"),
        (opaque.AMAZON, "amzn1.account.JANE", "app", "social"),
        (opaque.TWITTER, "2002", "consumer", "social"),
    ],
)
async def test_a_good_login_says_whose_it_is(world: LoginWorld, key: str, subject: str, app: str, kind: str) -> None:
    proven = await world.prove(key, world.good()[key])

    assert (key, subject, app, kind) == (proven.provider, proven.subject, proven.app, proven.kind)
    assert key == proven.amr[0]


async def test_all_logins_of_a_map_are_proven_together(world: LoginWorld) -> None:
    proven = await world.logins.prove(world.pool, world.good())

    assert list(KINDS) == [login.provider for login in proven]


async def test_the_names_are_those_under_which_mappings_stand(world: LoginWorld) -> None:
    good = world.good()

    at_home = f"auth.example.com/{USER_POOL}"
    of_pool = (f"{USER_POOL_KEY}:app", USER_POOL_KEY, f"{at_home}:app", at_home)
    assert of_pool == (await world.prove(USER_POOL_KEY, good[USER_POOL_KEY])).names
    assert OIDC_ARN == (await world.prove(OIDC_KEY, good[OIDC_KEY])).names[0]
    assert (SAML_ARN,) == (await world.prove(SAML_ARN, good[SAML_ARN])).names
    assert ("graph.facebook.com",) == (await world.prove(opaque.FACEBOOK, good[opaque.FACEBOOK])).names


async def test_claims_of_opaque_tokens_are_those_that_mappings_and_tags_ask_for(world: LoginWorld) -> None:
    good = world.good()

    facebook = (await world.prove(opaque.FACEBOOK, good[opaque.FACEBOOK])).claims
    amazon = (await world.prove(opaque.AMAZON, good[opaque.AMAZON])).claims

    assert {"iss": opaque.FACEBOOK, "aud": "app", "sub": "1001", "app_id": "app", "user_id": "1001"} == facebook
    assert {"iss": opaque.AMAZON, "aud": "app", "sub": "amzn1.account.JANE"}.items() <= amazon.items()


async def test_a_user_pool_token_tells_its_user_to_tokens_of_ours(world: LoginWorld) -> None:
    proven = await world.prove(USER_POOL_KEY, world.user_pool_token())

    assert (USER_POOL_KEY, f"{USER_POOL_KEY}:CognitoSignIn:jane") == proven.amr


async def test_a_proven_login_does_not_show_whose_it_is(world: LoginWorld) -> None:
    proven = await world.prove(opaque.AMAZON, world.good()[opaque.AMAZON])

    assert "JANE" not in repr(proven)


async def test_both_spellings_of_a_user_pool_are_one(world: LoginWorld) -> None:
    proven = await world.prove(f"auth.example.com/{USER_POOL}", world.user_pool_token())

    assert USER_POOL_KEY == proven.provider
    by_host = world.with_pool(user_pools=(UserPoolProvider(name=f"auth.example.com/{USER_POOL}", client_id="app"),))
    assert USER_POOL_KEY == (await world.prove(USER_POOL_KEY, world.user_pool_token(), by_host)).provider


def test_keys_of_our_own_issuer_and_of_user_pools_are_told_from_others() -> None:
    keys = LoginKeys(BASE_URL)

    assert [True, True, False] == [keys.is_own(key) for key in (OWN, "auth.example.com", "auth.example.com/x")]
    assert OWN == keys.canonical("auth.example.com")
    assert "evil.example.com/us-east-1_AbCdEfGhI" == keys.canonical("evil.example.com/us-east-1_AbCdEfGhI")
    assert ({"a": "1"}, "2") == keys.apart({"a": "1", "auth.example.com": "2"})
    assert USER_POOL == user_pool_of(USER_POOL_KEY)
    assert None is user_pool_of("cognito-idp.eu-west-1.amazonaws.com/us-east-1_AbCdEfGhI")


async def test_facebook_is_asked_with_the_token_alone_where_no_secret_is_known() -> None:
    world = LoginWorld(facebook_secret=None)

    proven = await world.prove(opaque.FACEBOOK, world.providers.facebook_token("app", "1001"))
    asked = [place.rpartition("/")[2] for place in world.providers.requests]

    assert ("1001", ["app", "me"]) == (proven.subject, asked)


async def test_an_id_token_of_limited_login_is_taken_as_facebooks(world: LoginWorld) -> None:
    proven = await world.prove(opaque.FACEBOOK, world.providers.facebook_limited.token("app", "1001"))

    assert (opaque.FACEBOOK, "1001") == (proven.provider, proven.subject)


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
async def test_google_calls_itself_by_two_names(world: LoginWorld, issuer: str) -> None:
    assert "jane" == (await world.prove(openid.GOOGLE, world.providers.google.token("app", "jane", iss=issuer))).subject


@pytest.mark.parametrize("issuer", ["https://appleid.apple.com", "https://account.apple.com"])
async def test_apple_calls_itself_by_two_names(world: LoginWorld, issuer: str) -> None:
    assert "jane" == (await world.prove(openid.APPLE, world.providers.apple.token("app", "jane", iss=issuer))).subject


async def test_google_names_the_app_as_audience_or_as_the_party_that_asked(world: LoginWorld) -> None:
    google = world.providers.google

    assert "app" == (await world.prove(openid.GOOGLE, google.token("app", "jane", azp="android"))).app
    assert "app" == (await world.prove(openid.GOOGLE, google.token("back-end", "jane", azp="app"))).app


async def test_a_saml_response_offers_the_roles_that_are_paired_with_its_provider(world: LoginWorld) -> None:
    role, other = "arn:aws:iam::000000000000:role/A", "arn:aws:iam::000000000000:role/B"
    offered = [f"{role},{SAML_ARN}", f"{SAML_ARN}, {other}", f"{role},{SAML_ARN}x", f"{role},{other}", SAML_ARN, ""]
    response = world.saml_response(attributes={"https://aws.amazon.com/SAML/Attributes/Role": offered, "mail": ["j@x"]})

    proven = await world.prove(SAML_ARN, response)

    assert ((role, other), "j@x") == (proven.saml_roles, proven.claims["mail"])


async def test_names_of_one_saml_user_are_another_where_what_qualifies_them_is(world: LoginWorld) -> None:
    one = await world.prove(SAML_ARN, world.saml_response("jane"))
    same = await world.prove(SAML_ARN, world.saml_response("jane"))
    mail = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    other = await world.prove(SAML_ARN, world.saml_response("jane", name_format=mail))

    assert one.subject == same.subject != other.subject


# --- the words -------------------------------------------------------------------------------------------------------


async def test_refusals_are_in_the_words_of_the_field(world: LoginWorld) -> None:
    now, elsewhere = int(world.clock.now()), world.providers.openid("https://elsewhere.example")
    said = [
        await refusal(world, "unknown.example.com", "x"),
        await refusal(world, USER_POOL_KEY, world.user_pool_token("strange-app")),
        await refusal(world, OIDC_KEY, elsewhere.token("app", "jane")),
        await refusal(world, OIDC_KEY, world.oidc_token()[:-4] + "AAAA"),
        await refusal(world, OIDC_KEY, world.oidc_token(exp=now - 300)),
        await refusal(world, USER_POOL_KEY, world.user_pool_token(None, client_id="app", token_use="access")),
        await refusal(world, OIDC_KEY, "no.token"),
    ]

    assert [
        "Token is not from a supported provider of this identity pool.",
        "Token is not from a supported provider of this identity pool.",
        "Invalid login token. Issuer doesn't match providerName",
        "Invalid login token. Couldn't verify signed token.",
        f"Invalid login token. Token expired: {now} >= {now - 300}",
        "Invalid login token. Missing a required claim: aud",
        "Invalid login token. Not a valid OpenId Connect identity token.",
    ] == said


async def test_in_a_pool_without_providers_no_login_matches(world: LoginWorld) -> None:
    bare = world.with_pool(social={}, oidc_provider_arns=(), user_pools=(), saml_provider_arns=())

    said = await refusal(world, OIDC_KEY, world.oidc_token(), bare)

    assert "Logins don't match. Please include at least one valid login for this identity or identity pool." == said


async def test_the_developer_provider_is_no_public_one(world: LoginWorld) -> None:
    with pytest.raises(InvalidParameter, match="Please provide a valid public provider"):
        await world.logins.prove(world.pool, {**world.good(), "our.back.end": "jane"})
    assert [] == world.providers.requests


async def test_one_bad_login_fails_the_whole_call(world: LoginWorld) -> None:
    with pytest.raises(LoginRefused):
        await world.logins.prove(world.pool, {**world.good(), openid.APPLE: world.good()[openid.GOOGLE]})


async def test_a_map_with_an_unknown_provider_calls_nobody(world: LoginWorld) -> None:
    with pytest.raises(LoginRefused):
        await world.logins.prove(world.pool, {**world.good(), "unknown.example.com": "x"})

    assert [] == world.providers.requests


async def test_the_order_of_checks_is_issuer_signature_app_time(world: LoginWorld) -> None:
    now = int(world.clock.now())
    strange = world.providers.openid("https://strange.example")
    all_wrong = strange.token("strange-app", "jane", exp=now - 9999)
    world.oidc_token()
    of_ours = strange.token("strange-app", "jane", exp=now - 9999, iss=ISSUER)

    assert "Issuer doesn't match" in await refusal(world, OIDC_KEY, all_wrong)
    assert "Couldn't verify" in await refusal(world, OIDC_KEY, of_ours)
    late = world.oidc_token("strange-app", "jane", exp=now - 9999)
    assert "not from a supported" in await refusal(world, OIDC_KEY, late)
    assert "expired" in await refusal(world, OIDC_KEY, world.oidc_token("app", "jane", exp=now - 9999))


async def test_clocks_of_others_may_differ_by_five_minutes(world: LoginWorld) -> None:
    now = int(world.clock.now())

    assert "jane" == (await world.prove(OIDC_KEY, world.oidc_token(exp=now - 299))).subject
    assert "jane" == (await world.prove(OIDC_KEY, world.oidc_token(iat=now + 299, nbf=now + 299))).subject
    assert "expired" in await refusal(world, OIDC_KEY, world.oidc_token(exp=now - 300))
    assert "not valid yet" in await refusal(world, OIDC_KEY, world.oidc_token(nbf=now + 302))
    assert "not valid yet" in await refusal(world, OIDC_KEY, world.oidc_token(iat=now + 302))


async def test_our_own_clock_does_not_differ(world: LoginWorld) -> None:
    now = int(world.clock.now())

    assert "expired" in await refusal(world, USER_POOL_KEY, world.user_pool_token(exp=now))


async def test_the_party_that_asked_counts_before_the_audience(world: LoginWorld) -> None:
    assert "app" == (await world.prove(OIDC_KEY, world.oidc_token("app", "jane"))).app
    assert "other-app" == (await world.prove(OIDC_KEY, world.oidc_token("app", "jane", azp="other-app"))).app
    assert "app" == (await world.prove(OIDC_KEY, world.oidc_token("elsewhere", "jane", azp="app"))).app


@pytest.mark.parametrize("azp", ["strange-app", ["app"], "", 5, {}])
async def test_a_party_that_is_none_of_the_apps_is_refused_whatever_the_audience(
    world: LoginWorld, azp: object
) -> None:
    assert "not from a supported" in await refusal(world, OIDC_KEY, world.oidc_token("app", "jane", azp=azp))


@pytest.mark.parametrize("subject", ["", "\n", "a\0b", 5, True, [], {}, "x" * 256])
async def test_a_subject_is_a_text_that_is_not_empty(world: LoginWorld, subject: Any) -> None:
    assert "Invalid login token." == await refusal(world, OIDC_KEY, world.oidc_token("app", subject))


async def test_a_token_without_a_subject_says_so(world: LoginWorld) -> None:
    assert "Missing a required claim: sub" in await refusal(world, OIDC_KEY, world.oidc_token("app", None))
    assert "Missing a required claim: exp" in await refusal(world, OIDC_KEY, world.oidc_token(exp=None))
    assert "Missing a required claim: iss" in await refusal(world, OIDC_KEY, world.oidc_token(iss=None))


# --- what is kept of a refusal ---------------------------------------------------------------------------------------


@EVERY_KIND
async def test_a_refusal_is_noted_without_value_and_subject(world: LoginWorld, key: str) -> None:
    value = world.good()[key]
    spoilt = value[: len(value) // 2]

    with pytest.raises((LoginRefused, ProviderAway)):
        await world.prove(key, spoilt)
    ((action, pool_id, facts),) = world.noted.entries

    assert ("login.refused", POOL_ID, key) == (action, pool_id, facts["provider"])
    assert {"provider", "why"} == facts.keys()
    assert spoilt not in str(world.noted.entries)


async def test_a_provider_that_nobody_has_configured_is_not_noted(world: LoginWorld) -> None:
    await refusal(world, "x" * 128, "y")

    assert [] == world.noted.entries


# --- providers that are away -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER, openid.GOOGLE, OIDC_KEY])
async def test_a_provider_that_does_not_answer_is_away(world: LoginWorld, key: str) -> None:
    value = world.good()[key]
    world.providers.away |= {
        "graph.facebook.com",
        "api.amazon.com",
        "api.twitter.com",
        "www.googleapis.com",
        "login.example.org",
    }

    with pytest.raises(ProviderAway):
        await world.prove(key, value)


@pytest.mark.parametrize("key", [opaque.FACEBOOK, opaque.AMAZON, opaque.TWITTER])
@pytest.mark.parametrize(
    "answer",
    [(200, b"{}"), (200, b"[]"), (200, b""), (200, b"\xff"), (200, b'{"error":"x"}'), (200, b"null"), (302, b"")]
    + [(status, b"{}") for status in (204, 400, 401, 403, 404, 429, 500, 503)]
    + [(200, b'{"id":"app","data":{"app_id":"app"},"aud":"app","exp":1}'), (200, b"[" * 5000)],
)
async def test_an_answer_without_a_user_is_nobody(world: LoginWorld, key: str, answer: tuple[int, bytes]) -> None:
    value, (status, body) = world.good()[key], answer
    for host in ("graph.facebook.com", "api.amazon.com", "api.twitter.com"):
        world.providers.broken[host] = HttpAnswer(status, {}, body)

    with pytest.raises((LoginRefused, ProviderAway)):
        await world.prove(key, value)


async def test_keys_are_fetched_once_and_again_for_an_unknown_name(world: LoginWorld) -> None:
    issuer = world.providers.openid(ISSUER)
    for _ in range(5):
        await world.prove(OIDC_KEY, world.oidc_token())
    fetched = len(world.providers.requests)
    world.clock.advance(61)
    issuer.rotate()
    await world.prove(OIDC_KEY, world.oidc_token())

    assert (2, 4) == (fetched, len(world.providers.requests))


async def test_a_thousand_unknown_names_lead_to_one_fetch_a_minute(world: LoginWorld) -> None:
    issuer = world.providers.openid(ISSUER)
    await world.prove(OIDC_KEY, world.oidc_token())
    world.clock.advance(61)
    before = len(world.providers.requests)
    issuer.kid = next(iter(issuer.keys))
    for number in range(1000):
        issuer.keys = {f"made-up-{number}": next(iter(issuer.keys.values()))}
        issuer.kid = f"made-up-{number}"
        token = issuer.token("app", "jane")
        issuer.keys = {"published": issuer.keys[issuer.kid]}
        with pytest.raises(LoginRefused):
            await world.prove(OIDC_KEY, token)

    assert 2 == len(world.providers.requests) - before


async def test_many_at_once_share_one_fetch(world: LoginWorld) -> None:
    token = world.oidc_token()

    await asyncio.gather(*(world.prove(OIDC_KEY, token) for _ in range(50)))

    assert 2 == len(world.providers.requests)


async def test_the_last_good_keys_serve_while_the_provider_is_away(world: LoginWorld) -> None:
    await world.prove(OIDC_KEY, world.oidc_token())
    world.providers.away.add("login.example.org")
    world.clock.advance(2 * 3600)

    assert "jane" == (await world.prove(OIDC_KEY, world.oidc_token())).subject


async def test_a_provider_that_was_away_is_asked_again_after_some_seconds(world: LoginWorld) -> None:
    world.providers.away.add("login.example.org")
    for _ in range(3):
        with pytest.raises(ProviderAway):
            await world.prove(OIDC_KEY, world.oidc_token())
    asked = len(world.providers.requests)
    world.providers.away.clear()
    world.clock.advance(6)

    assert "jane" == (await world.prove(OIDC_KEY, world.oidc_token())).subject
    assert 1 == asked


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{}", b"null", b"[" * 10_000, b"{" * 10, b'{"issuer":1}', b"x" * 300_000],
)
async def test_a_provider_that_answers_rubbish_is_away(world: LoginWorld, body: bytes) -> None:
    world.providers.broken["login.example.org"] = HttpAnswer(200, {}, body)

    with pytest.raises(ProviderAway):
        await world.prove(OIDC_KEY, world.oidc_token())


async def test_a_discovery_document_of_another_issuer_is_none(world: LoginWorld) -> None:
    world.oidc_records.held[OIDC_KEY] = OidcProvider(issuer=f"{ISSUER}/", client_ids=("app",), created=0)
    token = world.oidc_token("app", "jane", iss=f"{ISSUER}/")

    with pytest.raises(ProviderAway):
        await world.prove(OIDC_KEY, token)


# --- user pools ------------------------------------------------------------------------------------------------------


async def test_a_pool_of_this_server_is_asked_without_http(world: LoginWorld) -> None:
    await world.prove(USER_POOL_KEY, world.user_pool_token())

    assert [] == world.providers.requests


async def test_without_user_pools_in_the_process_the_same_pool_is_checked_by_what_it_publishes() -> None:
    world = LoginWorld(in_process=False)

    proven = await world.prove(USER_POOL_KEY, world.user_pool_token())

    assert (USER_POOL_KEY, "jane") == (proven.provider, proven.subject)
    assert [f"{BASE_URL}/{USER_POOL}/.well-known/jwks.json"] == world.providers.requests


async def test_a_pool_of_others_is_checked_by_what_it_publishes(world: LoginWorld) -> None:
    key = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Elsewhere"
    pool = world.with_pool(user_pools=(UserPoolProvider(name=key, client_id="app"),))
    token = world.providers.openid(f"https://{key}").token("app", "jane", token_use="id")

    assert "jane" == (await world.prove(key, token, pool)).subject


async def test_of_a_pool_that_is_here_no_other_issuer_is_taken(world: LoginWorld) -> None:
    twin = world.providers.openid(f"https://{USER_POOL_KEY}").token("app", "jane", token_use="id")

    assert "Issuer doesn't match" in await refusal(world, USER_POOL_KEY, twin)


async def test_a_user_who_was_signed_out_is_asked_about_where_the_pool_says_so(world: LoginWorld) -> None:
    world.here.ended.add("jane")

    assert "jane" == (await world.prove(USER_POOL_KEY, world.user_pool_token("app"))).subject
    said = await refusal(world, USER_POOL_KEY, world.user_pool_token("asking-app"))
    assert "Invalid login token. The user was signed out, disabled or deleted." == said


async def test_where_nobody_can_be_asked_about_a_user_the_answer_is_no() -> None:
    world = LoginWorld(in_process=False)

    said = await refusal(world, USER_POOL_KEY, world.user_pool_token("asking-app"))

    assert "The user pool cannot be asked about its users from here." == said


# --- limits ----------------------------------------------------------------------------------------------------------


async def test_calls_of_providers_are_limited_by_address_and_by_pool() -> None:
    by_source, by_pool = LoginWorld(by_source=2), LoginWorld(by_pool=2)
    begin(Origin(source="192.0.2.7"))
    for world in (by_source, by_pool):
        token = world.providers.amazon_token("app", "jane")
        for _ in range(2):
            await world.prove(opaque.AMAZON, token)
        with pytest.raises(TooManyRequests):
            await world.prove(opaque.AMAZON, token)
        assert 2 == len(world.providers.requests)
    begin(Origin(source="192.0.2.8"))
    assert "jane" == (await by_source.prove(opaque.AMAZON, by_source.providers.amazon_token("app", "jane"))).subject
    with pytest.raises(TooManyRequests):
        await by_pool.prove(opaque.AMAZON, by_pool.providers.amazon_token("app", "jane"))


# --- our own tokens --------------------------------------------------------------------------------------------------


def identity(number: int = 1) -> Identity:
    return Identity(id=f"us-east-1:00000000-0000-4000-8000-00000000000{number}", pool_id=POOL_ID, created=0, modified=0)


async def test_a_token_of_our_own_is_proven_with_all_that_it_says(world: LoginWorld) -> None:
    tokens = OpenIdTokens(world.own, world.clock, "000000000000")
    proven = await world.prove(USER_POOL_KEY, world.user_pool_token())

    token = await tokens.make(world.pool, identity(), [proven], tags={"team": "red"})
    own = await world.logins.prove_own(world.pool, token)

    assert (POOL_ID, identity().id, {"team": "red"}) == (own.pool_id, own.identity_id, own.tags)
    assert ("authenticated", USER_POOL_KEY, f"{USER_POOL_KEY}:CognitoSignIn:jane") == own.amr
    again = await world.logins.prove_own(world.pool, await tokens.make(world.pool, identity(), [], own=own))
    assert own.amr == again.amr


async def test_a_token_of_our_own_is_refused_in_the_words_of_the_field(world: LoginWorld) -> None:
    tokens = OpenIdTokens(world.own, world.clock, "000000000000")
    proven = await world.prove(USER_POOL_KEY, world.user_pool_token())
    other = world.with_pool(id="us-east-1:99999999-2c08-43f0-9983-28727cd1e4f2")
    good = await tokens.make(world.pool, identity(), [proven])
    guest = await tokens.make(world.pool, identity(), [])

    async def said(token: str, pool: IdentityPool = world.pool) -> str:
        with pytest.raises(LoginRefused) as refused:
            await world.logins.prove_own(pool, token)
        return str(refused.value)

    assert "Invalid login token. Not a Cognito token." == await said(world.user_pool_token())
    assert "Invalid login token. Not a Cognito token." == await said("rubbish")
    assert ("unauthenticated",) == (await world.logins.prove_own(world.pool, guest)).amr
    assert "Token is not from a supported provider of this identity pool." == await said(good, other)
    revoked = world.with_pool(revoked_before=world.clock.now() + 2)
    assert "signed out" in await said(good, revoked)
    world.clock.advance(600)
    assert "Invalid login token. Token expired: " in await said(good)
