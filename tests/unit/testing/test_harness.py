"""The harness: a real server for one test, and what a test does with it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from poolhouse import (
    ComposeMessage,
    DeliveryFailed,
    HttpAnswer,
    Message,
    PluginContext,
    PostConfirmation,
    PreAuthentication,
    Sender,
    Sent,
    hookimpl,
)
from poolhouse.config.values import SettingsError
from poolhouse.testing import FakeClock, FakeHttp, House, SignInUnfinished, plugin_context, running_house


async def test_a_user_signs_up_confirms_and_signs_in_over_the_aws_sdk(poolhouse: House) -> None:
    pool = await poolhouse.make_pool(AutoVerifiedAttributes=["email"])
    client = await poolhouse.make_client(pool)
    email = {"Name": "email", "Value": "jane@example.com"}
    await poolhouse.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=[email])
    code = poolhouse.last_code("jane@example.com")
    await poolhouse.aws("confirm_sign_up", ClientId=client.id, Username="jane", ConfirmationCode=code)

    signed_in = await poolhouse.sign_in(client, "jane", "Passw0rd!")

    user = await poolhouse.aws("get_user", AccessToken=signed_in.access_token)
    assert user["Username"] == "jane"
    assert ("jane@example.com", True) == (signed_in.id_claims["email"], signed_in.id_claims["email_verified"])
    assert signed_in.access_claims["client_id"] == client.id


async def test_a_made_user_is_confirmed_and_signs_in_with_a_secret_client(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()
    client = await poolhouse.make_client(pool, GenerateSecret=True)
    user = await poolhouse.make_user(pool, "joe", password="An0ther-one", attributes={"nickname": "Jo"})

    signed_in = await poolhouse.sign_in(client, user)

    assert (user.sub, "Jo") == (signed_in.id_claims["sub"], signed_in.id_claims["nickname"])
    assert poolhouse.messages == []


async def test_a_sign_in_that_asks_for_more_says_for_what(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()
    client = await poolhouse.make_client(pool)
    await poolhouse.aws(
        "admin_create_user",
        UserPoolId=pool.id,
        Username="jane",
        TemporaryPassword="Passw0rd!",
        MessageAction="SUPPRESS",
    )

    with pytest.raises(SignInUnfinished) as asked:
        await poolhouse.sign_in(client, "jane", "Passw0rd!")

    assert asked.value.challenge == "NEW_PASSWORD_REQUIRED"
    assert asked.value.session


async def test_errors_are_those_of_the_aws_sdk(poolhouse: House) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    with pytest.raises(poolhouse.boto3().exceptions.UserNotFoundException):
        await poolhouse.sign_in(client, "nobody", "Passw0rd!")


async def test_calls_may_run_at_once(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()

    users = await asyncio.gather(*(poolhouse.make_user(pool, f"user-{number}") for number in range(20)))

    assert len({user.sub for user in users}) == 20


async def test_a_boto3_client_can_be_used_in_a_thread(poolhouse: House) -> None:
    def pools() -> Any:
        return poolhouse.boto3().list_user_pools(MaxResults=10)["UserPools"]

    made = await poolhouse.make_pool(PoolName="mine")

    assert [made.id] == [pool["Id"] for pool in await asyncio.to_thread(pools)]


# --- one server per test ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_server(poolhouse: House, turn: int) -> None:
    before = await poolhouse.aws("list_user_pools", MaxResults=10)
    await poolhouse.make_pool()

    assert before["UserPools"] == []


async def test_two_servers_live_in_one_process() -> None:
    async with running_house() as one, running_house() as other:
        pool = await one.make_pool()

        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await other.aws("describe_user_pool", UserPoolId=pool.id)

    assert one.base_url != other.base_url


async def test_nothing_of_a_server_is_left_after_its_block() -> None:
    async with running_house() as house:
        await house.make_user(await house.make_pool())

    assert asyncio.all_tasks() == {asyncio.current_task()}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(house.base_url.rpartition(":")[2]))


async def test_a_server_is_there_in_no_time() -> None:
    """The promise is 30 ms once the process is warm: of the processor's time, because the machine may be busy, and the
    best of some, because the interpreter may be tidying up."""
    took = []
    for _ in range(8):
        begin = time.process_time()
        async with running_house():
            took.append(time.process_time() - begin)

    assert min(took) < 0.03


# --- time ------------------------------------------------------------------------------------------------------------


async def test_time_passes_only_when_the_test_says_so(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()
    client = await poolhouse.make_client(pool)
    signed_in = await poolhouse.sign_in(client, await poolhouse.make_user(pool))

    await poolhouse.aws("get_user", AccessToken=signed_in.access_token)
    poolhouse.clock.advance(3601)

    with pytest.raises(ClientError, match="Access Token has expired"):
        await poolhouse.aws("get_user", AccessToken=signed_in.access_token)
    assert signed_in.access_claims["iat"] == pytest.approx(time.time(), abs=30)


async def test_signed_calls_work_at_any_time(poolhouse: House) -> None:
    poolhouse.clock.advance(400 * 86400)

    assert (await poolhouse.make_pool()).id


# --- plugins and settings --------------------------------------------------------------------------------------------


class Shouting:
    def __init__(self, context: PluginContext) -> None:
        self._mark = context.settings.text("mark", "!")

    @hookimpl
    async def compose_message(self, event: ComposeMessage) -> ComposeMessage:
        from dataclasses import replace

        return replace(event, body=event.body.upper() + self._mark)


class TestWithAPlugin:
    @pytest.fixture
    def poolhouse_plugins(self) -> list[Any]:
        return [("shouting", Shouting)]

    @pytest.fixture
    def poolhouse_settings(self) -> dict[str, Any]:
        return {"plugins": {"shouting": {"mark": "?!"}}, "server": {"account_id": "123456789012"}}

    async def test_it_is_used_with_its_settings(self, poolhouse: House) -> None:
        pool = await poolhouse.make_pool(AutoVerifiedAttributes=["email"])
        client = await poolhouse.make_client(pool)
        email = {"Name": "email", "Value": "jane@example.com"}
        await poolhouse.aws(
            "sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=[email]
        )

        code = poolhouse.last_code("jane@example.com")

        assert f"YOUR VERIFICATION CODE IS {code}. ?!" == poolhouse.messages[0].body
        assert poolhouse.server.settings.server.account_id == "123456789012"


async def test_only_the_plugins_under_test_are_used(poolhouse: House) -> None:
    # The bridge to functions is no plugin that one could do without: pools may name some.
    assert {"harness", "lambda_bridge", "totp"} == {
        name for hook in poolhouse.server.plugins.describe() for name, _ in hook.implementations
    }


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pluggins": {}}, "no section 'pluggins', did you mean 'plugins'"),
        ({"passwords": {"pases": 1}}, "no setting in \\[passwords\\] 'pases', did you mean 'passes'"),
    ],
)
async def test_a_setting_that_does_not_exist_is_told(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        async with running_house(settings=settings):
            raise AssertionError("it started")


async def test_a_value_that_cannot_be_is_told() -> None:
    with pytest.raises(SettingsError, match=r"passwords\.passes"):
        async with running_house(settings={"passwords": {"passes": 0}}):
            raise AssertionError("it started")


# --- messages --------------------------------------------------------------------------------------------------------


async def test_a_code_that_nobody_got_is_missed_with_words(poolhouse: House) -> None:
    with pytest.raises(AssertionError, match=r"jane@example\.com; messages went to nobody"):
        poolhouse.last_code("jane@example.com")


class Unwilling:
    name = "unwilling"
    channels = frozenset({"email"})

    def __init__(self) -> None:
        self.tries = 0

    @hookimpl
    def register_message_senders(self) -> list[Sender]:
        return [self]

    async def send(self, message: Message) -> Sent:
        await asyncio.sleep(0)
        self.tries += 1
        raise DeliveryFailed


async def test_draining_the_outbox_waits_for_every_try() -> None:
    unwilling = Unwilling()
    async with running_house(plugins=[("unwilling", unwilling)]) as house:
        pool = await house.make_pool()
        email = {"Name": "email", "Value": "jane@example.com"}
        await house.aws(
            "admin_create_user",
            UserPoolId=pool.id,
            Username="jane",
            UserAttributes=[email],
            DesiredDeliveryMediums=["EMAIL"],
        )
        await house.drain_outbox()
        first = unwilling.tries
        house.clock.advance(7)  # the first wait is five seconds, and up to a quarter more
        await house.drain_outbox()

    assert (1, 2) == (first, unwilling.tries)
    assert ["jane@example.com"] == [message.to for message in house.messages]


# --- what is shown ---------------------------------------------------------------------------------------------------


async def test_nothing_secret_is_shown_by_what_the_harness_makes(poolhouse: House) -> None:
    pool = await poolhouse.make_pool()
    client = await poolhouse.make_client(pool, GenerateSecret=True)
    user = await poolhouse.make_user(pool)
    signed_in = await poolhouse.sign_in(client, user)

    shown = repr((client, user, signed_in))

    for secret in (client.secret, user.password, signed_in.access_token, signed_in.refresh_token):
        assert str(secret) not in shown


# --- one clock, one network, one store -------------------------------------------------------------------------------


class AsksAndRemembers:
    """A plugin that uses all that a context gives."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context

    @hookimpl
    async def pre_authentication(self, event: PreAuthentication) -> None:
        answer = await self._context.http.request("GET", "https://risk.example/")
        seen = {"at": self._context.clock.now(), "status": answer.status}
        await self._context.collection("seen").insert(event.username, value=seen)


