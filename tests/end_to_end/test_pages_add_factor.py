"""A second factor that is set up on the hosted pages, where a client sends its user who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from poolhouse.flows.oauth.errands import RECENT
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.factors import RECOVERY_CODE
from poolhouse.records.pools import PasskeyPolicy
from poolhouse.records.users import User
from tests.end_to_end.test_pages_journeys import BadgePlugin
from tests.support.factors import EMAIL, SMS, TOTP, App, with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, first_factors, site
from tests.support.passkeys import RP_ID, WEB_AUTHN
from tests.support.robot import Screen

PHONE = "+491701234567"


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        await with_factors(opened.house, opened.oauth.pool, "OPTIONAL", TOTP, SMS, EMAIL)
        yield opened


def address(at: Site, factor: str | None = TOTP, **changes: str | None) -> str:
    said = {
        "client_id": at.oauth.app.id,
        "redirect_uri": at.oauth.app.callback_urls[0],
        "factor": factor,
        **changes,
    }
    return f"{at.oauth.pool.id}/factors/add?{urlencode({name: text for name, text in said.items() if text})}"


async def signed_in(at: Site, name: str = "jane", screen: Screen | None = None) -> Screen:
    return await at.robot.send(screen or await at.start(prompt="login"), username=name, password=PASSWORD)


async def user_of(at: Site, user: User | None = None) -> User:
    found = await at.house.built.ports.users.get(at.oauth.pool.id, (user or at.oauth.user).sub)
    assert found is not None
    return found


def app_of(at: Site, screen: Screen) -> App:
    shown = screen.text.partition('id="secret"')[2].partition(">")[2].partition("<")[0]
    return App(at.house, shown.replace(" ", ""))


async def test_who_is_signed_in_sets_up_an_authenticator_and_goes_back_and_is_asked_for_it(at: Site) -> None:
    await signed_in(at)

    page = await at.robot.open(address(at))
    assert (200, "add") == (page.status, page.page)
    again = await at.robot.again(page)
    assert app_of(at, page).secret == app_of(at, again).secret
    app = app_of(at, page)
    wrong = await at.robot.send(page, code=app.wrong(), device_name="My phone")
    assert 422 == wrong.status
    before = dict(at.robot.cookies)
    codes = await at.robot.send(wrong, code=app.code(), device_name="My phone")
    assert 10 == codes.text.count("<li>") - codes.text.count("<li><p>")
    back = await at.robot.send(codes, kept="1")

    assert at.oauth.app.callback_urls[0] == back.left
    assert before != at.robot.cookies, "the session has the handle that it had before (row 22)"
    assert (TOTP,) == (await user_of(at)).mfa
    assert "code" in (await at.start()).answer
    at.house.clock.advance(30)
    asked = await signed_in(at)
    assert "My phone" in asked.text
    arrived = await at.robot.send(asked, code=app.code())
    assert {"pwd", "otp", "mfa"} <= set(claims_of((await at.redeem(arrived)).json["id_token"])["amr"])
    assert 400 == (await at.robot.again(page)).status


async def test_not_now_leads_back_and_sets_up_nothing(at: Site) -> None:
    await signed_in(at)

    for factor in (TOTP, SMS, EMAIL, None):
        back = await at.robot.send(await at.robot.open(address(at, factor)), press="later")
        assert at.oauth.app.callback_urls[0] == back.left
    user = await user_of(at)
    assert ((), []) == (user.mfa, [each for each in user.factors if each.confirmed])


async def test_who_is_not_signed_in_or_not_lately_signs_in_first(at: Site) -> None:
    first = await at.robot.open(address(at))
    assert "login" == first.page
    page = await signed_in(at, screen=first)
    assert "add" == page.page
    await signed_in(at)
    page = await at.robot.open(address(at))
    app = app_of(at, page)
    at.house.clock.advance(RECENT + 5)

    assert "login" == (await at.robot.send(page, code=app.code())).page
    assert "login" == (await at.robot.open(address(at))).page
    assert () == (await user_of(at)).mfa


async def test_row_28_who_has_a_second_factor_shows_it_before_another_is_set_up(at: Site) -> None:
    await signed_in(at)
    app = await with_app(at.house, at.oauth.app)

    asked = await at.robot.open(address(at, SMS))
    assert "Enter the code from your authenticator app" == asked.heading
    page = await at.robot.send(asked, code=app.code())

    assert ("add", "Add your phone number") == (page.page, page.heading)


async def test_row_28_who_has_a_second_factor_shows_it_before_a_passkey_is_added(at: Site) -> None:
    pool = await first_factors(at, "PASSWORD", WEB_AUTHN)
    settings = MfaSettings(mode="OPTIONAL", factors=(TOTP,), passkeys=PasskeyPolicy(rp_id=RP_ID))
    await at.house.services.pools.set_mfa(pool.id, settings)
    way = await at.robot.send(await at.start(), username="jane")
    await at.robot.send(await at.robot.send(way, press="PASSWORD"), password=PASSWORD)
    app = await with_app(at.house, at.oauth.app)

    asked = await at.robot.open(address(at, None).replace("/factors/", "/passkeys/"))
    assert "Enter the code from your authenticator app" == asked.heading

    assert "Sign in faster with a passkey" == (await at.robot.send(asked, code=app.code())).heading


async def test_row_28_the_code_of_a_sign_up_alone_is_less_than_a_sign_in_and_leads_to_a_whole_one(at: Site) -> None:
    page = await at.robot.send(
        await at.start(prompt="create"), username="ada", email="ada@example.com", password=PASSWORD
    )
    await at.robot.send(page, code=at.house.last_code())
    app = await with_app(at.house, at.oauth.app, "ada")

    first = await at.robot.open(address(at, SMS))
    assert "password" in first.form.inputs
    page = await at.robot.send(await signed_in(at, "ada", first), code=app.code())

    assert ("add", "Add your phone number") == (page.page, page.heading)


async def test_row_28_who_was_not_looked_at_when_the_errand_began_is_looked_at_then(at: Site) -> None:
    await signed_in(at)
    await at.house.user(at.oauth.app, "bob")
    await signed_in(at, "bob")
    await with_app(at.house, at.oauth.app)
    page = await at.robot.open(address(at, SMS))
    assert "bob" in page.text
    chosen = await at.robot.send(await at.start(prompt="select_account"), press=at.oauth.user.sub)
    assert "code" in chosen.answer

    told = await at.robot.again(page)

    assert "login" == told.page
    assert "phone_number" not in told.form.inputs


async def test_a_number_is_given_and_codes_go_there_from_now_on(at: Site) -> None:
    await signed_in(at)

    page = await at.robot.open(address(at, SMS))
    assert "Add your phone number" == page.heading
    wrong = await at.robot.send(page, phone_number="0170")
    assert 422 == wrong.status
    code = await at.robot.send(wrong, phone_number=PHONE)
    assert "4567" in code.text
    again = await at.robot.send(code, "resend-form")
    assert again.notice.startswith("We sent a new code.")
    changed = await at.robot.send(await at.robot.follow(again, "change"), phone_number=f"{PHONE}8")
    bad = await at.robot.send(changed, code="000000" if at.house.last_code() != "000000" else "000001")
    assert 422 == bad.status
    codes = await at.robot.send(bad, code=at.house.last_code())
    assert "Save your recovery codes" == codes.heading

    user = await user_of(at)
    assert ((SMS,), f"{PHONE}8", "true") == (
        user.mfa,
        user.attributes["phone_number"],
        user.attributes["phone_number_verified"],
    )


async def test_codes_go_to_the_address_that_the_user_has_and_none_goes_before_a_button_was_pressed(at: Site) -> None:
    await signed_in(at)
    sent = len(at.house.messages)

    page = await at.robot.open(address(at, EMAIL))
    assert "Turn on codes by e-mail" == page.heading
    assert sent == len(at.house.messages)
    code = await at.robot.send(page)
    assert sent + 1 == len(at.house.messages)
    await at.robot.send(code, code=at.house.last_code())

    assert (EMAIL,) == (await user_of(at)).mfa


async def test_new_recovery_codes_are_made_by_a_button_and_not_by_looking(at: Site) -> None:
    app = await with_app(at.house, at.oauth.app)
    await at.robot.send(await signed_in(at), code=app.code())
    assert (await user_of(at)).recovery is None

    page = await at.robot.open(address(at, RECOVERY_CODE))
    assert "Get new recovery codes" == page.heading
    assert 422 == (await at.robot.send(page, without=("do",))).status
    assert (await user_of(at)).recovery is None
    codes = await at.robot.send(page)
    assert "Save your recovery codes" == codes.heading
    back = await at.robot.send(codes, kept="1")

    assert at.oauth.app.callback_urls[0] == back.left
    made = (await user_of(at)).recovery
    assert made is not None
    assert 10 == len(made.digests)


async def test_recovery_codes_for_who_has_nothing_that_they_stand_in_for_begin_with_that(at: Site) -> None:
    await signed_in(at)

    choice = await at.robot.open(address(at, RECOVERY_CODE))

    assert {TOTP, SMS, EMAIL, "later"} == {value for _, value in choice.form.buttons}


async def test_without_a_factor_in_the_address_the_user_chooses_and_can_choose_again(at: Site) -> None:
    await signed_in(at)

    choice = await at.robot.open(address(at, None))
    page = await at.robot.send(choice, press=SMS)
    assert "Add your phone number" == page.heading
    page = await at.robot.send(await at.robot.follow(page, "other"), press=TOTP)
    codes = await at.robot.send(page, code=app_of(at, page).code())
    await at.robot.send(codes, kept="1")

    assert (TOTP,) == (await user_of(at)).mfa


async def test_row_29_what_was_shown_to_one_is_set_up_for_no_other(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await signed_in(at)
    page = await at.robot.open(address(at))
    app = app_of(at, page)
    await signed_in(at, "bob")

    told = await at.robot.send(page, code=app.code())

    assert ("add", True) == (told.page, app_of(at, told).secret != app.secret)
    assert [(), ()] == [(await user_of(at, user)).mfa for user in (bob, at.oauth.user)]


async def test_row_26_wrong_codes_are_counted_and_do_not_lock_the_sign_in(at: Site) -> None:
    await signed_in(at)
    page = await at.robot.open(address(at))
    app = app_of(at, page)
    for _ in range(5):
        told = await at.robot.send(page, code=app.wrong())
        assert 422 == told.status

    assert 429 == (await at.robot.send(page, code=app.code())).status
    assert () == (await user_of(at)).mfa
    assert "code" in (await signed_in(at)).answer


async def test_row_26_wrong_codes_of_messages_are_counted_too(at: Site) -> None:
    await signed_in(at)
    code = await at.robot.send(await at.robot.open(address(at, EMAIL)))
    right = at.house.last_code()
    for wrong in [f"{n:06}" for n in range(10) if f"{n:06}" != right][:5]:
        assert 422 == (await at.robot.send(code, code=wrong)).status

    assert 429 == (await at.robot.send(code, code=right)).status
    assert () == (await user_of(at)).mfa
    assert "code" in (await signed_in(at)).answer


async def test_a_contact_that_is_there_is_not_replaced(at: Site) -> None:
    await signed_in(at)
    page = await at.robot.open(address(at, EMAIL))

    told = await at.robot.send(page, without=("do",), email="another@example.com")

    assert (422, None) == (told.status, told.left)
    user = await user_of(at)
    assert ({}, "jane@example.com") == (user.pending, user.attributes["email"])


async def test_who_has_just_signed_up_sets_up_a_factor_and_goes_back(at: Site) -> None:
    page = await at.robot.send(
        await at.start(prompt="create"), username="ada", email="ada@example.com", password=PASSWORD
    )
    assert "code" in (await at.robot.send(page, code=at.house.last_code())).answer

    page = await at.robot.open(address(at))
    codes = await at.robot.send(page, code=app_of(at, page).code())
    assert "Save your recovery codes" == codes.heading

    assert at.oauth.app.callback_urls[0] == (await at.robot.send(codes, kept="1")).left


async def test_a_factor_of_a_plugin_is_set_up_without_a_line_of_ours() -> None:
    async with site(plugins=[("badge", BadgePlugin())]) as at:
        await with_factors(at.house, at.oauth.pool, "OPTIONAL", "BADGE")
        await signed_in(at)

        page = await at.robot.open(address(at, "BADGE"))
        assert "Type the number of your badge" in page.text
        wrong = await at.robot.send(page, answer_ANSWER="1")
        assert ["That code is not right. Check it and try again."] == wrong.problems
        codes = await at.robot.send(wrong, answer_ANSWER="4711")
        assert at.oauth.app.callback_urls[0] == (await at.robot.send(codes, kept="1")).left

        assert "Hold your badge under the light." in (await signed_in(at)).text


async def test_recovery_codes_are_shown_to_nobody_after_a_sign_out(at: Site) -> None:
    await signed_in(at)
    page = await at.robot.open(address(at))
    codes = await at.robot.send(page, code=app_of(at, page).code())
    await at.house.services.sessions.end_all(await user_of(at))

    told = await at.robot.again(codes)

    assert "login" == told.page
    assert 'id="codes"' not in told.text


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example.net/"},
        {"client_id": "nobody"},
        {"client_id": None},
        {"factor": "PALM_READING"},
        {"factor": WEB_AUTHN},
    ],
)
async def test_row_19_an_errand_that_cannot_be_run_leads_nowhere(at: Site, changes: dict[str, str | None]) -> None:
    await signed_in(at)

    told = await at.robot.open(address(at, **changes))

    assert (400, None) == (told.status, told.left)


async def test_a_pool_without_second_factors_has_no_such_page(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OFF")
    await signed_in(at)

    for factor in (TOTP, RECOVERY_CODE, None):
        assert 400 == (await at.robot.open(address(at, factor))).status


async def test_where_nothing_can_be_set_up_the_page_leads_back(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL", SMS)
    client = await at.client(write_attributes=("email",))
    await at.robot.send(await at.start(client), username="jane", password=PASSWORD)

    for factor in (SMS, None):
        stuck = await at.robot.open(address(at, factor, client_id=client.id))
        assert "You can’t set this up here" == stuck.heading
        assert at.oauth.app.callback_urls[0] == (await at.robot.send(stuck)).left


async def test_row_24_an_errand_is_no_other_and_gives_no_code(at: Site) -> None:
    first = await at.start()
    assert 400 == (await at.robot.open(first.address.replace("/login?", "/factors/add?"))).status
    await signed_in(at)
    page = await at.robot.open(address(at))

    assert 400 == (await at.robot.open(page.address.replace("/factors/", "/passkeys/"))).status
    for other in ("consent", "accounts"):
        sent = {"_csrf": page.form.fields["_csrf"], "do": "allow", "account": at.oauth.user.sub}
        assert (await at.robot.post(page.address.replace("/factors/add?", f"/{other}?"), sent)).left is None
    for form in ({}, {"kept": "1"}, {"choice": SMS}, {"do": "begin"}, {"phone_number": PHONE}):
        told = await at.robot.post(page.address, {"_csrf": page.form.fields["_csrf"], **form})
        assert (422, None) == (told.status, told.left)
    user = await user_of(at)
    assert ((), {}) == (user.mfa, user.pending)
