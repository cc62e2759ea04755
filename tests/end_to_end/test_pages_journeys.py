"""Custom challenges, plugins' factors, consent and the choice between accounts, on the hosted pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from poolhouse.errors import CodeMismatch
from poolhouse.flows.pools.settings import PoolSettings
from poolhouse.hooks.answers.factors import Enrolling, Fits, Holder
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.pools import DeviceTracking
from tests.support.factors import TOTP, App, with_app, with_factors
from tests.support.house import PASSWORD
from tests.support.oauth import claims_of
from tests.support.pages import Site, site
from tests.support.robot import Screen


class Riddle:
    """Asks two questions before anybody is let in, without a password."""

    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        right = [round_.passed for round_ in event.session]
        if right.count(False) > 2:
            return ChallengeDecision(fail=True)
        return (
            ChallengeDecision(issue_tokens=True)
            if right.count(True) == 2
            else ChallengeDecision(challenge="CUSTOM_CHALLENGE")
        )

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked:
        n = 1 + sum(round_.passed for round_ in event.session)
        return Asked(public={"hint": f"What is the word number {n}?"}, private={"word": f"word-{n}"})

    @hookimpl
    async def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == event.private["word"]


class Badge:
    """A factor of somebody else: the number of a badge."""

    name = "BADGE"
    proof = "badge"

    async def offer(self, holder: Holder) -> bool:
        return True

    async def enrol(self, holder: Holder) -> Enrolling:
        return Enrolling(shown={"text": "Type the number of your badge, 4711."}, kept={"number": "4711"})

    async def ask(self, holder: Holder, kept: Mapping[str, Any]) -> Asked:
        return Asked(public={"text": "Hold your badge under the light."})

    async def check(
        self, holder: Holder, kept: Mapping[str, Any], private: Mapping[str, Any], answers: Mapping[str, str]
    ) -> Fits:
        if answers.get("ANSWER") != kept["number"]:
            raise CodeMismatch("This is another badge")
        return Fits()


class BadgePlugin:
    @hookimpl
    def register_factors(self) -> Sequence[Badge]:
        return [Badge()]


@pytest.fixture
async def at() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def test_a_custom_sign_in_is_a_way_of_its_own_and_goes_round_by_round() -> None:
    async with site(plugins=[("riddle", Riddle())]) as at:
        ways = await at.robot.send(await at.start(), username="jane")
        first = await at.robot.send(ways, press="CUSTOM_CHALLENGE")
        assert "What is the word number 1?" in first.text
        again = await at.robot.send(first, answer_ANSWER="wrong")
        assert "What is the word number 1?" in again.text
        second = await at.robot.send(again, answer_ANSWER="word-1")
        assert "What is the word number 2?" in second.text
        assert second.left is None
        arrived = await at.robot.send(second, answer_ANSWER="word-2")

        assert 200 == (await at.redeem(arrived)).status


async def test_a_custom_sign_in_that_fails_leads_back_to_the_beginning() -> None:
    async with site(plugins=[("riddle", Riddle())]) as at:
        told = await at.robot.send(await at.robot.send(await at.start(), username="jane"), press="CUSTOM_CHALLENGE")
        for _ in range(3):
            told = await at.robot.send(told, answer_ANSWER="wrong")

        assert 422 == told.status
        assert "answer_ANSWER" not in told.form.inputs


async def test_a_client_that_permits_no_custom_sign_in_offers_none_on_pages() -> None:
    async with site(plugins=[("riddle", Riddle())]) as at:
        client = await at.client(flows=("ALLOW_USER_SRP_AUTH",))

        first = await at.start(client)

        assert "password" in first.form.inputs


async def test_a_factor_of_a_plugin_is_set_up_and_asked_for_without_a_line_of_ours() -> None:
    async with site(plugins=[("badge", BadgePlugin())]) as at:
        await with_factors(at.house, at.oauth.pool, "ON", "BADGE")

        set_up = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
        assert "Type the number of your badge" in set_up.text
        wrong = await at.robot.send(set_up, answer_ANSWER="1")
        assert 422 == wrong.status
        arrived = await at.robot.send(await at.robot.send(wrong, answer_ANSWER="4711"), kept="1")
        assert 200 == (await at.redeem(arrived)).status

        asked = await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)
        assert "Hold your badge under the light." in asked.text
        wrong = await at.robot.send(asked, answer_ANSWER="0815")
        assert ["That code is not right. Check it and try again."] == wrong.problems
        arrived = await at.robot.send(wrong, answer_ANSWER="4711")
        assert 200 == (await at.redeem(arrived)).status


async def test_where_several_factors_can_be_set_up_the_user_says_which() -> None:
    async with site(plugins=[("badge", BadgePlugin())]) as at:
        await with_factors(at.house, at.oauth.pool, "ON", "BADGE", TOTP)

        choice = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
        assert {"BADGE", TOTP} <= {value for _, value in choice.form.buttons}
        set_up = await at.robot.send(choice, press="BADGE")
        arrived = await at.robot.send(await at.robot.send(set_up, answer_ANSWER="4711"), kept="1")

        assert 200 == (await at.redeem(arrived)).status


async def test_a_recovery_code_stands_for_a_lost_second_factor(at: Site) -> None:
    await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    tokens = await at.house.sign_in(at.oauth.app)
    await with_app(at.house, at.oauth.app)
    codes = (await at.house.services.recovery_codes.make(tokens.access)).codes

    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    lost = await at.robot.follow(asked, "recovery")
    wrong = await at.robot.send(lost, code="AAAA-AAAA")
    assert 422 == wrong.status
    arrived = await at.robot.send(wrong, code=codes[0])

    assert 200 == (await at.redeem(arrived)).status
    asked = await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)
    again = await at.robot.send(await at.robot.follow(asked, "recovery"), code=codes[0])
    assert 422 == again.status


# --- remembered browsers ---------------------------------------------------------------------------------------------


async def remembering(at: Site, *, on_prompt: bool) -> App:
    """Jane has an app, and the pool takes a remembered device for it."""
    tracking = DeviceTracking(instead=True, on_prompt=on_prompt)
    await at.house.services.pools.update(at.oauth.pool.id, PoolSettings(auto_verified=("email",), devices=tracking))
    at.oauth.pool = await with_factors(at.house, at.oauth.pool, "OPTIONAL")
    return await with_app(at.house, at.oauth.app)


async def again(at: Site) -> Screen:
    return await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)


async def test_a_browser_that_its_user_wants_remembered_is_asked_for_no_second_factor(at: Site) -> None:
    app = await remembering(at, on_prompt=True)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert "remember_device" in asked.form.inputs
    await at.robot.send(asked, code=app.code(), remember_device="1")

    arrived = await again(at)

    assert "code" in arrived.answer
    other = at.another()
    elsewhere = await other.send(await at.start(robot=other), username="jane", password=PASSWORD)
    assert "code" in elsewhere.form.inputs


async def test_a_browser_is_remembered_by_its_users_wish_only_where_the_pool_asks(at: Site) -> None:
    app = await remembering(at, on_prompt=True)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    await at.robot.send(asked, code=app.code())

    assert "code" in (await again(at)).form.inputs


async def test_where_the_pool_asks_nobody_every_browser_is_remembered(at: Site) -> None:
    app = await remembering(at, on_prompt=False)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert "remember_device" not in asked.form.inputs
    await at.robot.send(asked, code=app.code())

    assert "code" in (await again(at)).answer


async def test_a_browser_is_remembered_for_thirty_days_or_until_the_device_is_forgotten(at: Site) -> None:
    app = await remembering(at, on_prompt=False)
    for end in ("time", "forgotten", "changed", "reset"):
        at.house.clock.advance(60)
        asked = await at.robot.send(await at.start(prompt="login"), username="jane", password=PASSWORD)
        if "password" in asked.form.inputs:
            asked = await at.robot.send(asked, username="jane", password=PASSWORD)
        await at.robot.send(asked, code=app.code())
        assert "code" in (await again(at)).answer
        name = f"__Host-poolhouse-device-{at.oauth.pool.id}"
        key = at.robot.cookies[name].partition(".")[0]
        if end == "time":
            at.house.clock.advance(30 * 86400)
        elif end == "forgotten":
            await at.house.services.devices.forget_for(at.oauth.pool, "jane", key)
        elif end == "changed":
            at.robot.cookies[name] = f"{key}.{'A' * 43}"
        else:
            await at.house.services.users.set_password(at.oauth.pool, "jane", PASSWORD, permanent=True)

        told = await again(at)

        assert told.left is None, end
        if "password" in told.form.inputs:
            assert told.notice
            told = await at.robot.send(told, username="jane", password=PASSWORD)
        assert "code" in told.form.inputs, end
        await at.robot.open(told.address)


# --- consent and accounts --------------------------------------------------------------------------------------------


async def test_a_strangers_client_gets_what_the_user_agrees_to(at: Site) -> None:
    await at.asks_consent(at.oauth.app)

    asked = await at.robot.send(await at.start(scope="openid email notes/read"), username="jane", password=PASSWORD)
    assert "consent" == asked.page
    arrived = await at.robot.send(asked, press="allow")

    told = await at.redeem(arrived)
    assert {"openid", "email", "notes/read"} == set(told.json["scope"].split())
    assert "code" in (await at.start(scope="openid email")).answer


async def test_a_user_who_says_no_goes_back_with_that_answer(at: Site) -> None:
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    arrived = await at.robot.send(asked, press="deny")

    assert "access_denied" == arrived.answer["error"]
    assert 400 == (await at.robot.again(asked)).status


async def test_neither_yes_nor_no_is_asked_again(at: Site) -> None:
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    told = await at.robot.post(asked.address, {"_csrf": asked.form.fields["_csrf"]})

    assert 422 == told.status
    assert "consent" == told.page


async def test_only_who_was_shown_on_the_page_agrees_and_not_whom_another_tab_changed_to(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    assert "jane" in asked.text
    await at.robot.send(await at.start(prompt="login"), username="bob", password=PASSWORD)

    told = await at.robot.send(asked, press="allow")

    assert (422, "consent") == (told.status, told.page)
    assert "bob" in told.text
    consents = at.house.built.ports.consents
    assert await consents.get(at.oauth.pool.id, bob.sub, at.oauth.app.id) is None
    assert await consents.get(at.oauth.pool.id, at.oauth.user.sub, at.oauth.app.id) is None
    arrived = await at.robot.send(told, press="allow")
    assert bob.sub == claims_of((await at.redeem(arrived)).json["id_token"])["sub"]


async def test_consent_that_does_not_say_whose_it_is_counts_for_nobody(at: Site) -> None:
    await at.asks_consent(at.oauth.app)
    asked = await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    told = await at.robot.send(asked, press="allow", without=("account",))

    assert (422, "consent") == (told.status, told.page)


async def test_one_of_several_accounts_goes_on(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    await at.robot.send(await at.start(prompt="login"), username="bob", password=PASSWORD)

    choice = await at.start(prompt="select_account")
    assert "accounts" == choice.page
    jane = await at.robot.send(choice, press=at.oauth.user.sub)
    choice = await at.start(prompt="select_account")
    assert 3 == len(choice.form.buttons)
    again = await at.robot.send(choice, press=bob.sub)

    assert at.oauth.user.sub == claims_of((await at.redeem(jane)).json["id_token"])["sub"]
    assert bob.sub == claims_of((await at.redeem(again)).json["id_token"])["sub"]


async def test_another_account_than_those_can_sign_in(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)

    choice = await at.start(prompt="select_account")
    first = await at.robot.send(choice, press="other")
    arrived = await at.robot.send(first, username="bob", password=PASSWORD)

    assert bob.sub == claims_of((await at.redeem(arrived)).json["id_token"])["sub"]


async def test_an_account_that_is_not_signed_in_here_cannot_be_chosen(at: Site) -> None:
    bob = await at.house.user(at.oauth.app, "bob")
    await at.robot.send(await at.start(), username="jane", password=PASSWORD)
    choice = await at.start(prompt="select_account")

    told = await at.robot.post(choice.address, {"_csrf": choice.form.fields["_csrf"], "account": bob.sub})

    assert 422 == told.status
    assert told.left is None
