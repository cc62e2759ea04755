"""The examples of docs/hooks.md do what their passages say: each is run as it stands there."""

from __future__ import annotations

import logging
import re
import types
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse import HttpAnswer, HttpNotSent
from poolhouse.config.settings import Limits
from poolhouse.errors import CodeExpired, CodeMismatch, Refused, TooManyRequests
from poolhouse.flows.access.credentials import TemporaryCredentials
from poolhouse.flows.identities.settings import IdentityPoolSettings
from poolhouse.hooks.answers.sign_in import ChallengeResult
from poolhouse.hooks.events.sign_in import DefineChallenge
from poolhouse.ports.origin import Origin, begin
from poolhouse.server.cognito.user_pools import challenges
from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS
from poolhouse.testing import (
    ChallengeSuite,
    FakeHttp,
    House,
    MadeClient,
    MadePool,
    PasswordFormatSuite,
    SenderSuite,
    SignInUnfinished,
    plugin_context,
    running_house,
)
from poolhouse.testing.challenge_suite import sign_in_state
from tests.support.factors import asked, with_factors
from tests.support.hook_passages import passages
from tests.support.house import opened_house
from tests.support.sign_in import SignedIn

NAME = "documented"
ACCEPTED = HttpAnswer(202, {}, b"")
Opened = AbstractAsyncContextManager[tuple[House, MadePool, MadeClient]]


def example(hook: str) -> types.ModuleType:
    """The example of a hook's passage, run as a module."""
    module = types.ModuleType(f"documented_{hook}")
    exec(compile(passages()[hook].example, f"docs/hooks.md, {hook}", "exec"), vars(module))
    return module


def plugin(hook: str, settings: Mapping[str, Any] | None = None, **world: Any) -> Any:
    """The plugin of an example: its last class, built; or the module itself."""
    module = example(hook)
    classes = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    if not classes:
        return module
    made = classes[-1]
    return made(plugin_context(settings, **world)) if made.__init__ is not object.__init__ else made()


def plugin_class(hook: str) -> Any:
    """The example's plugin for the server to build, with what a server gives it."""
    module = example(hook)
    return [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ][-1]


@asynccontextmanager
async def opened(
    *plugins: Any, pool: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[House, MadePool, MadeClient]]:
    """A server with these plugins, and a pool with a client."""
    named = [(NAME if number == 0 else f"{NAME}-{number}", each) for number, each in enumerate(plugins)]
    async with running_house(plugins=named) as house:
        made = await house.make_pool(**(pool or {}))
        yield house, made, await house.make_client(made)


async def document(house: House, *key: str) -> Mapping[str, Any] | None:
    """A document of the plugin, as it stands in the store."""
    entry = await house.server.store.get(PLUGIN_DOCUMENTS, (NAME, *key))
    return None if entry is None else entry.value


async def sign_up(house: House, client: MadeClient, email: str = "jane@example.com", **attributes: str) -> Any:
    pairs = [{"Name": name, "Value": value} for name, value in {"email": email, **attributes}.items()]
    return await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=pairs)


async def confirm(house: House, client: MadeClient, email: str = "jane@example.com") -> None:
    code = house.last_code(email)
    await house.aws("confirm_sign_up", ClientId=client.id, Username="jane", ConfirmationCode=code)


async def respond(house: House, client: MadeClient, session: str, answer: str) -> Any:
    return await house.aws(
        "respond_to_auth_challenge",
        ClientId=client.id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=session,
        ChallengeResponses={"USERNAME": "jane", "ANSWER": answer},
    )


VERIFIES_EMAIL = {"AutoVerifiedAttributes": ["email"]}

# --- the server ------------------------------------------------------------------------------------------------------


async def test_lifespan_frames_the_life_of_the_server() -> None:
    async with opened(plugin_class("lifespan")) as (house, _, _):
        running = await document(house, "counts", "server")

    assert running == {"starts": 1}
    assert await document(house, "counts", "server") == {"starts": 1, "stops": 1}


async def test_around_flow_frames_every_step(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, f"poolhouse.plugins.{NAME}")
    async with opened(plugin_class("around_flow")) as (house, _, client):
        await sign_up(house, client)
        with pytest.raises(ClientError):
            await house.sign_in(client, "jane", "wrong")

    assert "sign_up took 0.000 s" in caplog.messages
    assert "sign_in.initiate took 0.000 s" in caplog.messages


