"""Sign-in by password, by SRP and by custom challenges; temporary passwords; the lockout; what may not be learned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.hooks.answers.accounts import MigratedUser
from poolhouse.hooks.answers.sign_in import Asked, ChallengeDecision, Next, Passed, SignInState, Stage
from poolhouse.hooks.events.accounts import MigrateUser
from poolhouse.hooks.events.server import FlowCall
from poolhouse.hooks.events.sign_in import CreateChallenge, DefineChallenge, VerifyChallenge
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from tests.support.house import PASSWORD, House, opened_house
from tests.support.sign_in import Asking, SignedIn, initiate
from tests.support.srp_client import SrpClient

NEW_PASSWORD = "An0ther-Horse!"


# --- by password -----------------------------------------------------------------------------------------------------


async def test_the_right_password_gives_three_tokens(house: House, client: Client) -> None:
    await house.user(client)

    tokens = await house.sign_in(client)

    assert tokens.access.count(".") == tokens.id.count(".") == 2
    assert tokens.refresh
    assert tokens.expires_in == 3600


async def test_a_wrong_password_is_refused(house: House, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.WrongCredentials, match=r"Incorrect username or password\."):
        await house.sign_in(client, password="Wr0ng-Horse!")


async def test_an_unconfirmed_user_is_told_so_only_after_the_right_password(house: House, client: Client) -> None:
    await house.sign_up(client)

    with pytest.raises(errors.UserNotConfirmed):
        await house.sign_in(client)
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password="Wr0ng-Horse!")


async def test_a_disabled_user_cannot_sign_in(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    await house.services.users.disable(pool, "jane")

    with pytest.raises(errors.UserDisabled):
        await house.sign_in(client)

    await house.services.users.enable(pool, "jane")
    assert (await house.sign_in(client)).access


async def test_a_flow_that_the_client_does_not_permit_is_refused(house: House, pool: Pool) -> None:
    only_srp = await house.client(pool, flows=("ALLOW_USER_SRP_AUTH",), rotation=_rotation())

    with pytest.raises(errors.InvalidParameter, match="USER_PASSWORD_AUTH flow not enabled for this client"):
        await house.begin(only_srp)


async def test_an_administrators_flow_is_not_for_the_public(house: House, client: Client) -> None:
    from tests.support.sign_in import Opening

    opening = Opening(flow="ADMIN_USER_PASSWORD_AUTH", parameters={"USERNAME": "jane", "PASSWORD": PASSWORD})

    with pytest.raises(errors.InvalidParameter, match="Initiate Auth method not supported"):
        await initiate(house.services, client, opening)


async def test_an_administrator_can_sign_a_user_in(house: House, client: Client) -> None:
    await house.user(client)

    reply = await house.begin(client, flow="ADMIN_USER_PASSWORD_AUTH")

    assert isinstance(reply, SignedIn)


async def test_a_client_with_a_secret_needs_the_hash_of_it(house: House, pool: Pool) -> None:
    secretive = await house.client(pool, generates_secret=True)

    with pytest.raises(errors.NotAuthorized, match="configured with secret but SECRET_HASH was not received"):
        await house.begin(secretive)


async def test_a_hundred_parallel_sign_ins_of_one_user_all_succeed(house: House, client: Client) -> None:
    await house.user(client)

    tokens = await asyncio.gather(*(house.sign_in(client) for _ in range(100)))

    assert len({token.refresh for token in tokens}) == 100


# --- the lockout -----------------------------------------------------------------------------------------------------


async def test_after_five_failures_the_user_is_locked_and_the_lock_doubles(house: House, client: Client) -> None:
    await house.user(client)
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(client, password="Wr0ng-Horse!")

    with pytest.raises(errors.AttemptsExceeded, match="Password attempts exceeded"):
        await house.sign_in(client)

    house.clock.advance(1)
    with pytest.raises(errors.WrongCredentials):
        await house.sign_in(client, password="Wr0ng-Horse!")
    house.clock.advance(1)
    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(client)
    house.clock.advance(1)
    assert (await house.sign_in(client)).access


async def test_a_success_forgets_the_failures(house: House, client: Client) -> None:
    await house.user(client)
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(errors.WrongCredentials):
                await house.sign_in(client, password="Wr0ng-Horse!")
        await house.sign_in(client)


async def test_of_a_hundred_parallel_guesses_five_are_looked_at(house: House, client: Client) -> None:
    await house.user(client)

    results = await asyncio.gather(
        *(house.sign_in(client, password=f"Wr0ng-Horse!{n}") for n in range(100)), return_exceptions=True
    )

    assert sum(isinstance(result, errors.WrongCredentials) for result in results) == 5
    assert sum(isinstance(result, errors.AttemptsExceeded) for result in results) == 95


async def test_unknown_names_are_locked_like_known_ones(house: House, pool: Pool) -> None:
    hiding = await house.client(pool, hides_users=True)
    for _ in range(5):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(hiding, "nobody")

    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(hiding, "nobody")


async def test_guesses_by_srp_and_by_password_share_one_count(house: House, client: Client) -> None:
    await house.user(client)
    for _ in range(3):
        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(client, password="Wr0ng-Horse!")
    for _ in range(2):
        with pytest.raises(errors.WrongCredentials):
            await _srp(house, client, password="Wr0ng-Horse!")

    with pytest.raises(errors.AttemptsExceeded):
        await house.sign_in(client)


# --- by SRP ----------------------------------------------------------------------------------------------------------


async def test_srp_proves_the_password_without_sending_it(house: House, client: Client) -> None:
    await house.user(client)

    assert isinstance(await _srp(house, client), SignedIn)


async def test_srp_with_a_wrong_password_is_refused(house: House, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.WrongCredentials):
        await _srp(house, client, password="Wr0ng-Horse!")


async def test_the_secret_block_stands_for_the_session(house: House, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")

    reply = await srp.answer(asking, PASSWORD, handle=None)

    assert isinstance(reply, SignedIn)


async def test_of_a_hundred_parallel_uses_of_one_proof_one_succeeds(house: House, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")

    results = await asyncio.gather(*(srp.answer(asking, PASSWORD) for _ in range(100)), return_exceptions=True)

    assert sum(isinstance(result, SignedIn) for result in results) == 1
    assert sum(isinstance(result, errors.InvalidSession) for result in results) == 99


async def test_a_proof_that_comes_too_late_is_refused(house: House, client: Client) -> None:
    await house.user(client)
    srp = SrpClient(house, client)
    asking = await srp.begin("jane")

    house.clock.advance(180)

    with pytest.raises(errors.InvalidSession, match="session is expired"):
        await srp.answer(asking, PASSWORD)


async def test_a_session_of_another_client_is_refused(house: House, pool: Pool, client: Client) -> None:
    await house.user(client)
    asking = await SrpClient(house, client).begin("jane")
    other = SrpClient(house, await house.client(pool))

    with pytest.raises(errors.InvalidSession):
        await other.answer(asking, PASSWORD)


async def test_srp_for_an_unknown_name_looks_real_and_fails(house: House, pool: Pool) -> None:
    hiding = await house.client(pool, hides_users=True)
    srp = SrpClient(house, hiding)

    first = await srp.begin("nobody")
    second = await srp.begin("nobody")

    assert first.public["SALT"] == second.public["SALT"]
    assert first.public["USER_ID_FOR_SRP"] == second.public["USER_ID_FOR_SRP"]
    assert first.public["SRP_B"] != second.public["SRP_B"]
    with pytest.raises(errors.WrongCredentials):
        await srp.answer(first, PASSWORD)


@pytest.mark.parametrize("big_a", ["0", "", "zz", "FFFF" * 400])
async def test_a_public_value_that_is_none_is_refused(house: House, client: Client, big_a: str) -> None:
    await house.user(client)

    with pytest.raises(errors.InvalidParameter):
        await house.begin(client, flow="USER_SRP_AUTH", SRP_A=big_a)


# --- temporary passwords ---------------------------------------------------------------------------------------------


async def test_an_invited_user_chooses_a_password_and_is_signed_in(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(
        pool, Invitation(username="jane", password=PASSWORD, attributes={"email": "jane@example.com"})
    )

    asking = await house.begin(client)
    reply = await house.answer(client, asking, NEW_PASSWORD=NEW_PASSWORD)

    assert isinstance(asking, Asking)
    assert asking.challenge == "NEW_PASSWORD_REQUIRED"
    assert json.loads(asking.public["requiredAttributes"]) == []
    assert isinstance(reply, SignedIn)
    assert (await house.sign_in(client, password=NEW_PASSWORD)).access


async def test_a_poor_new_password_costs_nothing(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))
    asking = await house.begin(client)

    with pytest.raises(errors.PasswordPolicyViolation):
        await house.answer(client, asking, NEW_PASSWORD="short")

    assert isinstance(await house.answer(client, asking, NEW_PASSWORD=NEW_PASSWORD), SignedIn)


async def test_a_temporary_password_ends_after_its_days(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))

    house.clock.advance(7 * 86400)

    with pytest.raises(errors.NotAuthorized, match="Temporary password has expired"):
        await house.begin(client)


async def test_an_invited_user_signs_in_by_srp_as_well(house: House, pool: Pool, client: Client) -> None:
    await house.services.users.invite(pool, Invitation(username="jane", password=PASSWORD, silent=True))

    asking = await _srp(house, client)

    assert isinstance(asking, Asking)
    assert asking.challenge == "NEW_PASSWORD_REQUIRED"


# --- custom challenges -----------------------------------------------------------------------------------------------


class Riddle:
    """Asks a riddle, twice at most."""

    @hookimpl
    async def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        if event.session and event.session[-1].passed and not event.user_not_found:
            return ChallengeDecision(issue_tokens=True)
        if len(event.session) >= 2:
            return ChallengeDecision(fail=True)
        return ChallengeDecision(challenge="CUSTOM_CHALLENGE")

    @hookimpl
    async def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(public={"riddle": "2+2"}, private={"solution": "4"}, metadata=f"round {len(event.session)}")

    @hookimpl
    async def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == event.private["solution"]


async def test_a_plugin_can_sign_users_in_by_its_own_challenge() -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        asking = await house.begin(client, flow="CUSTOM_AUTH")
        again = await house.answer(client, asking, ANSWER="5")
        reply = await house.answer(client, again, ANSWER="4")

        assert isinstance(asking, Asking)
        assert asking.public["riddle"] == "2+2"
        assert "solution" not in asking.public
        assert isinstance(reply, SignedIn)


async def test_a_custom_sign_in_ends_when_the_plugin_says_so() -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client, flow="CUSTOM_AUTH")
        again = await house.answer(client, asking, ANSWER="5")

        with pytest.raises(errors.WrongCredentials):
            await house.answer(client, again, ANSWER="6")
        with pytest.raises(errors.InvalidSession):
            await house.answer(client, again, ANSWER="4")


async def test_a_custom_sign_in_of_nobody_runs_and_never_succeeds() -> None:
    async with opened_house(plugins=[("riddle", Riddle())]) as house:
        client = await house.client(await house.pool(), hides_users=True)

        asking = await house.begin(client, "nobody", flow="CUSTOM_AUTH")
        again = await house.answer(client, asking, "nobody", ANSWER="4")

        with pytest.raises(errors.WrongCredentials):
            await house.answer(client, again, "nobody", ANSWER="4")


async def test_without_a_plugin_custom_sign_in_says_so(house: House, client: Client) -> None:
    await house.user(client)

    with pytest.raises(errors.InvalidParameter, match="Custom auth lambda trigger is not configured"):
        await house.begin(client, flow="CUSTOM_AUTH")


class AfterPassword:
    """A custom sign-in that begins with the password, then asks a riddle, then looks at what was proven."""

    def __init__(self) -> None:
        self.seen: list[SignInState] = []

    @hookimpl
    def define_challenge(self, event: DefineChallenge) -> ChallengeDecision:
        wanted = {1: "PASSWORD_VERIFIER", 2: "CUSTOM_CHALLENGE"}.get(len(event.session))
        return ChallengeDecision(challenge=wanted) if wanted else ChallengeDecision(issue_tokens=True)

    @hookimpl
    def create_challenge(self, event: CreateChallenge) -> Asked:
        return Asked(public={"riddle": "2+2"})

    @hookimpl
    def verify_challenge(self, event: VerifyChallenge) -> bool:
        return event.answer == "4"

    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("looks", self.looks)]

    async def looks(self, state: SignInState) -> str | None:
        self.seen.append(state)
        return None


async def test_a_password_that_was_proven_on_the_way_counts_as_a_proof_in_the_end() -> None:
    plugin = AfterPassword()
    async with opened_house(plugins=[("after-password", plugin)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        srp = SrpClient(house, client)
        asking = await house.begin(client, flow="CUSTOM_AUTH", CHALLENGE_NAME="SRP_A", SRP_A=srp.big_a)
        assert isinstance(asking, Asking)

        riddle = await srp.answer(asking, PASSWORD)
        reply = await house.answer(client, riddle, ANSWER="4")

        assert isinstance(reply, SignedIn)
        assert ("password", "custom") == plugin.seen[-1].proofs
        assert ("PASSWORD_VERIFIER", "CUSTOM_CHALLENGE") == plugin.seen[-1].passed


class Knock:
    """A further step after every first proof."""

    name = "KNOCK"
    public_name = "CUSTOM_CHALLENGE"

    @hookimpl
    def register_challenges(self) -> list[Any]:
        return [self]

    @hookimpl
    def register_stages(self) -> list[Stage]:
        return [Stage("knock", self.applies)]

    async def applies(self, state: SignInState) -> str | None:
        return self.name

    async def ask(self, state: SignInState) -> Asked:
        return Asked(public={"say": "who is there"}, private={"expected": "me"})

    async def check(self, state: SignInState, private: Any, answers: Any) -> Passed:
        if answers.get("ANSWER") != private["expected"]:
            raise errors.CodeMismatch
        return Passed("knock")


async def test_a_plugin_can_add_a_step_to_every_sign_in() -> None:
    async with opened_house(plugins=[("knock", Knock())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client)

        with pytest.raises(errors.CodeMismatch):
            await house.answer(client, asking, ANSWER="nobody")
        reply = await house.answer(client, asking, ANSWER="me")

        assert isinstance(reply, SignedIn)


# --- users from elsewhere --------------------------------------------------------------------------------------------


class OldDirectory:
    @hookimpl
    async def migrate_user(self, event: MigrateUser) -> MigratedUser | None:
        if event.username != "jane" or event.password not in (None, PASSWORD):
            return None
        return MigratedUser(attributes={"email": "jane@example.com", "email_verified": "true"})


async def test_a_user_from_elsewhere_comes_over_at_the_first_sign_in_with_the_old_password() -> None:
    async with opened_house(plugins=[("old", OldDirectory())]) as house:
        client = await house.client(await house.pool())

        first = await house.sign_in(client)
        again = await house.sign_in(client)

        assert (await house.bearer(first)).user.sub == (await house.bearer(again)).user.sub


async def test_a_wrong_password_brings_nobody_over() -> None:
    async with opened_house(plugins=[("old", OldDirectory())]) as house:
        client = await house.client(await house.pool(), hides_users=True)

        with pytest.raises(errors.WrongCredentials):
            await house.sign_in(client, password="Wr0ng-Horse!")

        page = await house.built.ports.users.page(client.pool_id, None, 60, None)
        assert list(page.items) == []


async def test_a_hundred_parallel_first_sign_ins_bring_one_user_over() -> None:
    async with opened_house(plugins=[("old", OldDirectory())]) as house:
        client = await house.client(await house.pool())

        await asyncio.gather(*(house.sign_in(client) for _ in range(100)))

        page = await house.built.ports.users.page(client.pool_id, None, 60, None)
        assert len(page.items) == 1


async def _srp(house: House, client: Client, username: str = "jane", password: str = PASSWORD) -> Any:
    srp = SrpClient(house, client)
    return await srp.answer(await srp.begin(username), password)


def _rotation() -> Any:
    from poolhouse.records.clients import Rotation

    return Rotation(enabled=True)


# --- around every step -----------------------------------------------------------------------------------------------


class Watcher:
    def __init__(self) -> None:
        self.seen: list[FlowCall] = []

    @hookimpl
    async def around_flow(self, event: FlowCall) -> AsyncIterator[None]:
        self.seen.append(event)
        yield


async def test_a_plugin_stands_around_every_step_and_knows_pool_and_client() -> None:
    watcher = Watcher()
    async with opened_house(plugins=[("watcher", watcher)]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        await house.sign_in(client)

        assert FlowCall(name="sign_in.initiate", pool_id=client.pool_id, client_id=client.id) in watcher.seen
        assert {"sign_up", "sign_up.confirm"} <= {event.name for event in watcher.seen}


class Yes(Knock):
    """A challenge that answers with something else than a proof."""

    async def check(self, state: SignInState, private: Any, answers: Any) -> Any:
        return True


async def test_only_a_proof_is_a_proof() -> None:
    async with opened_house(plugins=[("yes", Yes())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client)

        with pytest.raises(errors.PluginAnswerInvalid):
            await house.answer(client, asking, ANSWER="me")


class Twice(Knock):
    """Two questions, the second after the first."""

    @hookimpl
    def register_challenges(self) -> list[Any]:
        return [self, Knock()]

    name = "TWICE"

    async def check(self, state: SignInState, private: Any, answers: Any) -> Any:
        return Next("KNOCK")


async def test_a_challenge_can_lead_to_another_and_proves_nothing_by_that() -> None:
    async with opened_house(plugins=[("twice", Twice())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        first = await house.begin(client)

        second = await house.answer(client, first, ANSWER="me")
        third = await house.answer(client, second, ANSWER="me")

        # The stage asks for TWICE until it was passed, and leading on to KNOCK was not that.
        assert isinstance(second, Asking)
        assert isinstance(third, Asking)


class Nowhere(Knock):
    async def check(self, state: SignInState, private: Any, answers: Any) -> Any:
        return Next("NO_SUCH_CHALLENGE")


async def test_a_challenge_cannot_lead_to_one_that_is_not_there() -> None:
    async with opened_house(plugins=[("nowhere", Nowhere())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)
        asking = await house.begin(client)

        with pytest.raises(errors.PluginAnswerInvalid):
            await house.answer(client, asking, ANSWER="me")


class Nameless(Knock):
    """A challenge that does not say what clients call it."""

    @property
    def public_name(self) -> str:  # type: ignore[override]
        raise AttributeError


async def test_a_challenge_that_clients_have_no_name_for_is_a_custom_one_to_them() -> None:
    async with opened_house(plugins=[("nameless", Nameless())]) as house:
        client = await house.client(await house.pool())
        await house.user(client)

        asking = await house.begin(client)

        assert isinstance(asking, Asking)
        assert asking.challenge == "CUSTOM_CHALLENGE"
