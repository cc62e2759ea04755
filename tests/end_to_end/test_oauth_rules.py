"""The rules of OAuth 2 and OpenID Connect that the endpoints keep, by their ids in ``docs/oidc.md``, over a socket."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import pytest

from poolhouse.config.settings import Tokens
from poolhouse.records.clients import Rotation
from tests.support.house import PASSWORD
from tests.support.oauth import OAuth, claims_of, code_settings, machine_settings, oauth_served

MACHINE = {"grant_type": "client_credentials"}
ENDPOINTS = ("token", "revoke", "introspect")


@pytest.fixture
async def at() -> AsyncIterator[OAuth]:
    async with oauth_served() as served:
        yield served


# --- ground ----------------------------------------------------------------------------------------------------------


async def test_g2_a_client_of_another_pool_is_nobody_here(at: OAuth) -> None:
    other = await at.house.pool()

    for endpoint in ENDPOINTS:
        told = await at.ask(endpoint, {**MACHINE, "token": "x"}, at.basic(at.machine), pool_id=other.id)
        assert (401, "invalid_client") == told.error
    token = (await at.granted(at.app, "openid")).access
    told = await at.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method="GET", pool_id=other.id)
    assert (401, "invalid_token") == told.error


async def test_g6_an_empty_parameter_is_none_and_one_sent_twice_is_refused(at: OAuth) -> None:
    empty = await at.token(at.machine, **MACHINE, scope="")
    twice = [*MACHINE.items(), ("scope", "notes/read"), ("scope", "notes/write")]
    resources = [*MACHINE.items(), ("resource", "https://a"), ("resource", "https://b")]

    assert "notes/read notes/write" == empty.json["scope"]
    assert (400, "invalid_request") == (await at.ask("token", twice, at.basic(at.machine))).error
    assert 200 == (await at.ask("token", resources, at.basic(at.machine))).status
    assert (400, "invalid_request") == (await at.token(at.machine, grant_type="", unknown="1")).error


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
async def test_g7_only_forms_are_read(at: OAuth, kind: str) -> None:
    body = b"grant_type=client_credentials"

    told = await at.ask("token", body, {**at.basic(at.machine), "Content-Type": kind})

    assert (400, "invalid_request") == told.error


@pytest.mark.parametrize("name", ["client_secret", "token", "refresh_token", "code"])
async def test_g7_credentials_in_the_address_are_refused(at: OAuth, name: str) -> None:
    for endpoint in ENDPOINTS:
        told = await at.ask(endpoint, {**MACHINE, "token": "x"}, at.basic(at.machine), query=f"?{name}=x")
        assert (400, "invalid_request") == told.error


async def test_g8_what_is_too_long_is_refused_and_breaks_nothing(at: OAuth) -> None:
    for form in ({"scope": "s " * 2049}, {"x": "y" * 8193}, {"x": "y" * 70_000}, {f"p{n}": "1" for n in range(70)}):
        told = await at.token(at.machine, **MACHINE, **form)
        assert 400 == told.status
        assert told.json["error"] in ("invalid_request", "invalid_scope")


KIB = 1024
SOME = {f"x{number}": "y" * 7_000 for number in range(4)}
"""Parameters that mean nothing, none of them too long."""


@pytest.mark.parametrize("path", ["oauth2/authorize", "authorize"])
async def test_g8_an_authorization_request_may_have_32_kib_and_no_more(at: OAuth, path: str) -> None:
    fixed = urlencode({**at.request(at.app), **SOME, "z": ""})

    for method in ("GET", "POST"):
        whole = fixed + "z" * (32 * KIB - len(fixed))
        assert 32 * KIB == len(whole)
        assert 302 if method == "GET" else 303 == (await at.authorize(whole, method=method, path=path)).status
        over = await at.authorize(whole + "z", method=method, path=path)
        assert 400 == over.status
        assert b"invalid_request" in over.body
    for size in (40, 400):
        assert 400 == (await at.authorize("z" * size * KIB, path=path)).status


async def test_g8_the_fields_clients_reach_it_by_a_page_with_as_much(at: OAuth) -> None:
    async with aiohttp.ClientSession(max_field_size=64 * KIB) as at.api.session:
        arrived = await at.authorize({**at.request(at.app), **SOME}, path="login")

    assert 302 == arrived.status
    assert "/oauth2/authorize?client_id=" in arrived.headers["Location"]


@pytest.mark.parametrize("path", [".well-known/openid-configuration", "oauth2/userInfo", "oauth2/token", "nothing"])
async def test_g8_no_other_address_is_longer_than_8_kib(at: OAuth, path: str) -> None:
    begins = f"/{at.pool.id}/{path}?x="
    statuses = []
    for size in (8190, 8191):
        answer = await at.authorize("x=" + "y" * (size - len(begins)), path=path)
        statuses.append(answer.status)

    assert 414 != statuses[0]
    assert 414 == statuses[1]


@pytest.mark.parametrize("path", ["oauth2/authorize", "login", "oauth2/end_session", "logout"])
async def test_g8_a_long_address_has_few_parameters(at: OAuth, path: str) -> None:
    assert 414 == (await at.authorize("a&" * 8 * KIB, path=path)).status
    assert 414 != (await at.authorize("a&" * 2 * KIB, path=path)).status


@pytest.mark.parametrize("body", [b"\xff=\xfe", b"grant_type=%ff", b"%00=%00", b"=", b"&&&", b"grant_type"])
async def test_g8_odd_bytes_are_refused(at: OAuth, body: bytes) -> None:
    assert (400, "invalid_request") == (await at.ask("token", body, at.basic(at.machine))).error


# --- token endpoint --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_t1_the_endpoints_of_machines_are_posted_to(at: OAuth, method: str, endpoint: str) -> None:
    told = await at.ask(endpoint, None, at.basic(at.machine), method=method)

    assert 405 == told.status
    assert "POST" in told.headers["Allow"]


async def test_t2_an_answer_says_all_and_is_kept_by_nobody(at: OAuth) -> None:
    told = await at.token(at.machine, **MACHINE)

    assert {"access_token", "token_type", "expires_in", "scope"} == told.json.keys()
    assert ("Bearer", 3600, "notes/read notes/write") == tuple(
        told.json[name] for name in ("token_type", "expires_in", "scope")
    )
    assert ("no-store", "no-cache") == (told.headers["Cache-Control"], told.headers["Pragma"])
    assert told.headers["Content-Type"].startswith("application/json")


async def test_t3_grant_types_are_told_apart(at: OAuth) -> None:
    assert (400, "invalid_request") == (await at.token(at.machine)).error
    for unknown in ("password", "implicit", "authorization-code", "urn:ietf:params:oauth:grant-type:jwt-bearer"):
        assert (400, "unsupported_grant_type") == (await at.token(at.machine, grant_type=unknown)).error
    assert (400, "unauthorized_client") == (await at.token(at.web, **MACHINE)).error
    refresh = await at.token(at.machine, grant_type="refresh_token", refresh_token="x")
    assert (400, "unauthorized_client") == refresh.error


async def test_t3_a_client_whose_oauth_is_off_is_given_nothing(at: OAuth) -> None:
    await at.updated(at.machine, **machine_settings(oauth_enabled=False))

    assert (400, "unauthorized_client") == (await at.token(at.machine, **MACHINE)).error


async def test_t4_a_machines_token_is_its_own(at: OAuth) -> None:
    told = await at.token(at.machine, **MACHINE, scope="notes/read")
    claims = claims_of(told.json["access_token"])

    assert {
        "sub", "client_id", "iss", "token_use", "scope", "auth_time", "iat", "exp", "version", "jti",
    } == claims.keys()  # fmt: skip
    assert (at.machine.id, at.machine.id, "access", "notes/read", 2) == tuple(
        claims[name] for name in ("sub", "client_id", "token_use", "scope", "version")
    )
    assert claims["iat"] == claims["auth_time"] == claims["exp"] - 3600
    assert not {"id_token", "refresh_token"} & told.json.keys()


@pytest.mark.parametrize("scope", ["openid", "offline_access", "notes/burn", "bills/read", "notes/read openid"])
async def test_t4_a_machine_has_no_scope_of_users_and_none_that_is_not_its_own(at: OAuth, scope: str) -> None:
    assert (400, "invalid_scope") == (await at.token(at.machine, **MACHINE, scope=scope)).error


async def test_t4_a_public_client_acts_for_nobody(at: OAuth) -> None:
    assert (400, "unauthorized_client") == (await at.token(at.app, **MACHINE)).error


async def test_t4_a_scope_whose_server_has_gone_is_worth_nothing(at: OAuth) -> None:
    await at.house.services.resource_servers.delete(at.pool.id, "notes")

    assert (400, "invalid_scope") == (await at.token(at.machine, **MACHINE)).error


async def test_t5_a_client_that_names_another_is_refused(at: OAuth) -> None:
    told = await at.ask("token", {**MACHINE, "client_id": at.web.id}, at.basic(at.machine))

    assert (401, "invalid_client") == told.error
    same = await at.ask("token", {**MACHINE, "client_id": at.machine.id}, at.basic(at.machine))
    assert 200 == same.status


async def test_t6_the_word_bearer_is_read_in_any_case(at: OAuth) -> None:
    token = (await at.granted(at.app, "openid")).access

    for word in ("Bearer", "bearer", "BEARER"):
        assert 200 == (await at.ask("userInfo", None, {"Authorization": f"{word} {token}"}, method="GET")).status


async def test_c6_nothing_is_looked_at_before_the_client_has_proved_itself(at: OAuth) -> None:
    first = await at.granted(at.web, "openid")
    form = {"grant_type": "refresh_token", "refresh_token": first.refresh or ""}

    assert (401, "invalid_client") == (await at.ask("token", form, at.basic(at.web, "wrong"))).error
    assert (401, "invalid_client") == (await at.ask("token", {"grant_type": "x"}, at.basic(at.web, "wrong"))).error
    assert first.refresh != (await at.token(at.web, **form)).json["refresh_token"]


# --- client authentication -------------------------------------------------------------------------------------------


async def test_k1_a_secret_is_sent_by_basic_or_in_the_form(at: OAuth) -> None:
    posted = {"client_id": at.machine.id, "client_secret": at.secret(at.machine)}

    assert 200 == (await at.ask("token", MACHINE, at.basic(at.machine))).status
    assert 200 == (await at.ask("token", {**MACHINE, **posted})).status


async def test_k1_both_secrets_of_a_client_are_good_until_one_is_taken_away(at: OAuth) -> None:
    record, plain = await at.house.services.clients.add_secret(at.pool.id, at.machine.id)

    assert 200 == (await at.ask("token", MACHINE, at.basic(at.machine, plain))).status
    assert 200 == (await at.ask("token", MACHINE, at.basic(at.machine))).status
    await at.house.services.clients.delete_secret(at.pool.id, at.machine.id, record.id)
    assert (401, "invalid_client") == (await at.ask("token", MACHINE, at.basic(at.machine, plain))).error


async def test_k1_a_public_client_brings_no_secret_and_another_cannot_do_without(at: OAuth) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"}

    assert (400, "invalid_grant") == (await at.ask("token", {**form, "client_id": at.app.id})).error
    assert (401, "invalid_client") == (await at.ask("token", form, at.basic(at.app, "secret"))).error
    assert (401, "invalid_client") == (await at.ask("token", {**form, "client_id": at.web.id})).error
    assert (401, "invalid_client") == (await at.ask("token", form)).error


async def test_k2_a_secret_with_reserved_characters_is_decoded(at: OAuth) -> None:
    _, plain = await at.house.services.clients.add_secret(at.pool.id, at.machine.id, "a+b %:/?=&" + "x" * 20)

    assert 200 == (await at.ask("token", MACHINE, at.basic(at.machine, plain))).status


@pytest.mark.parametrize("value", ["Basic", "Basic %%%", "Basic YQ==", "Bearer x", "Basic " + "Y" * 3, "x"])
async def test_k2_a_header_that_cannot_be_read_is_refused_by_its_name(at: OAuth, value: str) -> None:
    told = await at.ask("token", MACHINE, {"Authorization": value})

    assert (401, "invalid_client") == told.error
    assert told.headers["WWW-Authenticate"].startswith("Basic")


async def test_k3_two_proofs_at_once_are_refused(at: OAuth) -> None:
    for endpoint in ENDPOINTS:
        form = {**MACHINE, "token": "x", "client_secret": at.secret(at.machine)}
        assert (400, "invalid_request") == (await at.ask(endpoint, form, at.basic(at.machine))).error


async def test_k4_the_same_proof_is_asked_for_everywhere(at: OAuth) -> None:
    for endpoint in ENDPOINTS:
        form = {**MACHINE, "token": "x"}
        assert (401, "invalid_client") == (await at.ask(endpoint, form)).error
        assert (401, "invalid_client") == (await at.ask(endpoint, form, at.basic(at.machine, "wrong"))).error
        assert 200 == (await at.ask(endpoint, form, at.basic(at.machine))).status


async def test_k10_an_unknown_client_and_a_wrong_secret_are_one_answer(at: OAuth) -> None:
    wrong = await at.ask("token", MACHINE, at.basic(at.machine, "wrong"))
    answers = {wrong.body}
    for name in ("nobody", "x" * 26, "a" * 200, "ä", "\x00", "a b"):
        header = base64.b64encode(f"{name}:wrong".encode()).decode()
        answers.add((await at.ask("token", MACHINE, {"Authorization": f"Basic {header}"})).body)

    assert {wrong.body} == answers


# --- refresh tokens --------------------------------------------------------------------------------------------------


async def test_i5_a_refresh_gives_an_id_token_of_the_same_user_and_moment(at: OAuth) -> None:
    first = await at.granted(at.app, "openid", "email")
    at.house.clock.advance(60)

    told = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")
    before, after = claims_of(first.id), claims_of(told.json["id_token"])

    assert [before[n] for n in ("iss", "sub", "aud", "auth_time")] == [
        after[n] for n in ("iss", "sub", "aud", "auth_time")
    ]
    assert before["iat"] + 60 == after["iat"]


async def test_i5_without_openid_there_is_no_id_token(at: OAuth) -> None:
    first = await at.granted(at.app, "notes/read")

    told = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")

    assert "id_token" not in told.json
    assert "notes/read" == told.json["scope"]


async def test_rt2_a_refresh_token_is_replaced_and_the_old_one_ends(at: OAuth) -> None:
    first = await at.granted(at.app, "openid")
    form = {"grant_type": "refresh_token", "refresh_token": first.refresh or ""}

    told = await at.token(at.app, **form)
    again = await at.token(at.app, **form)
    at.house.clock.advance(11)
    late = await at.token(at.app, **form)

    assert first.refresh != told.json["refresh_token"] == again.json["refresh_token"]
    assert (400, "invalid_grant") == late.error
    assert 200 == (await at.token(at.app, **{**form, "refresh_token": told.json["refresh_token"]})).status


async def test_rt2_a_client_that_does_not_rotate_keeps_its_refresh_token(at: OAuth) -> None:
    await at.updated(at.web, **code_settings(rotation=Rotation()))
    first = await at.granted(at.web, "openid")

    told = await at.token(at.web, grant_type="refresh_token", refresh_token=first.refresh or "")

    assert (200, False) == (told.status, "refresh_token" in told.json)


async def test_rt4_reuse_ends_the_family_where_the_server_is_told_so() -> None:
    async with oauth_served(tokens=Tokens(reuse_ends_family=True)) as at:
        first = await at.granted(at.app, "openid")
        form = {"grant_type": "refresh_token", "refresh_token": first.refresh or ""}
        second = (await at.token(at.app, **form)).json["refresh_token"]
        at.house.clock.advance(11)

        assert (400, "invalid_grant") == (await at.token(at.app, **form)).error
        assert (400, "invalid_grant") == (await at.token(at.app, **{**form, "refresh_token": second})).error


async def test_rt5_a_refresh_can_be_for_less_and_never_for_more(at: OAuth) -> None:
    first = await at.granted(at.app, "openid", "email")
    form = {"grant_type": "refresh_token", "refresh_token": first.refresh or ""}

    more = await at.token(at.app, **form, scope="openid phone")
    less = await at.token(at.app, **form, scope="openid")
    whole = await at.token(at.app, grant_type="refresh_token", refresh_token=less.json["refresh_token"])

    assert (400, "invalid_scope") == more.error
    assert "openid" == less.json["scope"] == claims_of(less.json["access_token"])["scope"]
    assert "openid email" == whole.json["scope"]


async def test_rt5_what_the_client_may_no_more_have_is_left_out(at: OAuth) -> None:
    first = await at.granted(at.app, "openid", "email", "notes/read")
    await at.updated(at.app, **code_settings(oauth_scopes=("openid",)))

    told = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")

    assert "openid" == told.json["scope"]


async def test_rt8_a_refresh_token_of_another_client_gives_nothing_and_stays(at: OAuth) -> None:
    first = await at.granted(at.app, "openid")
    form = {"grant_type": "refresh_token", "refresh_token": first.refresh or ""}

    assert (400, "invalid_grant") == (await at.token(at.web, **form)).error
    assert 200 == (await at.token(at.app, **form)).status


async def test_c5_what_is_wrong_with_a_grant_is_not_told(at: OAuth) -> None:
    first, foreign = await at.granted(at.app, "openid"), await at.granted(at.web, "openid")
    form = {"grant_type": "refresh_token"}
    answers = [await at.token(at.app, **form, refresh_token=token) for token in ("x", "x.y", foreign.refresh or "")]
    await at.house.services.users.disable(at.pool, "jane")
    answers.append(await at.token(at.app, **form, refresh_token=first.refresh or ""))

    assert {b'{"error":"invalid_grant"}'} == {told.body for told in answers}


# --- UserInfo --------------------------------------------------------------------------------------------------------


async def info(at: OAuth, token: str, method: str = "GET") -> dict[str, object]:
    told = await at.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method=method)
    assert 200 == told.status, told.body
    said: dict[str, object] = told.json
    return said


async def test_u1_a_token_comes_by_header_or_by_form_and_not_by_address(at: OAuth) -> None:
    token = (await at.granted(at.app, "openid")).access
    header = {"Authorization": f"bearer {token}"}

    for method in ("GET", "POST"):
        assert 200 == (await at.ask("userInfo", None, header, method=method)).status
    assert 200 == (await at.ask("userInfo", {"access_token": token})).status
    told = await at.ask("userInfo", None, method="GET", query=f"?access_token={token}")
    assert (400, "invalid_request") == told.error
    assert (400, "invalid_request") == (await at.ask("userInfo", {"access_token": token}, header)).error


async def test_u2_sub_is_that_of_the_id_token_and_nothing_is_empty(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")

    said = await info(at, tokens.access)

    assert claims_of(tokens.id)["sub"] == said["sub"] == at.user.sub
    assert not [name for name, value in said.items() if value in (None, "")]


async def test_u3_flags_are_booleans(at: OAuth) -> None:
    assert True is (await info(at, (await at.granted(at.app, "openid", "email")).access))["email_verified"]


@pytest.mark.parametrize(
    ("scopes", "names"),
    [
        (("openid",), {"email", "email_verified", "given_name"}),
        (("openid", "email"), {"email", "email_verified"}),
        (("openid", "profile"), {"given_name"}),
        (("openid", "phone"), set()),
        (("openid", "email", "profile"), {"email", "email_verified", "given_name"}),
    ],
)
async def test_u4_scopes_say_which_claims(at: OAuth, scopes: tuple[str, ...], names: set[str]) -> None:
    tokens = await at.granted(at.app, *scopes)

    said = await info(at, tokens.access)

    assert names | {"sub", "username"} == said.keys()
    mine = {"email", "email_verified", "given_name", "phone_number"}
    assert names == claims_of(tokens.id).keys() & mine


async def test_e6_errors_of_a_resource_are_those_of_bearers(at: OAuth) -> None:
    bare = await at.ask("userInfo", None, method="GET")
    assert (401, 'Bearer realm="users"', b"") == (bare.status, bare.headers["WWW-Authenticate"], bare.body)

    for token in ("x", "a.b.c", await at.machine_token() + "x", (await at.granted(at.app, "openid")).id):
        told = await at.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method="GET")
        assert (401, "invalid_token") == told.error
        assert (
            'error="invalid_token", error_description="Access token is expired, disabled, or deleted, '
            in (told.headers["WWW-Authenticate"])
        )
    for token in (await at.machine_token(), (await at.granted(at.app, "email")).access):
        told = await at.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method="GET")
        assert (403, "insufficient_scope") == told.error
        assert 'scope="openid"' in told.headers["WWW-Authenticate"]


async def test_at5_a_token_that_ended_is_good_for_nothing(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")
    header = {"Authorization": f"Bearer {tokens.access}"}
    await at.house.services.users.disable(at.pool, "jane")
    assert (401, "invalid_token") == (await at.ask("userInfo", None, header, method="GET")).error
    await at.house.services.users.enable(at.pool, "jane")
    at.house.clock.advance(3601)
    assert (401, "invalid_token") == (await at.ask("userInfo", None, header, method="GET")).error


# --- revocation and introspection ------------------------------------------------------------------------------------


async def test_rv1_revoking_answers_nothing_whatever_the_token_was(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")
    form = {"client_id": at.app.id, "token": tokens.refresh or "", "token_type_hint": "unheard_of"}

    for token in ("unknown", "a.b", tokens.refresh or "", tokens.refresh or ""):
        told = await at.ask("revoke", {**form, "token": token})
        assert (200, b"") == (told.status, told.body)
    assert (400, "invalid_request") == (await at.ask("revoke", {"client_id": at.app.id})).error
    told = await at.ask("revoke", {"client_id": at.app.id, "token": tokens.access})
    assert (400, "unsupported_token_type") == told.error


async def test_rv1_a_token_of_another_client_is_left_as_it_is(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")

    assert 200 == (await at.ask("revoke", {"token": tokens.refresh or ""}, at.basic(at.web))).status
    assert at.user.sub == (await info(at, tokens.access))["sub"]


async def test_rv1_a_client_with_revocation_off_revokes_nothing(at: OAuth) -> None:
    await at.updated(at.app, **code_settings(revocable=False))

    told = await at.ask("revoke", {"client_id": at.app.id, "token": "x.y"})

    assert (400, "invalid_request") == told.error


async def test_rv2_the_family_ends_with_its_refresh_token(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")

    await at.ask("revoke", {"client_id": at.app.id, "token": tokens.refresh or ""})

    told = await at.ask("userInfo", None, {"Authorization": f"Bearer {tokens.access}"}, method="GET")
    assert (401, "invalid_token") == told.error
    refreshed = await at.token(at.app, grant_type="refresh_token", refresh_token=tokens.refresh or "")
    assert (400, "invalid_grant") == refreshed.error


async def test_in1_nobody_asks_without_a_secret(at: OAuth) -> None:
    token = await at.machine_token()

    assert (401, "invalid_client") == (await at.ask("introspect", {"token": token})).error
    assert (401, "invalid_client") == (await at.ask("introspect", {"token": token, "client_id": at.app.id})).error


async def test_in2_of_a_token_that_is_not_good_nothing_is_told(at: OAuth) -> None:
    mine, theirs = await at.granted(at.web, "openid"), await at.granted(at.app, "openid")
    ended = [theirs.access, theirs.refresh or "", await at.machine_token(), mine.id, "x", "a.b.c", "x.y", "ä"]
    await at.ask("revoke", {"token": mine.refresh or ""}, at.basic(at.web))
    ended += [mine.access, mine.refresh or ""]

    answers = [await at.ask("introspect", {"token": token}, at.basic(at.web)) for token in ended]

    assert {(200, b'{"active":false}')} == {(told.status, told.body) for told in answers}


async def test_in2_a_machines_token_ends_with_its_time_and_with_its_right(at: OAuth) -> None:
    token = await at.machine_token()
    form = {"token": token}
    assert (await at.ask("introspect", form, at.basic(at.machine))).json["active"]

    await at.updated(at.machine, **machine_settings(oauth_enabled=False))
    assert {"active": False} == (await at.ask("introspect", form, at.basic(at.machine))).json
    await at.updated(at.machine, **machine_settings())
    at.house.clock.advance(3600)
    assert {"active": False} == (await at.ask("introspect", form, at.basic(at.machine))).json


async def test_in3_of_a_good_token_its_client_is_told_what_it_is_for(at: OAuth) -> None:
    tokens = await at.granted(at.web, "openid", "email")

    of_machine = (await at.ask("introspect", {"token": await at.machine_token()}, at.basic(at.machine))).json
    of_access = (await at.ask("introspect", {"token": tokens.access}, at.basic(at.web))).json
    of_refresh = (await at.ask("introspect", {"token": tokens.refresh or ""}, at.basic(at.web))).json

    assert (True, "notes/read notes/write", at.machine.id, "Bearer") == tuple(
        of_machine[name] for name in ("active", "scope", "sub", "token_type")
    )
    assert (True, "openid email", at.user.sub, "jane") == tuple(
        of_access[name] for name in ("active", "scope", "sub", "username")
    )
    assert (True, "openid email", at.user.sub) == tuple(of_refresh[name] for name in ("active", "scope", "sub"))
    assert "token_type" not in of_refresh


# --- discovery, HTTP -------------------------------------------------------------------------------------------------


async def test_d1_one_document_answers_at_both_forms_of_its_address(at: OAuth) -> None:
    documents = set()
    for path in (
        f"{at.pool.id}/.well-known/openid-configuration",
        f"{at.pool.id}/.well-known/oauth-authorization-server",
        f".well-known/oauth-authorization-server/{at.pool.id}",
        f".well-known/openid-configuration/{at.pool.id}",
    ):
        async with at.api.session.get(at.api.url + path) as answer:
            documents.add(await answer.read())

    assert 1 == len(documents)
    assert f'"issuer":"https://auth.example.com/{at.pool.id}"'.encode() in documents.pop()


async def test_d3_every_endpoint_that_is_named_is_served(at: OAuth) -> None:
    async with at.api.session.get(f"{at.api.url}{at.pool.id}/.well-known/openid-configuration") as answer:
        document = await answer.json()

    named = {name: url for name, url in document.items() if name.endswith("_endpoint")}
    assert {"authorization", "token", "revocation", "introspection", "userinfo", "end_session"} == {
        name.removesuffix("_endpoint") for name in named
    }
    for url in named.values():
        path = url.removeprefix("https://auth.example.com/")
        async with at.api.session.post(at.api.url + path) as answer:
            assert answer.status in (400, 401), path
    assert None not in document.values()
    for grant_type in document["grant_types_supported"]:
        told = await at.token(at.machine, grant_type=grant_type)
        assert "unsupported_grant_type" != told.json.get("error")


async def test_h1_no_answer_of_an_endpoint_is_kept(at: OAuth) -> None:
    token = (await at.granted(at.app, "openid")).access
    answers = [
        await at.token(at.machine, **MACHINE),
        await at.token(at.machine),
        await at.ask("revoke", {"token": "x"}, at.basic(at.machine)),
        await at.ask("introspect", {"token": "x"}, at.basic(at.machine)),
        await at.ask("userInfo", None, {"Authorization": f"Bearer {token}"}, method="GET"),
        await at.ask("userInfo", None, method="GET"),
    ]

    assert {"no-store"} == {told.headers["Cache-Control"] for told in answers}


async def test_h10_a_method_that_is_not_served_is_told_which_are(at: OAuth) -> None:
    told = await at.ask("userInfo", None, method="DELETE")

    assert (405, {"GET", "POST", "OPTIONS"}) == (told.status, set(told.headers["Allow"].split(",")))


async def test_h3_pages_of_the_clients_own_origin_read_its_answers_and_no_others(at: OAuth) -> None:
    tokens = await at.granted(at.app, "openid")
    bearer = {"Authorization": f"Bearer {tokens.access}"}
    form = {"client_id": at.app.id, "token": "x"}
    readers = {}
    for origin in ("https://app.example.com", "https://evil.example", "null", "https://app.example.com:8443"):
        answers = [
            await at.ask("revoke", form, {"Origin": origin}),
            await at.ask("token", {"client_id": at.app.id, "grant_type": "refresh_token"}, {"Origin": origin}),
            await at.ask("userInfo", None, {**bearer, "Origin": origin}, method="GET"),
        ]
        readers[origin] = {told.headers.get("Access-Control-Allow-Origin") for told in answers}
        assert {"Origin"} == {told.headers.get("Vary") for told in answers}
        assert {None} == {told.headers.get("Access-Control-Allow-Credentials") for told in answers}

    assert {"https://app.example.com"} == readers.pop("https://app.example.com")
    assert [{None}] * 3 == list(readers.values())


async def test_h3_a_preflight_needs_no_proof(at: OAuth) -> None:
    for endpoint in ("token", "revoke", "userInfo"):
        told = await at.ask(endpoint, None, {"Origin": "https://x", "Access-Control-Request-Method": "POST"},
                            method="OPTIONS")  # fmt: skip
        assert (200, "*") == (told.status, told.headers["Access-Control-Allow-Origin"])
        assert "authorization" in told.headers["Access-Control-Allow-Headers"]
    told = await at.ask("introspect", None, {"Origin": "https://x"}, method="OPTIONS")
    assert (405, None) == (told.status, told.headers.get("Access-Control-Allow-Origin"))


async def test_e3_an_error_repeats_nothing_that_was_sent(at: OAuth) -> None:
    sent = 'x"y\\z\r\nq'
    for form in ({"grant_type": sent}, {**MACHINE, "scope": sent}, {**MACHINE, "aws_client_metadata": sent}):
        told = await at.token(at.machine, **form)
        described = told.json["error_description"]
        assert described.isascii()
        assert described.isprintable()
        assert not {'"', "\\"} & set(described)


async def test_e5_invalid_client_names_the_scheme_that_was_used(at: OAuth) -> None:
    by_header = await at.ask("token", MACHINE, at.basic(at.machine, "wrong"))
    by_form = await at.ask("token", {**MACHINE, "client_id": at.machine.id, "client_secret": "wrong"})

    assert (401, "invalid_client") == by_header.error == by_form.error
    assert by_header.headers["WWW-Authenticate"].startswith("Basic ")
    assert "WWW-Authenticate" not in by_form.headers


async def test_what_a_sign_in_by_the_api_gave_is_refreshed_here_too(at: OAuth) -> None:
    tokens = await at.house.sign_in(at.app, "jane", PASSWORD)

    told = await at.token(at.app, grant_type="refresh_token", refresh_token=tokens.refresh or "")

    assert {"access_token", "id_token", "refresh_token", "token_type", "expires_in", "scope"} == told.json.keys()