# --- registering -----------------------------------------------------------------------------------------------------


async def test_register_challenges_adds_a_question_that_a_stage_asks() -> None:
    async with opened(plugin("register_challenges")) as (house, pool, client):
        user = await house.make_user(pool, attributes={"birthdate": "1990-05-17"})
        with pytest.raises(SignInUnfinished) as asked:
            await house.sign_in(client, user)

        with pytest.raises(ClientError, match="CodeMismatchException"):
            await respond(house, client, asked.value.session, "1990-05-18")
        answer = await respond(house, client, asked.value.session, "1990-05-17")

    assert ("CUSTOM_CHALLENGE", "When were you born?") == (asked.value.challenge, asked.value.parameters["question"])
    assert "AccessToken" in answer["AuthenticationResult"]


class TestTheChallengeOfTheExample(ChallengeSuite):
    @pytest.fixture
    def challenge(self) -> Any:
        return example("register_challenges").Birthday()

    @pytest.fixture
    def state(self) -> Any:
        return sign_in_state(birthdate="1990-05-17")

    def right_answers(self, asked: Any) -> Mapping[str, str]:
        return {"ANSWER": "1990-05-17"}

    def wrong_answers(self, asked: Any) -> Mapping[str, str]:
        return {"ANSWER": "1990-05-18"}


async def test_register_stages_says_when_a_challenge_is_due() -> None:
    async with opened(plugin_class("register_stages")) as (house, pool, client):
        user = await house.make_user(pool)
        with pytest.raises(SignInUnfinished) as asked:
            await house.sign_in(client, user)
        await respond(house, client, asked.value.session, "accepted")

        again = await house.sign_in(client, user)

    assert asked.value.parameters["terms"] == "https://example.com/terms"
    assert again.access_token


class TestTheStagesChallengeOfTheExample(ChallengeSuite):
    @pytest.fixture
    def challenge(self) -> Any:
        return plugin("register_stages")

    def right_answers(self, asked: Any) -> Mapping[str, str]:
        return {"ANSWER": "accepted"}

    def wrong_answers(self, asked: Any) -> Mapping[str, str]:
        return {"ANSWER": "no"}


async def test_register_factors_brings_words_of_which_each_is_good_once() -> None:
    async with opened_house(plugins=[(NAME, plugin_class("register_factors"))]) as house:
        pool = await with_factors(house, await house.pool(), "ON", "SHEET")
        client = await house.client(pool)
        await house.user(client)
        asking = asked(await house.begin(client))
        handle, pool_id = challenges.session(asking.handle)
        begun = await house.services.factor_set_ups.begin(pool_id, handle, "SHEET")
        first, second, *_ = begun.shown["words"].split()
        handle = await house.services.factor_set_ups.confirm(pool_id, begun.handle, "SHEET", first, None)
        asking = replace(asking, handle=challenges.session_text(handle, pool_id))
        assert isinstance(await house.answer(client, asking), SignedIn)

        asking = asked(await house.begin(client))
        assert ("CUSTOM_CHALLENGE", "A word of your sheet, please.") == (asking.challenge, asking.public["question"])
        with pytest.raises(CodeExpired):
            await house.answer(client, asking, ANSWER=first)
        with pytest.raises(CodeMismatch):
            await house.answer(client, asking, ANSWER="no word")
        assert isinstance(await house.answer(client, asking, ANSWER=second), SignedIn)


async def test_register_message_senders_adds_a_sender_for_its_channels() -> None:
    http = FakeHttp([HttpAnswer(429, {}, b""), ACCEPTED])
    gateway = plugin("register_message_senders", {"url": "https://gateway.example/"}, http=http)
    async with opened(gateway, pool={"AutoVerifiedAttributes": ["phone_number"]}) as (house, _, client):
        await sign_up(house, client, phone_number="+14155550100")
        await house.drain_outbox()
        tries_at_once = len(http.requests)
        house.clock.advance(60)
        await house.drain_outbox()

    assert (1, 2) == (tries_at_once, len(http.requests))
    assert house.last_code("+14155550100").encode() in (http.requests[-1].body or b"")


