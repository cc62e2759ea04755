"""Sign-in on the hosted pages, in a browser without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import WEB_AUTHN
from poolhouse.records.pools import PasskeyPolicy
from tests.support.factors import EMAIL, TOTP, App, enrolled, preferring, with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import STATE, claims_of
from tests.support.pages import Site, first_factors, site
from tests.support.passkeys import ORIGIN, RP_ID, registered

WRONG = "The user name or password is not right. Check both and try again."


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_a_code_flow_by_password_and_authenticator_from_the_first_page_to_the_claims(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)

    first = await at.start()
    assert "login" == first.page
    second = await at.robot.send(first, username="jane", password=PASSWORD)
    assert "Enter the code from your authenticator app" == second.heading
    arrived = await at.robot.send(second, code=app.code())

    assert STATE == arrived.answer["state"]
    told = await at.redeem(arrived)
    assert 200 == told.status, told.body
    claims = claims_of(told.json["id_token"])
    assert {"pwd", "otp", "mfa"} <= set(claims["amr"])
    info = await at.oauth.ask("userInfo", None, {"Authorization": f"Bearer {told.json['access_token']}"}, method="GET")
    assert at.oauth.user.sub == info.json["sub"]


async def test_a_client_with_a_secret_has_the_same_pages(at: Site) -> None:
    first = await at.start(at.oauth.web)

    arrived = await at.robot.send(first, username="jane", password=PASSWORD)

    assert 200 == (await at.redeem(arrived, at.oauth.web)).status


async def test_what_a_client_permits_its_own_callers_does_not_count_on_pages(at: Site) -> None:
    client = await at.client(flows=("ALLOW_USER_SRP_AUTH",))

    arrived = await at.robot.send(await at.start(client), username="jane", password=PASSWORD)

    assert 200 == (await at.redeem(arrived, client)).status


@pytest.mark.parametrize("flows", [("client_credentials",)])
async def test_a_client_that_has_no_pages_any_more_signs_nobody_in(at: Site, flows: tuple[str, ...]) -> None:
    first = await at.start()
    await at.oauth.updated(at.oauth.app, oauth_enabled=False, oauth_flows=(), oauth_scopes=())

    told = await at.robot.send(first, username="jane", password=PASSWORD)

    assert 400 == told.status
    assert "Let’s start again" == told.heading


async def test_a_wrong_password_comes_back_to_the_page_with_the_name_and_without_the_password(at: Site) -> None:
    told = await at.robot.send(await at.start(), username="jane", password="not-it-Wr0ng!")

    assert 422 == told.status
    assert [WRONG] == told.problems
    assert told.title.startswith("Error: ")
    assert "jane" == told.form.fields["username"]
    assert "not-it-Wr0ng!" not in told.text
    arrived = await at.robot.send(told, username="jane", password=PASSWORD)
    assert "code" in arrived.answer


async def test_what_is_left_out_is_asked_for_and_nothing_was_tried(at: Site) -> None:
    told = await at.robot.send(await at.start(), username="", password="")

    assert 422 == told.status
    assert 2 == len(told.problems)


async def test_a_name_is_filled_in_that_the_client_knows(at: Site) -> None:
    first = await at.start(login_hint="jane")

    assert "jane" == first.form.fields["username"]


async def test_whoever_is_signed_in_goes_straight_to_the_next_client(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    arrived = await at.start(at.oauth.web)

    assert "code" in arrived.answer


async def test_remembered_sessions_outlast_the_window_and_others_do_not(at: Site) -> None:
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    passing = [line for line in at.robot.set if "sessions" in line]
    other = at.another()
    await other.send(await at.start(robot=other), username="jane", password=PASSWORD, remember="1")
    kept = [line for line in other.set if "sessions" in line]

    assert all("Max-Age" not in line for line in passing)
    assert any("Max-Age" in line for line in kept)


async def test_a_wrong_code_comes_back_to_the_page_and_a_right_one_goes_on(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    told = await at.robot.send(asked, code=app.wrong())

    assert 422 == told.status
    assert ["That code is not right. Check it and try again."] == told.problems
    spaced = f"{app.code()[:3]} {app.code()[3:]}"
    assert "code" in (await at.robot.send(told, code=spaced)).answer


async def test_after_five_wrong_codes_the_sign_in_begins_anew(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    told = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    for _ in range(5):
        told = await at.robot.send(told, code=app.wrong())

    told = await at.robot.send(told, code=app.code())

    assert 422 == told.status
    assert "password" in told.form.inputs
    assert ["You were away for a while, so we start again. Nothing was lost."] == told.problems


async def test_a_question_that_is_too_old_leads_back_to_the_beginning(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    at.house.clock.advance(at.oauth.app.session_validity + 1)

    told = await at.robot.send(asked, code=app.code())

    assert 422 == told.status
    assert "password" in told.form.inputs
    arrived = await at.robot.send(told, username="jane", password=PASSWORD)
    assert "code" in (await at.robot.send(arrived, code=app.code(1))).answer


async def test_one_of_several_second_factors_is_chosen_and_another_one_later(at: Site) -> None:
    pool = at.oauth.pool
    await with_factors(at.house, pool, "OPTIONAL", TOTP, EMAIL)
    tokens = await at.house.sign_in(at.oauth.app)
    app = await enrolled(at.house, tokens)
    await preferring(at.house, tokens, TOTP, EMAIL)

    choice = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert {TOTP, EMAIL} <= {value for _, value in choice.form.buttons}
    by_app = await at.robot.send(choice, press=TOTP)
    others = await at.robot.follow(by_app, "other")
    by_mail = await at.robot.send(others, press=EMAIL)
    first = at.house.last_code()
    again = await at.robot.send(by_mail, "resend-form")
    assert "code" in again.form.inputs
    assert first != at.house.last_code() or again.notice
    arrived = await at.robot.send(again, code=at.house.last_code())

    claims = claims_of((await at.redeem(arrived)).json["id_token"])
    assert "otp" in claims["amr"]
    assert app.secret not in by_app.text


async def test_who_must_have_a_second_factor_sets_up_an_authenticator_by_its_picture_or_its_key(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "ON")

    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert "enrol" in asked.forms
    assert "<svg" in asked.text
    key = asked.text.partition('id="secret" dir="ltr">')[2].partition("<")[0].replace(" ", "")
    again = await at.robot.again(asked)
    assert key == again.text.partition('id="secret" dir="ltr">')[2].partition("<")[0].replace(" ", "")
    app = App(at.house, key)
    wrong = await at.robot.send(again, code=app.wrong())
    assert 422 == wrong.status
    codes = await at.robot.send(wrong, code=app.code(), device_name="My phone")
    assert "saved" in codes.forms
    assert codes.text == (await at.robot.again(codes)).text
    not_yet = await at.robot.send(codes)
    assert 422 == not_yet.status
    arrived = await at.robot.send(not_yet, kept="1")
    (code, *_) = re.findall(r"<li>([A-Z0-9-]+)</li>", codes.text)

    asked = await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)
    assert "code" in (await at.robot.send(await at.robot.follow(asked, "recovery"), code=code)).answer
    told = await at.redeem(arrived)
    assert 200 == told.status
    user = await at.house.built.ports.users.get(at.oauth.pool.id, at.oauth.user.sub)
    assert user is not None
    assert ["My phone"] == [one.label for one in user.factors]


async def test_an_invited_user_chooses_a_password_and_says_what_is_missing(at: Site) -> None:
    await at.invite("ada", "Temp0rary!pass")

    asked = await at.robot.send(await at.start(), username="ada", password="Temp0rary!pass")
    assert "new_password" in asked.form.inputs
    weak = await at.robot.send(asked, new_password="short")
    assert 422 == weak.status
    assert "short" not in json.dumps(weak.form.fields)
    arrived = await at.robot.send(weak, new_password="A-longer-0ne!")

    assert 200 == (await at.redeem(arrived)).status
    assert (
        "code" in (await at.robot.send(await at.start(prompt="login"), username="ada", password="A-longer-0ne!")).answer
    )


async def test_the_way_is_chosen_after_the_name_where_there_are_several(at: Site) -> None:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")

    first = await at.start()
    assert "password" not in first.form.inputs
    ways = await at.robot.send(first, username="jane")
    assert ["PASSWORD", "EMAIL_OTP"] == [value for name, value in ways.form.buttons if name == "choice"]
    by_mail = await at.robot.send(ways, press="EMAIL_OTP")
    code = at.house.last_code()
    other = await at.robot.follow(by_mail, "other")
    by_password = await at.robot.send(other, press="PASSWORD")
    wrong = await at.robot.send(by_password, password="not-it")
    assert ["The password is not right. Check it and try again."] == wrong.problems
    back = await at.robot.send(await at.robot.follow(wrong, "other"), press="EMAIL_OTP")
    assert code != at.house.last_code() or back.status == 200
    arrived = await at.robot.send(back, code=at.house.last_code())

    assert 200 == (await at.redeem(arrived)).status


async def test_the_name_can_be_another_one_at_any_moment(at: Site) -> None:
    await first_factors(at, "PASSWORD", "EMAIL_OTP")
    asked = await at.robot.send(await at.robot.send(await at.start(), username="nobody"), press="PASSWORD")

    first = await at.robot.follow(asked, "restart")
    ways = await at.robot.send(first, username="jane")
    arrived = await at.robot.send(await at.robot.send(ways, press="PASSWORD"), password=PASSWORD)

    assert at.oauth.user.sub == claims_of((await at.redeem(arrived)).json["id_token"])["sub"]


async def test_a_passkey_signs_in_after_the_name(at: Site) -> None:
    pool = await first_factors(at, "PASSWORD", WEB_AUTHN)
    await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id=RP_ID)))
    key = await registered(at.house, await at.house.sign_in(at.oauth.app))

    ways = await at.robot.send(await at.start(), username="jane")
    asked = await at.robot.send(ways, press=WEB_AUTHN)
    wrong = await at.robot.send(asked, credential=json.dumps({"id": "AAAA", "response": {}}))
    assert 422 == wrong.status
    asked = await at.robot.send(wrong, press=WEB_AUTHN)
    arrived = await at.robot.send(asked, credential=json.dumps(key.get(at.options(asked), ORIGIN)))

    assert 200 == (await at.redeem(arrived)).status


async def test_a_passkey_signs_in_without_a_name(at: Site) -> None:
    pool = await first_factors(at, "PASSWORD", WEB_AUTHN)
    await at.house.services.pools.set_mfa(pool.id, MfaSettings(passkeys=PasskeyPolicy(rp_id=RP_ID)))
    key = await registered(at.house, await at.house.sign_in(at.oauth.app))

    first = await at.start()
    options = at.options(first)
    assert not options.get("allowCredentials")
    wrong = await at.robot.send(first, credential=json.dumps({"id": "AAAA", "response": {}}))
    assert 422 == wrong.status
    stranger = json.dumps(key.get(options, ORIGIN))
    stale = await at.robot.send(wrong, credential=stranger)
    assert 422 == stale.status
    arrived = await at.robot.send(stale, credential=json.dumps(key.get(at.options(stale), ORIGIN)))

    assert at.oauth.user.sub == claims_of((await at.redeem(arrived)).json["id_token"])["sub"]


async def test_reloading_and_going_back_show_what_is_to_be_done_now(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    first = await at.start()
    asked = await at.robot.send(first, username="jane", password=PASSWORD)

    again = await at.robot.again(first)
    stale = await at.robot.send(first, username="jane", password=PASSWORD)

    assert asked.heading == again.heading == stale.heading
    assert "code" in (await at.robot.send(again, code=app.code())).answer


async def test_two_tabs_sign_in_beside_each_other(at: Site) -> None:
    one, other = await at.start(), await at.start(at.oauth.web, prompt="login")

    first = await at.robot.send(one, username="jane", password=PASSWORD)
    second = await at.robot.send(other, username="jane", password=PASSWORD)

    assert 200 == (await at.redeem(first)).status
    assert 200 == (await at.redeem(second, at.oauth.web)).status


async def test_a_request_that_was_answered_is_over_and_its_page_says_so(at: Site) -> None:
    first = await at.start()
    await at.robot.send(first, username="jane", password=PASSWORD)

    told = await at.robot.again(first)

    assert 400 == told.status
    assert "Let’s start again" == told.heading


async def test_a_page_of_another_browser_is_none_of_this_one(at: Site) -> None:
    first = await at.start()

    told = await at.another().open(first.address)

    assert 400 == told.status


async def test_clients_of_the_field_send_their_users_to_login_itself(at: Site) -> None:
    asked = at.query(at.oauth.app)

    first = await at.robot.open(f"{at.oauth.pool.id}/login?{asked}")
    up = await at.another().open(f"{at.oauth.pool.id}/signup?{asked}")

    assert "login" == first.page
    assert "tx=" in first.address
    assert "signup" == up.page
    assert "code" in (await at.robot.send(first, username="jane", password=PASSWORD)).answer
