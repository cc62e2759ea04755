"""Row 28: where a second factor is due, nothing gives tokens without it: no path, no order, no state in between."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision, Passed, SignInState, Stage
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.factors import TOTP, App, asked, with_app, with_factors
from tests.support.house import FLOWS, PASSWORD, House, opened_house
from tests.support.sign_in import Asking, Opening, Reply, SignedIn, initiate
from tests.support.srp_client import SrpClient

ALL_FLOWS = (*FLOWS, "ALLOW_USER_AUTH")


async def guarded(house: House, mode: str = "OPTIONAL") -> tuple[Pool, Client, App]:
    """Jane has an app, and is asked for its codes."""
    pool = await with_factors(house, await house.pool())
    client = await house.client(pool, flows=ALL_FLOWS)
    await house.user(client)
    app = await with_app(house, client)
    return await with_factors(house, pool, mode), client, app


async def by_srp(house: House, client: Client) -> Reply:
    srp = SrpClient(house, client)
    return await srp.answer(await srp.begin("jane"), PASSWORD)


async def by_choice(house: House, client: Client, preferred: str, **more: str) -> Reply:
    parameters = {"USERNAME": "jane", "PREFERRED_CHALLENGE": preferred, **more}
    return await initiate(house.services, client, Opening(flow="USER_AUTH", parameters=parameters))


async def by_srp_of_choice(house: House, client: Client) -> Reply:
    srp = SrpClient(house, client)
    return await srp.answer(asked(await by_choice(house, client, "PASSWORD_SRP", SRP_A=srp.big_a)), PASSWORD)


async def by_choice_later(house: House, client: Client) -> Reply:
    asking = await initiate(house.services, client, Opening(flow="USER_AUTH", parameters={"USERNAME": "jane"}))
    return await house.answer(client, asking, ANSWER="PASSWORD", PASSWORD=PASSWORD)


WAYS = {
    "password": lambda house, client: house.begin(client),
    "password, by an administrator": lambda house, client: house.begin(client, flow="ADMIN_USER_PASSWORD_AUTH"),
    "password, by an administrator, as of old": lambda house, client: house.begin(client, flow="ADMIN_NO_SRP_AUTH"),
    "srp": by_srp,
    "choice: password": lambda house, client: by_choice(house, client, "PASSWORD", PASSWORD=PASSWORD),
    "choice: password, later": by_choice_later,
    "choice: srp": by_srp_of_choice,
}


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize("way", WAYS)
async def test_every_way_to_prove_the_password_leads_to_the_second_factor(way: str, mode: str) -> None:
    async with opened_house() as house:
        _, client, app = await guarded(house, mode)

        asking = asked(await WAYS[way](house, client))

        assert TOTP == asking.challenge
        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.wrong())
        assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_a_session_that_waits_for_a_code_is_good_for_nothing_else() -> None:
    async with opened_house() as house:
        _, client, app = await guarded(house)
        others = {
            "SMS_MFA": {"SMS_MFA_CODE": app.code()},
            "MFA_SETUP": {},
            "SELECT_MFA_TYPE": {"ANSWER": TOTP},
            "SELECT_CHALLENGE": {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD},
            "PASSWORD": {"PASSWORD": PASSWORD},
            "NEW_PASSWORD_REQUIRED": {"NEW_PASSWORD": "An0ther-Horse!"},
            "CUSTOM_CHALLENGE": {"ANSWER": app.code()},
        }

        for challenge, answers in others.items():
            asking = asked(await house.begin(client))
            with pytest.raises((errors.InvalidSession, errors.MissingParameter)):
                await house.answer(client, Asking(challenge, asking.handle), **answers)


async def test_a_session_is_its_clients_and_its_users() -> None:
    async with opened_house() as house:
        pool, client, app = await guarded(house)
        other = await house.client(pool)
        await house.user(client, "john")
        elsewhere = await house.client(await house.pool())

        for who, name in ((other, "jane"), (elsewhere, "jane"), (client, "john")):
            asking = asked(await house.begin(client))
            with pytest.raises(errors.InvalidSession):
                await house.answer(who, asking, name, SOFTWARE_TOKEN_MFA_CODE=app.code())

        asking = asked(await house.begin(client))
        assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


async def test_anothers_app_is_nobodys() -> None:
    async with opened_house() as house:
        _, client, _ = await guarded(house)
        await house.user(client, "john")
        johns = await with_app(house, client, "john")
        asking = asked(await house.begin(client))

        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=johns.code())


async def test_an_enrolment_that_was_moved_to_another_user_opens_nothing() -> None:
    """The seal is for its user: whoever can write to the database cannot make his own app that of another."""
    async with opened_house() as house:
        pool, client, _ = await guarded(house)
        await house.user(client, "john")
        johns = await with_app(house, client, "john")
        users = house.built.ports.users
        jane, john = [await house.services.users.require(pool, name) for name in ("jane", "john")]
        await users.save(pool, replace(jane, factors=john.factors))

        with pytest.raises(ValueError, match="not sealed for this purpose and context"):
            await house.answer(client, await house.begin(client), SOFTWARE_TOKEN_MFA_CODE=johns.code())


async def test_what_a_plugin_asks_on_the_way_is_no_second_factor() -> None:
    class Terms:
        name = "terms"

        async def ask(self, state: SignInState) -> Asked:
            return Asked()

        async def check(self, state: SignInState, private: object, answers: dict[str, str]) -> Passed:
            return Passed("terms")

        async def applies(self, state: SignInState) -> str:
            return self.name

        @hookimpl
        def register_challenges(self, event: Register) -> list[Terms]:
            return [self]

        @hookimpl
        def register_stages(self, event: Register) -> list[Stage]:
            return [Stage("terms", self.applies, order=50)]

    async with opened_house() as plain:
        _, client, app = await guarded(plain)
        async with opened_house(plain.built.store, plain.clock, plugins=[("terms", Terms())]) as house:
            asking = asked(await house.begin(client))
            assert "CUSTOM_CHALLENGE" == asking.challenge

            asking = asked(await house.answer(client, asking, ANSWER="yes"))

            assert TOTP == asking.challenge
            assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


class Riddle:
    """A custom sign-in: the password by SRP where it began so, then one riddle."""

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        done = [one.name for one in event.session]
        if done == ["SRP_A"]:
            return ChallengeDecision(challenge="PASSWORD_VERIFIER")
        return ChallengeDecision(
            issue_tokens="CUSTOM_CHALLENGE" in done,
            challenge=None if "CUSTOM_CHALLENGE" in done else "CUSTOM_CHALLENGE",
        )

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(private={"answer": "2"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == str(event.private["answer"])


async def test_in_a_custom_sign_in_the_second_factor_follows_the_password_and_plugins_come_after() -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        _, client, app = await guarded(house)
        srp = SrpClient(house, client)
        begun = await house.begin(client, flow="CUSTOM_AUTH", CHALLENGE_NAME="SRP_A", SRP_A=srp.big_a)

        asking = asked(await srp.answer(asked(begun), PASSWORD))
        assert TOTP == asking.challenge
        asking = asked(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()))
        assert "CUSTOM_CHALLENGE" == asking.challenge

        assert isinstance(await house.answer(client, asking, ANSWER="2"), SignedIn)


async def test_plugins_that_decide_alone_are_asked_nothing_more() -> None:
    """Contract: to a pure custom sign-in no second factor of ours is added."""
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        _, client, _ = await guarded(house, "ON")

        asking = asked(await house.begin(client, flow="CUSTOM_AUTH"))

        assert isinstance(await house.answer(client, asking, ANSWER="2"), SignedIn)


async def test_who_chooses_a_password_first_is_asked_for_the_factor_then() -> None:
    async with opened_house() as house:
        pool, client, app = await guarded(house, "ON")
        await house.services.users.set_password(pool, "jane", PASSWORD, permanent=False)
        asking = await house.answer(client, await house.begin(client), NEW_PASSWORD="An0ther-Horse!")

        assert TOTP == asked(asking).challenge
        assert isinstance(await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code()), SignedIn)


@pytest.mark.parametrize("state", ["disabled", "reset", "signed out", "another password", "deleted"])
async def test_what_became_of_the_user_meanwhile_counts(state: str) -> None:
    async with opened_house() as house:
        pool, client, app = await guarded(house)
        asking = await house.begin(client)
        users = house.services.users
        if state == "disabled":
            await users.disable(pool, "jane")
        elif state == "reset":
            await house.services.recovery.require(pool, "jane", {})
        elif state == "signed out":
            await users.sign_out_everywhere(pool, "jane")
        elif state == "another password":
            await users.set_password(pool, "jane", "An0ther-Horse!", permanent=True)
        else:
            await users.delete(pool, "jane")

        with pytest.raises((errors.InvalidSession, errors.PasswordResetRequired)):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code())


async def test_an_app_that_was_taken_away_meanwhile_opens_nothing() -> None:
    async with opened_house() as house:
        pool, client, app = await guarded(house)
        asking = await house.begin(client)
        jane = await house.services.users.require(pool, "jane")
        await house.built.ports.users.save(pool, replace(jane, factors=(), mfa=()))

        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, SOFTWARE_TOKEN_MFA_CODE=app.code())


async def test_a_user_whom_a_plugin_moved_here_is_asked_too() -> None:
    async with opened_house() as house:
        pool = await with_factors(house, await house.pool(), "ON")
        client = await house.client(pool)
        await house.services.users.invite(pool, Invitation(username="john", password=PASSWORD, silent=True))
        asking = asked(await house.begin(client, "john"))

        asking = asked(await house.answer(client, asking, "john", NEW_PASSWORD="An0ther-Horse!"))

        assert "MFA_SETUP" == asking.challenge
