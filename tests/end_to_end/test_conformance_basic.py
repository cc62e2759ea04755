"""The modules of the conformance suite's Basic plan, and of its Form Post Basic plan, which are the same.

Each test has the name of its module. Where the suite skips a module unless something is advertised, the test says that
it is not advertised, and what happens to whoever tries.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import jwt
import pytest

from tests.support.conformance import NONCE, PERSON, STATE, Callback, Suite, suite, without
from tests.support.house import PASSWORD
from tests.support.oauth import CALLBACK, CHALLENGE, VERIFIER
from tests.support.robot import Screen

VSCHAR = re.compile(r"[\x20-\x7e]+")


@pytest.fixture(params=["query", "form_post"])
async def at(request: pytest.FixtureRequest) -> AsyncIterator[Suite]:
    async with suite(request.param) as opened:
        yield opened


def shown(told: Screen | Callback) -> Screen:
    assert isinstance(told, Screen), told
    return told


async def test_oidcc_server(at: Suite) -> None:
    signed = await at.sign_in()
    info = await at.userinfo(signed.tokens["access_token"])

    assert at.sub == info.json["sub"] == signed.claims["sub"]
    assert at.first.id == signed.claims["aud"]
    assert ["signin"] == [form for form in at.seen if form != "language"]


async def test_oidcc_response_type_missing(at: Suite) -> None:
    told = await at.start(without(at.request(), "response_type"))

    assert isinstance(told, Callback)
    assert "invalid_request" == told.fields["error"]
    assert "response_type" in told.fields["error_description"]
    assert STATE == told.fields["state"]
    assert "code" not in told.fields


async def test_oidcc_idtoken_signature(at: Suite) -> None:
    signed = await at.sign_in()

    head = jwt.get_unverified_header(signed.tokens["id_token"])
    assert "RS256" == head["alg"]
    assert 1 == [key["kid"] for key in await at.jwks()].count(head["kid"])


async def test_oidcc_idtoken_unsigned(at: Suite) -> None:
    assert "none" not in (await at.metadata())["id_token_signing_alg_values_supported"]


async def test_oidcc_userinfo_get(at: Suite) -> None:
    signed = await at.sign_in()

    told = await at.userinfo(signed.tokens["access_token"])

    assert (200, "application/json") == (told.status, told.headers["Content-Type"].partition(";")[0])
    assert at.sub == told.json["sub"]


async def test_oidcc_userinfo_post_header(at: Suite) -> None:
    signed = await at.sign_in()

    told = await at.userinfo(signed.tokens["access_token"], "POST")

    assert (200, at.sub) == (told.status, told.json["sub"])


async def test_oidcc_userinfo_post_body(at: Suite) -> None:
    signed = await at.sign_in()

    told = await at.userinfo(signed.tokens["access_token"], "POST", in_body=True)

    assert (200, at.sub) == (told.status, told.json["sub"])


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(at: Suite) -> None:
    signed = await at.sign_in(nonce=None)

    assert "nonce" not in signed.claims


SCOPES = {
    "profile": [
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    ],
    "email": ["email", "email_verified"],
    "phone": ["phone_number", "phone_number_verified"],
}


async def claims_of_scopes(at: Suite, *scopes: str) -> dict[str, object]:
    """What UserInfo says, all of it of the right type."""
    signed = await at.sign_in(scope=" ".join(("openid", *scopes)))
    assert {"openid", *scopes} == set(signed.tokens["scope"].split())
    told = await at.userinfo(signed.tokens["access_token"])
    claims: dict[str, object] = told.json
    for name in [name for scope in scopes for name in SCOPES[scope]]:
        expected: object = PERSON[name]
        if name == "updated_at":
            # It is the server that knows it.
            assert isinstance(claims[name], int)
            continue
        if name.endswith("_verified"):
            expected = True
        assert expected == claims[name], name
        assert type(expected) is type(claims[name]), name
    return claims


async def test_oidcc_scope_profile(at: Suite) -> None:
    assert "email" not in await claims_of_scopes(at, "profile")


async def test_oidcc_scope_email(at: Suite) -> None:
    assert "name" not in await claims_of_scopes(at, "email")


async def test_oidcc_scope_phone(at: Suite) -> None:
    assert "name" not in await claims_of_scopes(at, "phone")


async def test_oidcc_scope_address(at: Suite) -> None:
    """The suite skips it: the scope is not advertised. The claim is, and comes as an object."""
    said = await at.metadata()
    assert "address" not in said["scopes_supported"]
    assert "address" in said["claims_supported"]

    claims = await claims_of_scopes(at, "profile")

    assert {"formatted": PERSON["address"]} == claims["address"]


async def test_oidcc_scope_all(at: Suite) -> None:
    claims = await claims_of_scopes(at, "profile", "email", "phone")

    assert set() == {name for names in SCOPES.values() for name in names} - claims.keys()


async def test_oidcc_alternate_happy_flow(at: Suite) -> None:
    asked = at.request(scope="email profile openid")
    signed = await at.signed(await at.through(await at.start(dict(sorted(asked.items(), reverse=True)))))

    assert {"openid", "email", "profile"} == set(signed.tokens["scope"].split())


@pytest.mark.parametrize("display", ["page", "popup"])
async def test_oidcc_display(at: Suite, display: str) -> None:
    """oidcc-display-page and oidcc-display-popup."""
    await at.sign_in(display=display)


async def test_oidcc_prompt_login(at: Suite) -> None:
    before = await at.sign_in()
    at.wait(5)

    page = shown(await at.start(at.request(prompt="login")))
    assert "signin" in page.forms
    after = await at.signed(await at.through(page))

    assert before.claims["sub"] == after.claims["sub"]
    assert before.claims["auth_time"] + 5 <= after.claims["auth_time"]


async def test_oidcc_prompt_none_not_logged_in(at: Suite) -> None:
    told = await at.silent()

    assert "login_required" == told.fields["error"]
    assert STATE == told.fields["state"]
    assert "code" not in told.fields


async def test_oidcc_prompt_none_logged_in(at: Suite) -> None:
    before = await at.sign_in()
    at.wait(5)

    after = await at.signed(await at.silent())

    assert (before.claims["sub"], before.claims["auth_time"]) == (after.claims["sub"], after.claims["auth_time"])


async def test_oidcc_max_age_1(at: Suite) -> None:
    before = await at.sign_in()
    at.wait(2)

    page = shown(await at.start(at.request(max_age="1")))
    assert "signin" in page.forms
    after = await at.signed(await at.through(page))

    assert before.claims["auth_time"] + 2 <= after.claims["auth_time"]
    assert after.claims["iat"] - after.claims["auth_time"] <= 1


async def test_oidcc_max_age_10000(at: Suite) -> None:
    before = await at.sign_in()
    at.wait(2)

    told = await at.start(at.request(max_age="10000"))
    assert isinstance(told, Callback)
    after = await at.signed(told)

    assert before.claims["auth_time"] == after.claims["auth_time"]


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(at: Suite) -> None:
    await at.sign_in(extra="foobar")


async def test_oidcc_id_token_hint(at: Suite) -> None:
    before = await at.sign_in()

    after = await at.signed(await at.silent(id_token_hint=before.tokens["id_token"]))

    assert before.claims["sub"] == after.claims["sub"]


async def test_oidcc_login_hint(at: Suite) -> None:
    page = shown(await at.start(at.request(login_hint="suite")))
    assert "suite" == page.forms["signin"].inputs["username"]["value"]

    await at.signed(await at.through(page))


async def test_oidcc_ui_locales(at: Suite) -> None:
    await at.sign_in(ui_locales="se")


async def test_oidcc_claims_locales(at: Suite) -> None:
    await at.sign_in(claims_locales="se")


async def test_oidcc_ensure_request_with_acr_values_succeeds(at: Suite) -> None:
    (least, *more) = (await at.metadata())["acr_values_supported"]

    signed = await at.sign_in(acr_values=" ".join((*more, least)))

    assert signed.claims["acr"] in (least, *more)


async def test_oidcc_codereuse(at: Suite) -> None:
    signed = await at.sign_in()

    again = await at.redeem(signed.code)

    assert (400, "invalid_grant") == again.error


async def test_oidcc_codereuse_30seconds(at: Suite) -> None:
    signed = await at.sign_in()
    token = signed.tokens["access_token"]
    assert 200 == (await at.userinfo(token)).status

    at.wait(30)
    again = await at.redeem(signed.code)

    assert (400, "invalid_grant") == again.error
    assert 401 == (await at.userinfo(token)).status


async def test_oidcc_ensure_registered_redirect_uri(at: Suite) -> None:
    page = shown(await at.start(at.request(redirect_uri=f"{CALLBACK}/other")))

    assert 400 == page.status
    assert "redirect_uri" in page.text
    assert f"{CALLBACK}/other" not in page.text
    assert {} == {name: form for name, form in page.forms.items() if name != "language"}


async def test_oidcc_ensure_post_request_succeeds(at: Suite) -> None:
    await at.signed(await at.through(await at.start(at.request(), "POST")))


async def test_oidcc_server_client_secret_post() -> None:
    """A module of the Basic plan; the Form Post plan has it, too."""
    for mode in ("query", "form_post"):
        async with suite(mode) as at:
            assert "client_secret_post" in (await at.metadata())["token_endpoint_auth_methods_supported"]

            await at.signed(await at.authorize(), by="post")


async def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(at: Suite) -> None:
    said = await at.metadata()
    assert said["request_uri_parameter_supported"] is False
    assert "none" not in said.get("request_object_signing_alg_values_supported", ())

    told = await at.start(at.request(request_uri="https://app.example.com/request.jwt"))

    assert isinstance(told, Callback)
    assert "request_uri_not_supported" == told.fields["error"]


async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(at: Suite) -> None:
    assert (await at.metadata())["request_parameter_supported"] is False

    told = await at.start(at.request(request=unsigned(at, state="inner")))

    assert isinstance(told, Callback)
    assert ("request_not_supported", STATE) == (told.fields["error"], told.fields["state"])


async def test_oidcc_claims_essential(at: Suite) -> None:
    asked = '{"userinfo":{"name":{"essential":true}}}'
    alone = await at.sign_in(claims=asked)
    # As in the field, `openid` alone is for all that the client may read: a claim adds something beside other scopes.
    beside = await at.sign_in(scope="openid email", claims=asked)

    assert PERSON["name"] == (await at.userinfo(alone.tokens["access_token"])).json["name"]
    told = await at.userinfo(beside.tokens["access_token"])
    assert PERSON["name"] == told.json["name"]
    assert "nickname" not in told.json


async def test_oidcc_ensure_request_object_with_redirect_uri(at: Suite) -> None:
    """The suite skips it, as unsigned request objects are not advertised. Nothing goes where one says."""
    inner = "https://evil.example.com/"

    told = await at.start(without(at.request(request=unsigned(at, redirect_uri=inner)), "redirect_uri"))
    page = await at.start(at.request(request=unsigned(at, redirect_uri=CALLBACK), redirect_uri=inner))

    assert 400 == shown(told).status
    assert 400 == shown(page).status


async def test_oidcc_refresh_token(at: Suite) -> None:
    assert "offline_access" in (await at.metadata())["scopes_supported"]
    await at.sign_in()
    signed = await at.sign_in(scope="openid offline_access", prompt="consent")
    refresh = signed.tokens["refresh_token"]
    assert ["consent"] == [form for form in at.seen if form != "language"]
    assert VSCHAR.fullmatch(refresh)
    at.wait(5)

    foreign = await at.token(at.second, grant_type="refresh_token", refresh_token=refresh)
    told = await at.token(grant_type="refresh_token", refresh_token=refresh)

    assert (400, "invalid_grant") == foreign.error
    assert 200 == told.status
    assert VSCHAR.fullmatch(told.json["refresh_token"])
    assert signed.tokens["access_token"] != told.json["access_token"]
    assert at.sub == (await at.userinfo(told.json["access_token"])).json["sub"]
    claims = await at.verified(told.json["id_token"], at.first)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert signed.claims[name] == claims[name], name
    assert signed.claims["iat"] < claims["iat"]
    assert claims.get("nonce") in (None, NONCE)


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(at: Suite) -> None:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert CHALLENGE == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    callback = await at.authorize(code_challenge=CHALLENGE, code_challenge_method="S256")

    await at.signed(callback, code_verifier=VERIFIER)


async def test_answers_by_form_post_are_posted_whatever_they_say() -> None:
    """What the Form Post plan asks of every answer, for one that the user has refused: nothing is in the address."""
    async with suite("form_post") as at:
        await at.site.asks_consent(at.first)
        page = shown(await at.start(at.request()))
        asked = await at.robot.send(page, "signin", username="suite", password=PASSWORD)
        assert "consent" in asked.forms

        told = await at.robot.send(asked, "consent", press="deny")

        form = told.forms["send"]
        assert ("POST", CALLBACK) == (form.method, form.action)
        assert ("access_denied", STATE, at.issuer) == tuple(form.fields[name] for name in ("error", "state", "iss"))
        assert "code" not in form.fields


def unsigned(at: Suite, **said: str) -> str:
    """A request object that nobody has signed."""
    return jwt.encode({**at.request(), **said, "aud": at.issuer, "iss": at.first.id}, "", "none")