class TestTheSenderOfTheExample(SenderSuite):
    @pytest.fixture
    def http(self) -> FakeHttp:
        return FakeHttp([ACCEPTED] * 3)

    @pytest.fixture
    def sender(self, http: FakeHttp) -> Any:
        return plugin("register_message_senders", {"url": "https://gateway.example/"}, http=http)

    @pytest.fixture
    def refused_sender(self) -> Any:
        unreachable = FakeHttp([HttpNotSent("no way")] * 3)
        return plugin("register_message_senders", {"url": "https://gateway.example/"}, http=unreachable)

    @pytest.fixture
    def arrived(self, http: FakeHttp) -> Callable[[], list[str]]:
        return lambda: [(request.body or b"").decode() for request in http.requests]


OLD_HASHES = {
    "old$000102030405060708090a0b0c0d0e0f$f121c0f828f28ab1fbc7eef84d9962e1922d4715a58cf8122a57734a4c114352": "a horse",
    "old$0102030405060708090a0b0c0d0e0f10$5be71e29bd961dc6cb7840d31c798600787427ca83ae8b2974ba034f63079cac": "pässwörd",
}


async def test_register_password_formats_lets_an_old_hash_be_checked() -> None:
    ((encoded, password), *_) = OLD_HASHES.items()
    async with opened(plugin("register_password_formats")) as (house, _, _):
        verify = house.server.ports.passwords.verify

        assert await verify(password, encoded)
        assert not await verify(password + "x", encoded)


class TestThePasswordFormatOfTheExample(PasswordFormatSuite):
    known = OLD_HASHES

    @pytest.fixture
    def password_format(self) -> Any:
        return plugin("register_password_formats")


# --- sign-up ---------------------------------------------------------------------------------------------------------


async def test_pre_sign_up_can_refuse() -> None:
    async with opened(plugin("pre_sign_up")) as (house, pool, client):
        with pytest.raises(ClientError, match="PreSignUp failed with error Please use your company address\\."):
            await sign_up(house, client, "jane@elsewhere.example")

        assert await sign_up(house, client)
        assert await house.make_user(pool, "joe", attributes={"email": "joe@elsewhere.example"})


async def test_post_confirmation_follows_a_confirmation() -> None:
    async with opened(plugin_class("post_confirmation"), pool=VERIFIES_EMAIL) as (house, _, client):
        sub = (await sign_up(house, client))["UserSub"]
        before = await document(house, "credits", sub)
        await confirm(house, client)

        assert before is None
        assert await document(house, "credits", sub) == {"credit": 10}


# --- sign-in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "is_open"), [(5, False), (6, True), (19, True), (20, False)])
async def test_pre_authentication_can_refuse(hour: int, is_open: bool) -> None:
    async with opened(plugin_class("pre_authentication")) as (house, pool, client):
        user = await house.make_user(pool)
        now = house.clock.now()
        house.clock.advance((hour - datetime.fromtimestamp(now, UTC).hour) % 24 * 3600)
        try:
            signed_in = bool(await house.sign_in(client, user))
        except house.boto3().exceptions.UserLambdaValidationException as refused:
            signed_in = "PreAuthentication failed with error The office is closed." not in str(refused)

    assert is_open == signed_in


async def test_migrate_user_brings_a_user_over() -> None:
    http = FakeHttp([HttpAnswer(401, {}, b""), HttpAnswer(200, {}, b'{"email": "jane@old.example"}')])
    old_site = plugin("migrate_user", {"url": "https://old.example/check"}, http=http)
    async with opened(old_site) as (house, _, client):
        with pytest.raises(ClientError, match="UserNotFoundException"):
            await house.sign_in(client, "jane", "wrong")
        first = await house.sign_in(client, "jane", "old password")
        again = await house.sign_in(client, "jane", "old password")

    assert ("jane@old.example", True) == (first.id_claims["email"], first.id_claims["email_verified"])
    assert first.id_claims["sub"] == again.id_claims["sub"]
    assert len(http.requests) == 2


@asynccontextmanager
async def asked_a_riddle() -> AsyncIterator[tuple[House, MadeClient, Any]]:
    """A custom sign-in that was just asked its first round."""
    riddle = plugin("create_challenge")
    async with opened(plugin("define_challenge"), riddle, plugin("verify_challenge")) as (house, pool, client):
        await house.make_user(pool)
        asked = await house.aws(
            "initiate_auth", ClientId=client.id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "jane"}
        )
        yield house, client, asked