async def test_a_plugin_has_the_clock_the_network_and_the_store_of_the_test() -> None:
    clock, http = FakeClock(at=2_000_000_000.0), FakeHttp([HttpAnswer(204, {}, b"")])
    async with running_house(plugins=[("risk", AsksAndRemembers)], http=http, clock=clock) as house:
        pool = await house.make_pool()
        client, user = await house.make_client(pool), await house.make_user(pool)
        clock.advance(60)
        await house.sign_in(client, user)

        seen = await house.context("risk").collection("seen").get("jane")

    assert house.clock is clock
    assert ["https://risk.example/"] == [request.url for request in http.requests]
    assert seen is not None
    assert {"at": 2_000_000_060.0, "status": 204} == seen.value


class TestTheFixtureWithAClockAndANetworkOfTheTest:
    @pytest.fixture
    def poolhouse_plugins(self) -> list[tuple[str, object]]:
        return [("risk", AsksAndRemembers)]

    @pytest.fixture
    def poolhouse_http(self) -> FakeHttp:
        return FakeHttp([HttpAnswer(204, {}, b"")])

    @pytest.fixture
    def poolhouse_clock(self) -> FakeClock:
        return FakeClock(at=2_000_000_000.0)

    async def test_the_fixture_takes_both(
        self, poolhouse: House, poolhouse_http: FakeHttp, poolhouse_clock: FakeClock
    ) -> None:
        pool = await poolhouse.make_pool()
        await poolhouse.sign_in(await poolhouse.make_client(pool), await poolhouse.make_user(pool))

        assert poolhouse.clock is poolhouse_clock
        assert len(poolhouse_http.requests) == 1


