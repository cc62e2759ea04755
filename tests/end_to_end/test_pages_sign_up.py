"""Sign-up, its confirmation, and a forgotten password, on the hosted pages."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator

import pytest

from poolhouse.flows.pools.settings import PoolSettings
from poolhouse.hooks.answers.accounts import SignUpDecision
from poolhouse.hooks.events.accounts import PreSignUp
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.pools import MessageTemplate
from poolhouse.records.users import UNCONFIRMED
from tests.support.factors import with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, of_addresses, site

NEW = "An0ther-Secret!"


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_somebody_signs_up_confirms_by_the_code_and_is_signed_in(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")
    sent = await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)
    assert "confirm" == sent.page
    wrong = await at.robot.send(sent, "confirm", code="000000" if at.house.last_code() != "000000" else "111111")
    assert ["That code is not right. Check it and try again."] == wrong.problems
    arrived = await at.robot.send(wrong, "confirm", code=at.house.last_code())

    told = await at.redeem(arrived)
    claims = claims_of(told.json["id_token"])
    assert "ada" == claims["cognito:username"]
    assert claims["email_verified"] is True


async def test_a_client_that_asks_for_a_new_account_gets_the_form_at_once(at: Site) -> None:
    form = await at.start(prompt="create")

    assert "signup" == form.page
    sent = await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)
    assert "code" in (await at.robot.send(sent, "confirm", code=at.house.last_code())).answer


async def test_what_is_wrong_with_a_sign_up_stands_beside_its_fields_and_nothing_typed_is_lost(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")

    told = await at.robot.send(form, username="ada", email="no address", password="short")

    assert 422 == told.status
    assert told.problems
    assert "ada" == told.form.fields["username"]
    assert "no address" == told.form.fields["email"]
    assert not told.form.fields["password"]


async def test_a_name_that_somebody_chose_already_is_said_to_be_taken(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")

    told = await at.robot.send(form, username="jane", email="other@example.com", password=NEW)

    assert 422 == told.status
    assert 1 == len(told.problems)


async def test_a_new_code_comes_where_one_is_asked_for(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")
    sent = await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)
    before = len(at.house.messages)

    again = await at.robot.send(sent, "resend-form")

    assert before + 1 == len(at.house.messages)
    assert again.notice
    assert "code" in (await at.robot.send(again, "confirm", code=at.house.last_code())).answer


async def test_who_confirms_in_another_way_or_too_late_signs_in_as_everybody_does(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")
    sent = await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)
    at.house.clock.advance(at.oauth.app.session_validity + 1)

    told = await at.robot.send(sent, "confirm", code=at.house.last_code())

    assert ("login", 200) == (told.page, told.status)
    assert told.notice
    assert "code" in (await at.robot.send(told, username="ada", password=NEW)).answer


async def test_who_signs_in_before_the_confirmation_is_asked_for_the_code(at: Site) -> None:
    await at.house.sign_up(at.oauth.app, "ada", email="ada@example.com")

    asked = await at.robot.send(await at.start(), username="ada", password=PASSWORD)
    assert "confirm" == asked.page
    told = await at.robot.send(asked, "confirm", code=at.house.last_code())

    assert "code" in (await at.robot.send(told, username="ada", password=PASSWORD)).answer


async def test_where_a_plugin_confirms_at_once_the_sign_up_is_a_sign_in() -> None:
    class Confirms:
        @hookimpl
        async def pre_sign_up(self, event: PreSignUp) -> SignUpDecision:
            return SignUpDecision(confirm=event.username == "ada")

    async with site(plugins=[("confirms", Confirms())]) as at:
        form = await at.robot.follow(await at.start(), "signup")

        arrived = await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)

        assert 200 == (await at.redeem(arrived)).status


async def test_a_pool_whose_users_are_made_by_administrators_has_no_sign_up(at: Site) -> None:
    await at.house.services.pools.update(
        at.oauth.pool.id, PoolSettings(auto_verified=("email",), admin_create_only=True)
    )

    first = await at.start()
    elsewhere = await at.robot.open(first.address.replace("/login", "/signup"))

    assert "signup" not in first.links
    assert "login" == elsewhere.page


async def test_an_address_that_is_the_name_is_asked_for_once() -> None:
    async with site() as opened:
        at = await of_addresses(opened)
        form = await at.robot.follow(await at.start(), "signup")
        assert "username" not in form.form.inputs

        sent = await at.robot.send(form, email="ada@example.com", password=NEW)
        arrived = await at.robot.send(sent, "confirm", code=at.house.last_code())

        assert "ada@example.com" == claims_of((await at.redeem(arrived)).json["id_token"])["email"]


async def test_a_taken_address_looks_like_a_free_one_and_gets_nothing() -> None:
    async with site() as opened:
        at = await of_addresses(opened)
        await at.house.sign_up(at.oauth.app, "ada@example.com", email="ada@example.com")
        await at.house.confirm(at.oauth.app, "ada@example.com")
        form = await at.robot.follow(await at.start(), "signup")
        before = len(at.house.messages)

        taken = await at.robot.send(form, email="ada@example.com", password=NEW)
        other = at.another()
        form = await other.follow(await at.start(robot=other), "signup")
        free = await other.send(form, email="bob@example.com", password=NEW)

        assert before + 1 == len(at.house.messages)
        assert ("confirm", 200, taken.heading) == (free.page, free.status, free.heading)
        told = await at.robot.send(taken, "confirm", code=at.house.last_code())
        assert ["That code is not right. Check it and try again."] == told.problems
        again = await at.robot.send(taken, "resend-form")
        assert 200 == again.status
        assert before + 1 == len(at.house.messages)


# --- a forgotten password --------------------------------------------------------------------------------------------


async def test_a_forgotten_password_is_replaced_and_signs_in(at: Site) -> None:
    forgot = await at.robot.follow(await at.start(), "forgot")
    reset = await at.robot.send(forgot, username="jane")
    assert "confirmForgotPassword" == reset.page
    weak = await at.robot.send(reset, code=at.house.last_code(), new_password="short")
    assert 422 == weak.status
    wrong = await at.robot.send(weak, code="000000", new_password=NEW)
    assert ["That code is not right. Check it and try again."] == wrong.problems
    arrived = await at.robot.send(wrong, code=at.house.last_code(), new_password=NEW)

    assert 200 == (await at.redeem(arrived)).status
    assert "code" in (await at.robot.send(await at.start(prompt="login"), username="jane", password=NEW)).answer


async def test_a_new_password_is_no_way_around_the_second_factor(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    app = await with_app(at.house, at.oauth.app)
    reset = await at.robot.send(await at.robot.follow(await at.start(), "forgot"), username="jane")

    asked = await at.robot.send(reset, code=at.house.last_code(), new_password=NEW)

    assert asked.left is None
    assert "code" in asked.form.inputs
    assert "code" in (await at.robot.send(asked, code=app.code())).answer


async def test_a_user_whose_password_was_reset_chooses_a_new_one(at: Site) -> None:
    await at.house.services.recovery.require(at.oauth.pool, "jane", {})

    forgot = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert "forgotPassword" == forgot.page
    assert "jane" == forgot.form.fields["username"]
    reset = await at.robot.send(forgot)
    arrived = await at.robot.send(reset, code=at.house.last_code(), new_password=NEW)

    assert 200 == (await at.redeem(arrived)).status


async def test_a_name_that_nobody_has_meets_the_same_pages(at: Site) -> None:
    known = await at.robot.send(await at.robot.follow(await at.start(), "forgot"), username="jane")
    other = at.another()
    unknown = await other.send(await other.follow(await at.start(robot=other), "forgot"), username="nobody")

    assert (known.page, known.status, known.heading) == (unknown.page, unknown.status, unknown.heading)
    told = await other.send(unknown, code="123456", new_password=NEW)
    assert ["That code is not right. Check it and try again."] == told.problems


async def test_what_stands_under_the_pages_is_a_user_that_waits(at: Site) -> None:
    form = await at.robot.follow(await at.start(), "signup")
    await at.robot.send(form, username="ada", email="ada@example.com", password=NEW)

    user = await at.house.services.users.require(at.oauth.pool, "ada")

    assert UNCONFIRMED == user.status


# --- a link instead of a code ----------------------------------------------------------------------------------------


async def by_link(at: Site) -> str:
    """Ada has signed up, and this is the link in her letter."""
    template = MessageTemplate(by_link=True, link_email="Hello. {##Confirm##} Bye.", link_subject="Welcome")
    await at.house.services.pools.update(
        at.oauth.pool.id, PoolSettings(auto_verified=("email",), verification=template)
    )
    await at.house.sign_up(at.oauth.app, "ada", email="ada@example.com")
    letter = at.house.messages[-1]
    assert letter.link is not None
    assert f"Hello. Confirm: {letter.link} Bye." == letter.body
    assert "Welcome" == letter.subject
    assert f'<a href="{html.escape(letter.link)}">Confirm</a>' in letter.as_html
    assert letter.link.startswith(f"https://auth.example.com/{at.oauth.pool.id}/confirmUser?")
    return letter.link.removeprefix("https://auth.example.com/")


async def status_of(at: Site, name: str) -> str:
    return (await at.house.services.users.require(at.oauth.pool, name)).status


async def test_a_link_confirms_by_its_button_and_not_by_being_looked_at(at: Site) -> None:
    link = await by_link(at)

    page = await at.robot.open(link)
    assert UNCONFIRMED == await status_of(at, "ada")
    done = await at.robot.send(page)

    assert (200, 200) == (page.status, done.status)
    assert "CONFIRMED" == await status_of(at, "ada")
    assert "code" in (await at.robot.send(await at.start(), username="ada", password=PASSWORD)).answer


async def test_a_link_that_was_used_or_changed_says_so(at: Site) -> None:
    link = await by_link(at)
    await at.robot.send(await at.robot.open(link))

    again = await at.robot.send(await at.robot.open(link))
    empty = await at.robot.open(link.partition("&")[0])
    foreign = await at.robot.open(link.replace(at.oauth.app.id, "0" * 26))

    assert (422, 422, 400) == (again.status, empty.status, foreign.status)


async def test_the_button_of_a_link_is_pressed_on_our_page_only(at: Site) -> None:
    link = await by_link(at)
    page = await at.robot.open(link)

    told = await at.another().post(page.form.action, {**page.form.fields})

    assert 403 == told.status
    assert UNCONFIRMED == await status_of(at, "ada")