def solved(question: str) -> str:
    _, _, _, a, _, b = question.removesuffix("?").split()
    return str(int(a) + int(b))


async def test_define_challenge_ends_a_custom_sign_in_after_three_wrong_rounds() -> None:
    async with asked_a_riddle() as (house, client, asked):
        for _ in range(2):
            asked = await respond(house, client, asked["Session"], "99")
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            await respond(house, client, asked["Session"], "99")


async def test_define_challenge_does_not_take_the_srp_round_for_a_proof() -> None:
    define = plugin("define_challenge").define_challenge
    event = DefineChallenge(
        pool_id="p",
        client_id="c",
        username="jane",
        attributes={},
        session=(ChallengeResult("SRP_A", True),),
    )

    assert (await define(event)).issue_tokens is False


async def test_create_challenge_shows_the_question_and_keeps_the_answer() -> None:
    async with asked_a_riddle() as (_, _, asked):
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert asked["ChallengeParameters"].keys() == {"USERNAME", "question"}


async def test_verify_challenge_lets_the_right_answer_in() -> None:
    async with asked_a_riddle() as (house, client, asked):
        right = solved(asked["ChallengeParameters"]["question"])

        answer = await respond(house, client, asked["Session"], right)

    assert "AccessToken" in answer["AuthenticationResult"]


async def test_post_authentication_can_refuse_at_the_last_moment() -> None:
    async with running_house(
        plugins=[(NAME, plugin_class("post_authentication"))], settings={"plugins": {NAME: {"sign_ins": 2}}}
    ) as house:
        pool = await house.make_pool()
        client, user = await house.make_client(pool), await house.make_user(pool)
        for _ in range(2):
            assert await house.sign_in(client, user)

        with pytest.raises(ClientError, match="PostAuthentication failed with error Your trial is over\\."):
            await house.sign_in(client, user)


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_pre_token_adds_a_claim() -> None:
    async with opened(plugin("pre_token")) as (house, pool, client):
        user = await house.make_user(pool)
        before = await house.sign_in(client, user)
        await house.aws("create_group", UserPoolId=pool.id, GroupName="customers")
        await house.aws("admin_add_user_to_group", UserPoolId=pool.id, GroupName="customers", Username="jane")

        after = await house.sign_in(client, user)

    assert ("free", "gold") == (before.id_claims["plan"], after.id_claims["plan"])


# --- identities ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def with_identities(*plugins: Any) -> AsyncIterator[tuple[House, Any, str]]:
    """A server with these plugins, its flows of identity pools, and a pool with developers' users."""
    async with running_house(plugins=[(NAME, each) for each in plugins]) as house:
        services = house.server.identities
        settings = IdentityPoolSettings(name="test", allows_guests=True, developer_provider="login.example.com")
        pool = await services.pools.create("eu-north-1", settings)
        yield house, services, pool.id


async def vouched(services: Any, pool_id: str, user: str) -> str:
    """The identity of a developer's user."""
    resolved = await services.developers.vouch(pool_id, None, {"login.example.com": user})
    return str(resolved.identity.id)


async def test_validate_login_knows_whose_a_badge_is() -> None:
    async with running_house(plugins=[(NAME, plugin("validate_login"))]) as house:
        settings = IdentityPoolSettings(name="test", allows_guests=False, social={"badges.example.com": "app"})
        services = house.server.identities
        pool_id = (await services.pools.create("eu-north-1", settings)).id

        first, again = [
            await services.identities.get_id(pool_id, {"badges.example.com": "badge-7f3a"}) for _ in range(2)
        ]
        with pytest.raises(Refused, match="The badge is not known"):
            await services.identities.get_id(pool_id, {"badges.example.com": "forged"})

        assert first == again


async def test_identity_created_gives_users_something_to_begin_with() -> None:
    async with with_identities(plugin_class("identity_created")) as (house, services, pool_id):
        jane, guest = await vouched(services, pool_id, "jane"), await services.identities.get_id(pool_id, {})
        await vouched(services, pool_id, "jane")

        assert {"credit": 10} == await document(house, "credits", jane)
        assert await document(house, "credits", guest) is None