async def test_a_plugin_of_the_test_takes_the_place_of_the_installed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metadata = tmp_path / "poolhouse_risk-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: poolhouse-risk\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[poolhouse]\nrisk = poolhouse_risk_is_not_imported\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    spy = AsksAndRemembers(plugin_context())

    async with running_house(plugins=[("risk", spy)]) as house:
        assert "risk" in house.server.plugins.names()


# --- messages of plugins ---------------------------------------------------------------------------------------------


class Welcomes:
    """Writes a letter of its own."""

    def __init__(self, context: PluginContext) -> None:
        self._messages = context.messages

    @hookimpl
    async def post_confirmation(self, event: PostConfirmation) -> None:
        await self._messages.send(
            event.attributes["email"], "Welcome!", subject="Hello", pool_id=event.pool_id, username=event.username
        )


async def test_a_plugin_sends_a_message_through_the_outbox_and_the_house_sees_it() -> None:
    async with running_house(plugins=[("welcomes", Welcomes)]) as house:
        pool = await house.make_pool(AutoVerifiedAttributes=["email"])
        client = await house.make_client(pool)
        email = [{"Name": "email", "Value": "jane@example.com"}]
        await house.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!", UserAttributes=email)
        code = house.last_code("jane@example.com")
        await house.aws("confirm_sign_up", ClientId=client.id, Username="jane", ConfirmationCode=code)
        await house.drain_outbox()

        sent = house.server.metrics.counted()["messages"]["email", "sent"]

    letter = house.messages[-1]
    assert ("jane@example.com", "email", "Hello", "Welcome!") == (
        letter.to,
        letter.channel,
        letter.subject,
        letter.body,
    )
    assert (pool.id, "jane", "plugin:welcomes") == (letter.pool_id, letter.username, letter.purpose)
    assert sent == [2.0]


@pytest.mark.parametrize(
    ("to", "channel"),
    [("jane", "email"), ("jane@example.com\nBcc: eve@example.com", "email"), ("0123", "sms"), ("+14155550100", "fax")],
)
async def test_a_message_to_what_is_no_address_is_a_defect_of_the_plugin(to: str, channel: str) -> None:
    sent: list[Message] = []

    with pytest.raises(ValueError, match="message"):
        await plugin_context(messages=sent).messages.send(to, "x", channel=channel)

    assert [] == sent


async def test_without_a_server_the_messages_of_a_plugin_are_the_tests() -> None:
    sent: list[Message] = []

    await plugin_context(messages=sent).messages.send("+14155550100", "Your code: 1", channel="sms", code="1")

    assert [("+14155550100", "sms", "1")] == [(message.to, message.channel, message.code) for message in sent]
