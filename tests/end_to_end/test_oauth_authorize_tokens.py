"""What tokens of the code flow say, and for how long they are good."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from poolhouse.config.settings import OAuth as OAuthSettings
from poolhouse.config.settings import Sessions, Tokens
from poolhouse.hooks.events.grants import PreToken
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.keys import Algorithm
from tests.support.oauth import OAuth, claims_of, code_settings, head_of, oauth_served

PROFILE = "openid profile"


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


def half(text: str, hashing: str = "sha256") -> str:
    hashed = hashlib.new(hashing, text.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


async def test_i1_an_id_token_says_who_for_whom_how_and_when(at: OAuth) -> None:
    held = await at.signed_in(None, "password", "totp")
    at.house.clock.advance(100)

    said = claims_of((await at.tokens(at.app, held))["id_token"])

    now = int(at.house.clock.now())
    assert {
        "iss": f"https://auth.example.com/{at.pool.id}", "sub": at.user.sub, "aud": at.app.id, "iat": now,
        "exp": now + 3600, "auth_time": now - 100, "nonce": "n-1", "acr": "mfa", "amr": ["pwd", "otp", "mfa"],
        "token_use": "id", "email": "jane@example.com",
    }.items() <= said.items()  # fmt: skip
    assert {"at_hash", "sid"} <= said.keys()
    assert not {"azp", "c_hash"} & said.keys()


async def test_i1_the_session_has_another_name_for_each_client_and_keeps_it(at: OAuth) -> None:
    held = await at.signed_in()

    async def sid(client_name: str, sessions: tuple[str, ...]) -> str:
        found: str = claims_of((await at.tokens(getattr(at, client_name), sessions))["id_token"])["sid"]
        return found

    assert await sid("app", held) == await sid("app", held)
    assert await sid("app", held) != await sid("web", held)
    assert await sid("app", held) != await sid("app", await at.signed_in())


async def test_an_access_token_is_of_the_version_that_the_fields_endpoints_give(at: OAuth) -> None:
    tokens = await at.tokens(at.app, scope="openid notes/read")
    said = claims_of(tokens["access_token"])

    assert (2, "access", at.app.id, "jane", "openid notes/read") == tuple(
        said[name] for name in ("version", "token_use", "client_id", "username", "scope")
    )
    told = await at.ask("introspect", {"token": (await at.tokens(at.web))["access_token"]}, at.basic(at.web))
    assert {"active": True, "scope": "openid email", "sub": at.user.sub}.items() <= told.json.items()


@pytest.mark.parametrize(
    ("algorithm", "hashing"), [(Algorithm.RS256, "sha256"), (Algorithm.ES256, "sha256"), (Algorithm.EDDSA, "sha512")]
)
async def test_i2_hashes_are_those_of_the_algorithm(algorithm: Algorithm, hashing: str) -> None:
    async with oauth_served(oauth=OAuthSettings(implicit=True), tokens=Tokens(rotation_lead=0, keys_fresh=1)) as at:
        await at.updated(at.app, **code_settings(oauth_flows=("code", "implicit")))
        await at.house.services.signing_keys.rotate(at.pool.id, algorithm)
        at.house.clock.advance(4000)

        tokens = await at.tokens(at.app)
        kind = "code id_token token"
        hybrid = (await at.authorize(at.request(at.app, response_type=kind), await at.signed_in())).fields

        assert algorithm.value == head_of(tokens["id_token"])["alg"]
        assert half(tokens["access_token"], hashing) == claims_of(tokens["id_token"])["at_hash"]
        said = claims_of(hybrid["id_token"])
        assert (half(hybrid["access_token"], hashing), half(hybrid["code"], hashing)) == (
            said["at_hash"],
            said["c_hash"],
        )


async def test_i2_plugins_do_not_say_what_vouches_for_a_token() -> None:
    class Liar:
        @hookimpl
        def pre_token(self, event: PreToken) -> PreToken:
            lies = dict.fromkeys(("at_hash", "c_hash", "s_hash", "nonce", "acr", "amr", "sid", "auth_time", "azp"), "x")
            return replace(event, id_claims={**event.id_claims, **lies}, access_claims=lies)

    async with oauth_served(plugins=[("liar", Liar())]) as at:
        tokens = await at.tokens(at.app)

    assert "x" not in claims_of(tokens["id_token"]).values()
    assert "x" not in claims_of(tokens["access_token"]).values()
    assert half(tokens["access_token"]) == claims_of(tokens["id_token"])["at_hash"]


async def test_i3_the_usual_signature_and_life(at: OAuth) -> None:
    tokens = await at.tokens(at.app)

    said = claims_of(tokens["id_token"])
    assert {"kid", "alg"} == head_of(tokens["id_token"]).keys()
    assert ("RS256", 3600) == (head_of(tokens["id_token"])["alg"], said["exp"] - said["iat"])


async def test_i4_an_id_token_has_the_claims_of_its_scopes(at: OAuth) -> None:
    async def has(scope: str) -> set[str]:
        said = claims_of((await at.tokens(at.app, scope=scope))["id_token"])
        return {"email", "given_name"} & said.keys()

    assert ({"email"}, {"given_name"}, {"email", "given_name"}) == (
        await has("openid email"),
        await has("openid profile"),
        await has("openid"),
    )


async def test_i5_a_refresh_keeps_who_and_when_and_says_no_nonce(at: OAuth) -> None:
    first = await at.tokens(at.app, scope=PROFILE)
    at.house.clock.advance(500)

    told = await at.token(at.app, grant_type="refresh_token", refresh_token=first["refresh_token"])

    before, after = claims_of(first["id_token"]), claims_of(told.json["id_token"])
    for name in ("iss", "sub", "aud", "auth_time", "origin_jti", "given_name"):
        assert before[name] == after[name]
    assert before["iat"] + 500 == after["iat"]
    assert "nonce" not in after
    assert half(told.json["access_token"]) == after["at_hash"]
    assert "email" not in after


async def test_at4_a_token_does_not_outlive_the_session_unless_the_user_agreed(at: OAuth) -> None:
    held = await at.signed_in()
    for _ in range(4):
        at.house.clock.advance(6 * 3600 - 400)
        await at.tokens(at.app, held)

    at.house.clock.advance(1200)
    tokens = await at.tokens(at.app, held)
    offline = await at.tokens(at.app, held, scope="openid offline_access")

    said = claims_of(tokens["access_token"])
    assert 400 == tokens["expires_in"] == said["exp"] - said["iat"]
    assert 3600 == offline["expires_in"]
    at.house.clock.advance(401)
    assert "login" == (await at.authorize(at.request(at.app), held)).page


async def test_rt6_refresh_tokens_end_with_the_session_unless_the_user_agreed(at: OAuth) -> None:
    held = await at.signed_in()
    usual = await at.tokens(at.app, held)
    offline = await at.tokens(at.app, held, scope="openid offline_access")
    elsewhere = await at.tokens(at.app)

    await at.house.services.sessions.end(at.pool, held)

    async def status(tokens: dict[str, str]) -> int:
        return (await at.token(at.app, grant_type="refresh_token", refresh_token=tokens["refresh_token"])).status

    assert (400, 200, 200) == (await status(usual), await status(offline), await status(elsewhere))
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {usual['access_token']}"}, method="GET")
    assert 401 == info.status


async def test_a_session_lasts_as_it_is_set() -> None:
    async with oauth_served(sessions=Sessions(idle=60, absolute=120, remembered=3600)) as at:
        held = await at.signed_in()
        at.house.clock.advance(61)

        assert "login" == (await at.authorize(at.request(at.app), held)).page


@pytest.mark.parametrize("implicit", [False, True])
async def test_d2_discovery_names_what_is_there(implicit: bool) -> None:
    async with (
        oauth_served(oauth=OAuthSettings(implicit=implicit)) as at,
        at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/openid-configuration") as answer,
    ):
        document = await answer.json()

    types = {"code"}
    grants = {"authorization_code", "client_credentials", "refresh_token"}
    if implicit:
        types |= {"id_token", "token", "id_token token", "code id_token", "code token", "code id_token token"}
        grants |= {"implicit"}
    assert types == set(document["response_types_supported"])
    assert grants == set(document["grant_types_supported"])
    assert f"{document['issuer']}/oauth2/authorize" == document["authorization_endpoint"]
    assert ["S256"] == document["code_challenge_methods_supported"]
    assert ["query", "fragment", "form_post"] == document["response_modes_supported"]
    assert {"none", "login", "consent", "select_account", "create"} == set(document["prompt_values_supported"])
    assert ["1fa", "mfa", "phr"] == document["acr_values_supported"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["claims_parameter_supported"] is True
    assert document["request_parameter_supported"] is False
    assert {"openid", "email", "offline_access"} <= set(document["scopes_supported"])
    assert {"sub", "email", "sid"} <= set(document["claims_supported"])