async def test_identities_merged_moves_what_the_child_had() -> None:
    async with with_identities(plugin_class("identities_merged")) as (house, services, pool_id):
        jane, other = await vouched(services, pool_id, "jane"), await vouched(services, pool_id, "jane-2")
        for identity, credit in ((jane, 3), (other, 4)):
            await house.server.store.increment(PLUGIN_DOCUMENTS, (NAME, "credits", identity), "credit", credit)

        await services.developers.merge(pool_id, "login.example.com", "jane-2", "jane")

        assert {"credit": 7} == await document(house, "credits", jane)
        assert await document(house, "credits", other) is None


async def test_identity_deleted_forgets() -> None:
    async with with_identities(plugin_class("identity_deleted")) as (house, services, pool_id):
        jane = await vouched(services, pool_id, "jane")
        await house.server.store.increment(PLUGIN_DOCUMENTS, (NAME, "credits", jane), "credit", 3)

        await services.identity_administration.delete([jane])

        assert await document(house, "credits", jane) is None


# --- messages --------------------------------------------------------------------------------------------------------


async def with_guests_role(house: House, pool_id: str, *, backend: str = "local") -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id}},
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    roles = house.server.access.roles
    role = await roles.create("guests", trust, backend=backend)
    await house.server.identities.pools.set_roles(pool_id, {"unauthenticated": roles.arn(role)}, ())


async def guests_credentials(house: House, pool_id: str) -> Any:
    services = house.server.identities
    house.clock.advance(3)
    given = await services.credentials.of_identity(await services.identities.get_id(pool_id, {}), {})
    return given.credentials


async def test_narrow_credentials_lets_guests_read_for_a_quarter_of_an_hour() -> None:
    async with with_identities(plugin("narrow_credentials")) as (house, _, pool_id):
        await with_guests_role(house, pool_id)
        made = await guests_credentials(house, pool_id)
        opened = house.server.built.one(TemporaryCredentials).open(made.access_key_id, made.session_token)

        assert 900 == opened.session.expires - opened.session.issued
        assert ["s3:Get*", "s3:List*"] == opened.session.policies[-1]["Statement"][0]["Action"]


async def test_issue_credentials_makes_those_of_a_system_of_ones_own() -> None:
    async with with_identities(plugin_class("issue_credentials")) as (house, _, pool_id):
        await with_guests_role(house, pool_id, backend="s3:vending")
        made = await guests_credentials(house, pool_id)

        assert re.fullmatch("ASIA[0-9]{16}", made.access_key_id)
        assert 3600 == made.expires - house.clock.now()


async def test_over_limit_lets_known_addresses_in() -> None:
    async with opened_house(limits=Limits(source_sign_ups=1), plugins=[(NAME, plugin("over_limit"))]) as house:
        client = await house.client(await house.pool())
        begin(Origin(source="192.0.2.1"))
        for number in range(3):
            await house.sign_up(client, f"office{number}")
        begin(Origin(source="192.0.2.3"))
        await house.sign_up(client, "stranger")
        with pytest.raises(TooManyRequests):
            await house.sign_up(client, "stranger2")


async def test_compose_message_writes_other_words() -> None:
    async with opened(plugin("compose_message"), pool=VERIFIES_EMAIL) as (house, _, client):
        await sign_up(house, client, locale="de")

    (message,) = house.messages
    assert (f"Guten Tag, Ihr Code ist {message.code}.", "Ihr Code") == (message.body, message.subject)


async def test_send_message_picks_out_messages() -> None:
    http = FakeHttp([ACCEPTED])
    gateway = plugin("register_message_senders", {"url": "https://gateway.example/"}, http=http)
    gateway.channels = frozenset({"email"})
    async with opened(plugin("send_message"), gateway, pool=VERIFIES_EMAIL) as (house, _, client):
        await sign_up(house, client, "jane@test.example.com")
        await house.drain_outbox()
        to_test_users = len(http.requests)
        await house.aws(
            "sign_up",
            ClientId=client.id,
            Username="joe",
            Password="Passw0rd!",
            UserAttributes=[{"Name": "email", "Value": "joe@example.com"}],
        )
        await house.drain_outbox()

    assert (0, 1) == (to_test_users, len(http.requests))


# --- the trail -------------------------------------------------------------------------------------------------------


async def test_audit_is_told_what_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, f"poolhouse.plugins.{NAME}")
    async with opened(plugin_class("audit")) as (house, pool, client):
        sub = (await sign_up(house, client))["UserSub"]

    assert f"sign_up of {sub} in {pool.id}" in caplog.messages
