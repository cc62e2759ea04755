"""Authorization requests over a socket: what is checked of them, by the ids of rules in ``docs/oidc.md``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from poolhouse.config.settings import OAuth as OAuthSettings
from poolhouse.flows.clients.own import OwnSettings
from poolhouse.flows.clients.settings import ClientSettings
from poolhouse.flows.oauth.interaction import Send, Step
from tests.support.oauth import CALLBACK, CHALLENGE, STATE, OAuth, claims_of, code_settings, oauth_served

LOOPBACK = "http://127.0.0.1/back?x=1"
APP = "com.example.app:/back"


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


@pytest.fixture
async def at_implicit() -> AsyncIterator[OAuth]:
    async with oauth_served(oauth=OAuthSettings(implicit=True)) as served:
        await served.updated(served.app, **code_settings(oauth_flows=("code", "implicit")))
        yield served


async def refused(at: OAuth, **changes: str | None) -> str | None:
    """The word that the public client is sent for a request with these changes."""
    return (await at.authorize(at.request(at.app, **changes), await at.signed_in())).refusal


# --- the whole way ---------------------------------------------------------------------------------------------------


async def test_a_code_flow_from_the_request_to_the_claims(at: OAuth) -> None:
    held = await at.signed_in()

    arrived = await at.authorize(at.request(at.app), held)
    told = await at.redeemed(at.app, arrived.fields["code"])
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {told.json['access_token']}"}, method="GET")

    assert 302 == arrived.status
    assert arrived.location.startswith(f"{CALLBACK}?")
    assert {"code", "state", "iss"} == arrived.fields.keys()
    assert 200 == told.status, told.body
    assert {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"} == told.json.keys()
    assert at.user.sub == claims_of(told.json["id_token"])["sub"] == info.json["sub"]
    refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=told.json["refresh_token"])
    assert 200 == refreshed.status


async def test_a_user_who_is_not_signed_in_goes_to_the_sign_in_page_and_comes_back(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.web))

    outcome = await at.after(arrived, await at.signed_in(), Step.SIGN_IN)

    assert (302, "login") == (arrived.status, arrived.page)
    assert isinstance(outcome, Send)
    assert 200 == (await at.redeemed(at.web, outcome.fields["code"])).status


# --- the request -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["oauth2/authorize", "authorize"])
async def test_a1_both_methods_do_the_same(at: OAuth, path: str) -> None:
    held = await at.signed_in()

    by_get = await at.authorize(at.request(at.app), held, path=path)
    by_post = await at.authorize(at.request(at.app), held, path=path, method="POST")

    assert (302, 303) == (by_get.status, by_post.status)
    assert by_get.fields.keys() == by_post.fields.keys() == {"code", "state", "iss"}


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
async def test_a1_other_methods_consume_nothing(at: OAuth, method: str) -> None:
    arrived = await at.authorize(at.request(at.app), await at.signed_in(), method=method)

    assert (405, "") == (arrived.status, arrived.location)


async def test_a1_what_is_posted_is_a_form(at: OAuth) -> None:
    url = at.url("authorize")
    async with at.api.session.post(url, json=at.request(at.app), allow_redirects=False) as answer:
        assert 400 == answer.status
        assert "Location" not in answer.headers


async def test_a2_nothing_travels_before_client_and_redirect_uri_are_settled(at: OAuth) -> None:
    wrong = {"prompt": "odd", "scope": "foreign", "response_type": "odd"}

    unknown = await at.authorize(at.request(at.app, client_id="nobody", **wrong))
    elsewhere = await at.authorize(at.request(at.app, redirect_uri="https://evil.example/", **wrong))
    way = await at.authorize(at.request(at.app, response_mode="odd", **wrong))
    settled = await at.authorize(at.request(at.app, **wrong))

    for shown in (unknown, elsewhere, way):
        assert (400, "") == (shown.status, shown.location)
    assert (302, "unsupported_response_type") == (settled.status, settled.refusal)


async def test_a3_response_types_are_told_apart(at_implicit: OAuth) -> None:
    at = at_implicit

    assert "invalid_request" == await refused(at, response_type=None)
    assert "unsupported_response_type" == await refused(at, response_type="cod")
    only_code = await at.authorize(at.request(at.web, response_type="token"))
    assert "unauthorized_client" == only_code.refusal
    held = await at.signed_in()
    one = await at.authorize(at.request(at.app, response_type="id_token code"), held)
    other = await at.authorize(at.request(at.app, response_type="code  id_token"), held)
    assert {"code", "id_token", "state", "iss"} == one.fields.keys() == other.fields.keys()


async def test_a4_scopes_are_those_that_the_client_may_have(at: OAuth) -> None:
    granted = await at.tokens(at.app, scope="email openid email")
    everything = await at.tokens(at.app, scope=None)
    plain = await at.tokens(at.app, scope="notes/read")

    assert "email openid" == granted["scope"]
    assert set(code_settings()["oauth_scopes"]) == set(everything["scope"].split())
    assert "notes/read" == plain["scope"]
    assert "id_token" not in plain
    told = await at.ask("userInfo", None, {"Authorization": f"Bearer {plain['access_token']}"}, method="GET")
    assert 403 == told.status
    for foreign in ("openid notes/burn", "bills/read", "address", "offline_access", "OPENID"):
        assert "invalid_scope" == await refused(at, scope=foreign)


async def test_a4_a_scope_that_the_client_lost_before_it_redeemed_its_code_is_not_given(at: OAuth) -> None:
    code = await at.code(at.app, scope="openid notes/read")
    await at.updated(at.app, **code_settings(oauth_scopes=("openid",)))

    assert "openid" == (await at.redeemed(at.app, code)).json["scope"]


async def test_a5_state_comes_back_as_it_was_and_only_where_it_was_sent(at: OAuth) -> None:
    held, long = await at.signed_in(), "x" * 4000

    assert STATE == (await at.authorize(at.request(at.app), held)).fields["state"]
    assert STATE == (await at.authorize(at.request(at.app, scope="odd"), held)).fields["state"]
    assert long == (await at.authorize(at.request(at.app, state=long), held)).fields["state"]
    assert "state" not in (await at.authorize(at.request(at.app, state=None), held)).fields
    assert "state" not in (await at.authorize(at.request(at.app, state=None, scope="odd"), held)).fields


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
async def test_a6_every_response_names_the_issuer(at: OAuth, mode: str) -> None:
    held = await at.signed_in()

    good = await at.authorize(at.request(at.app, response_mode=mode), held)
    bad = await at.authorize(at.request(at.app, response_mode=mode, scope="odd"), held)

    assert f"https://auth.example.com/{at.pool.id}" == good.fields["iss"] == bad.fields["iss"]


async def test_a7_the_nonce_comes_back_in_the_id_token_and_binds_those_of_the_endpoint(at_implicit: OAuth) -> None:
    at = at_implicit
    nonce = "n" * 1024

    assert nonce == claims_of((await at.tokens(at.app, nonce=nonce))["id_token"])["nonce"]
    assert "nonce" not in claims_of((await at.tokens(at.app, nonce=None))["id_token"])
    for needs in ("id_token", "id_token token", "code id_token", "code id_token token"):
        assert "invalid_request" == await refused(at, response_type=needs, nonce=None)


@pytest.mark.parametrize("odd", ["odd", "none login", "LOGIN", "login odd"])
async def test_a8_unknown_prompts_are_refused(at: OAuth, odd: str) -> None:
    assert "invalid_request" == await refused(at, prompt=odd)


@pytest.mark.parametrize("odd", ["-1", "1.5", "x", "1e3", "9" * 20, "\u0663"])
async def test_a9_max_age_is_a_number_of_seconds(at: OAuth, odd: str) -> None:
    assert "invalid_request" == await refused(at, max_age=odd)


async def test_a11_a_login_hint_is_kept_for_the_page_and_proves_nothing(at: OAuth) -> None:
    known = await at.authorize(at.request(at.app, login_hint="jane"))
    unknown = await at.authorize(at.request(at.app, login_hint="nobody"))

    assert (302, "login") == (known.status, known.page) == (unknown.status, unknown.page)
    assert "jane" == (await at.pending(known)).request.login_hint
    assert "login_required" == (await at.authorize(at.request(at.app, login_hint="jane", prompt="none"))).refusal


async def test_a13_languages_and_displays_are_no_errors(at: OAuth) -> None:
    wishes = {"display": "odd", "ui_locales": "xx de-CH", "claims_locales": "?", "lang": "fr"}

    arrived = await at.authorize(at.request(at.app, **wishes))

    assert ("xx", "de-CH", "fr") == (await at.pending(arrived)).request.locales
    assert None is await refused(at, **wishes)


@pytest.mark.parametrize("odd", ["{", "[]", "1", '{"userinfo": 1}', '{"id_token": {"email": 1}}', "[" * 2000, "null"])
async def test_a14_claims_that_are_no_such_object_are_refused(at: OAuth, odd: str) -> None:
    assert "invalid_request" == await refused(at, claims=odd)


async def test_a14_claims_are_given_one_by_one_where_the_client_may_have_their_scope(at: OAuth) -> None:
    asked = {
        "userinfo": {"given_name": {"essential": True}, "odd": None, "email": None},
        "id_token": {"given_name": None, "auth_time": {"essential": True}},
        "odd": 1,
    }
    by_name = await at.tokens(at.app, scope="openid phone", claims=json.dumps(asked))
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {by_name['access_token']}"}, method="GET")

    assert {"sub", "username", "given_name", "email"} == info.json.keys()
    assert "Jane" == claims_of(by_name["id_token"])["given_name"]
    assert "email" not in claims_of(by_name["id_token"])
    await at.updated(at.app, **code_settings(oauth_scopes=("openid", "phone")))
    less = await at.tokens(at.app, scope="openid phone", claims=json.dumps(asked))
    info = await at.ask("userInfo", None, {"Authorization": f"Bearer {less['access_token']}"}, method="GET")
    assert {"sub", "username"} == info.json.keys()


async def test_a15_modes_and_their_defaults(at_implicit: OAuth) -> None:
    at = at_implicit
    held = await at.signed_in()

    query = await at.authorize(at.request(at.app), held)
    fragment = await at.authorize(at.request(at.app, response_mode="fragment"), held)
    tokens = await at.authorize(at.request(at.app, response_type="id_token token"), held)

    assert ["?", "#", "#"] == [one.location[len(CALLBACK)] for one in (query, fragment, tokens)]
    for mode, kind in (("query", "id_token"), ("query", "code token"), ("jwt", "code"), ("odd", "code")):
        shown = await at.authorize(at.request(at.app, response_mode=mode, response_type=kind), held)
        assert (400, "") == (shown.status, shown.location)


async def test_a16_a_form_takes_the_answer_to_the_client_and_nowhere_else(at: OAuth) -> None:
    held = await at.signed_in()
    markup = '"><script>alert(1)</script>'

    good = await at.authorize(at.request(at.app, response_mode="form_post", state=markup), held)
    bad = await at.authorize(at.request(at.app, response_mode="form_post", state=markup, scope="odd"), held)

    for page in (good, bad):
        assert (200, "no-store") == (page.status, page.headers["Cache-Control"])
        assert markup == page.fields["state"]
        assert markup.encode() not in page.body
        assert f'action="{CALLBACK}"'.encode() in page.body
        assert "https://app.example.com" in page.headers["Content-Security-Policy"].partition("form-action")[2]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert 200 == (await at.redeemed(at.app, good.fields["code"])).status
    assert "invalid_scope" == bad.refusal


async def test_a18_what_is_not_served_is_never_ignored(at: OAuth) -> None:
    for name in ("request", "request_uri", "registration"):
        assert f"{name}_not_supported" == await refused(at, **{name: "x"})


async def test_g3_tokens_come_from_the_endpoint_only_where_server_and_client_have_it(
    at: OAuth, at_implicit: OAuth
) -> None:
    kinds = ("token", "id_token", "id_token token", "code id_token", "code token", "code id_token token")
    for kind in kinds:
        off = await at.authorize(at.request(at.app, response_type=kind), await at.signed_in())
        assert ("unsupported_response_type", "#") == (off.refusal, off.location[len(CALLBACK)])
    held = await at_implicit.signed_in()
    for kind in kinds:
        assert (
            "unauthorized_client"
            == (await at_implicit.authorize(at_implicit.request(at_implicit.web, response_type=kind), held)).refusal
        )
        on = await at_implicit.authorize(at_implicit.request(at_implicit.app, response_type=kind), held)
        assert None is on.refusal
        assert "refresh_token" not in on.fields
        assert ("token" in kind.split()) == ("access_token" in on.fields)
        assert ("code" in kind) == ("code" in on.fields)


async def test_g3_a_client_of_the_field_asks_for_a_token_and_is_given_both(at_implicit: OAuth) -> None:
    at = at_implicit
    asked = at.request(at.app, response_type="token", nonce=None, code_challenge=None, code_challenge_method=None)

    arrived = await at.authorize(asked, await at.signed_in())

    assert {"id_token", "access_token", "token_type", "expires_in", "scope", "state", "iss"} == arrived.fields.keys()
    assert ("Bearer", "3600") == (arrived.fields["token_type"], arrived.fields["expires_in"])
    told = await at.ask("userInfo", None, {"Authorization": f"Bearer {arrived.fields['access_token']}"}, method="GET")
    assert at.user.sub == told.json["sub"]


async def test_g4_a_code_is_random_and_kept_as_a_digest(at: OAuth) -> None:
    held = await at.signed_in()
    one, other = await at.code(at.app, held), await at.code(at.app, held)

    assert one != other
    assert 43 == len(one) == len(other)
    assert None is await at.house.built.ports.authorization_codes.get(at.pool.id, one)


# --- redirect URIs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        f"{CALLBACK}/", f"{CALLBACK}?x=1", f"{CALLBACK}#", "https://app.example.com/callback2",
        "https://APP.example.com/callback", "https://app.example.com:443/callback", "http://app.example.com/callback",
        "https://app.example.com/x/../callback", "https://app.example.com/%63allback", "//app.example.com/callback",
        "https://app.example.com@evil.example/callback", "https://app.example.com\\@evil.example/callback",
        f" {CALLBACK}",
    ],
)  # fmt: skip
async def test_r1_nothing_but_the_very_address_that_is_registered(at: OAuth, other: str) -> None:
    arrived = await at.authorize(at.request(at.app, redirect_uri=other), await at.signed_in())

    assert (400, "") == (arrived.status, arrived.location)


async def test_r2_the_port_of_a_loopback_address_is_a_public_clients_to_choose(at: OAuth) -> None:
    await at.updated(at.app, **code_settings(callback_urls=(LOOPBACK, "http://[::1]:9/b", "http://localhost:1/c")))
    await at.updated(at.web, **code_settings(callback_urls=(LOOPBACK,)))
    held = await at.signed_in()

    async def goes(client_uri: str, *, secret: bool = False) -> bool:
        client = at.web if secret else at.app
        return 302 == (await at.authorize(at.request(client, redirect_uri=client_uri), held)).status

    for good in ("http://127.0.0.1:51004/back?x=1", LOOPBACK, "http://[::1]:40000/b", "http://localhost:1/c"):
        assert await goes(good)
    for bad in (
        "http://127.0.0.1:51004/back", "http://127.0.0.1:51004/back?x=2", "http://127.0.0.2:1/back?x=1",
        "http://127.0.0.1:0/back?x=1", "http://127.0.0.1:65536/back?x=1", "http://127.0.0.1:1@evil.example/back?x=1",
        "https://127.0.0.1:1/back?x=1", "http://[::1]/back?x=1", "http://localhost:2/c", "http://127.0.0.1:/back?x=1",
    ):  # fmt: skip
        assert not await goes(bad)
    assert not await goes("http://127.0.0.1:51004/back?x=1", secret=True)


async def test_r4_a_redirect_uri_may_be_left_out_without_openid_where_there_is_but_one(at: OAuth) -> None:
    held = await at.signed_in()

    plain = await at.authorize(at.request(at.app, redirect_uri=None, scope="notes/read"), held)
    openid = await at.authorize(at.request(at.app, redirect_uri=None), held)
    await at.updated(at.app, **code_settings(callback_urls=(CALLBACK, "https://b.example/")))
    one_of_two = await at.authorize(at.request(at.app, redirect_uri=None, scope="notes/read"), held)
    settings = code_settings(callback_urls=("https://b.example/", CALLBACK), default_redirect_uri=CALLBACK)
    await at.updated(at.app, **settings)
    usual = await at.authorize(at.request(at.app, redirect_uri=None, scope=None), held)

    assert 200 == (await at.redeemed(at.app, plain.fields["code"], redirect_uri=None)).status
    assert "code" in usual.fields
    for shown in (openid, one_of_two):
        assert (400, "") == (shown.status, shown.location)
        assert b"redirect_uri" in shown.body


async def test_r5_a_wrong_address_or_client_is_shown_and_leads_nowhere(at: OAuth) -> None:
    evil = "https://evil.example/cb"

    mismatch = await at.authorize(at.request(at.app, redirect_uri=evil), await at.signed_in())
    unknown = await at.authorize(at.request(at.app, client_id="unknownclient"))
    none = await at.authorize(at.request(at.app, client_id=None))

    for shown in (mismatch, unknown, none):
        assert (400, "") == (shown.status, shown.location)
        assert b"evil.example" not in shown.body
        assert b"<a" not in shown.body
    assert 1 == mismatch.body.count(b"redirect_mismatch")
    assert b"Client does not exist" in unknown.body


async def test_r6_what_stands_in_the_registered_address_is_kept(at: OAuth) -> None:
    registered = f"{CALLBACK}?tenant=a%20b&x="
    await at.updated(at.app, **code_settings(callback_urls=(registered,)))

    arrived = await at.authorize(at.request(at.app, redirect_uri=registered), await at.signed_in())

    assert arrived.location.startswith(f"{registered}&code=")
    assert 200 == (await at.redeemed(at.app, arrived.fields["code"], redirect_uri=registered)).status


async def test_r8_the_pages_carry_the_id_of_a_request_and_no_address(at: OAuth) -> None:
    arrived = await at.authorize({**at.request(at.app), "next": "https://evil.example/", "return_to": "//evil"})

    assert f"/{at.pool.id}/login?tx={arrived.tx}" == arrived.location
    assert 43 == len(arrived.tx)


async def test_r9_an_app_of_a_device_has_pkce_whatever_was_set(at: OAuth) -> None:
    house = at.house
    native = await house.client(at.pool, generates_secret=True, **code_settings(callback_urls=(APP,)))
    held = await at.signed_in()
    without = {"code_challenge": None, "code_challenge_method": None}

    arrived = await at.authorize(at.request(native, redirect_uri=APP, **without), held)

    assert arrived.location.startswith(f"{APP}?error=invalid_request")
    good = await at.authorize(at.request(native, redirect_uri=APP), held)
    assert good.location.startswith(f"{APP}?code=")


# --- PKCE ------------------------------------------------------------------------------------------------------------

WITHOUT = {"code_challenge": None, "code_challenge_method": None}


async def test_p1_a_public_client_has_to_prove_that_the_code_is_its_own(at: OAuth) -> None:
    assert "invalid_request" == await refused(at, **WITHOUT)
    # The field's clients with a secret send none.
    code = await at.code(at.web, **WITHOUT)
    assert 200 == (await at.redeemed(at.web, code, code_verifier=None)).status


async def test_p1_a_client_can_be_held_to_it_or_freed_of_it(at: OAuth) -> None:
    held = await at.signed_in()
    for client, needs in ((at.web, True), (at.app, False)):
        await at.house.services.clients.update_own(client.id, OwnSettings(requires_pkce=needs))
        arrived = await at.authorize(at.request(client, **WITHOUT), held)
        assert needs == (arrived.refusal == "invalid_request")


async def test_p2_no_method_but_s256(at: OAuth) -> None:
    for method in ("plain", "s256", None, "S512"):
        assert "invalid_request" == await refused(at, code_challenge_method=method)
    assert "invalid_request" == await refused(at, code_challenge=None)


@pytest.mark.parametrize("odd", [CHALLENGE[:-1], f"{CHALLENGE}x", f"{CHALLENGE[:-1]}=", f"{CHALLENGE[:-1]}+", "é" * 43])
async def test_p3_a_challenge_is_43_characters(at: OAuth, odd: str) -> None:
    assert "invalid_request" == await refused(at, code_challenge=odd)


# --- Cognito's spellings ---------------------------------------------------------------------------------------------


async def test_providers_by_their_names(at: OAuth) -> None:
    arrived = await at.authorize(at.request(at.app, identity_provider="COGNITO", idp_identifier="example.com"))

    kept = (await at.pending(arrived)).request
    assert ("COGNITO", "example.com") == (kept.identity_provider, kept.idp_identifier)
    assert "invalid_request" == await refused(at, identity_provider="Google")


async def test_a_client_whose_oauth_is_off_is_shown_an_error(at: OAuth) -> None:
    await at.updated(at.app, **code_settings(oauth_enabled=False))

    arrived = await at.authorize(at.request(at.app), await at.signed_in())

    assert (400, "") == (arrived.status, arrived.location)


async def test_a_client_of_another_pool_is_unknown_here(at: OAuth) -> None:
    other = await at.house.pool()
    secret_app = await at.house.services.clients.create(
        other.id, "Unannounced", ClientSettings(**code_settings(oauth_scopes=("openid",)))
    )

    for client, pool_id in ((at.app, other.id), (secret_app, at.pool.id)):
        arrived = await at.authorize(at.request(client), await at.signed_in(), pool_id=pool_id)

        assert (400, "") == (arrived.status, arrived.location)
        assert b"Client does not exist" in arrived.body
        assert b"Unannounced" not in arrived.body
