"""A function that sends messages gets each of them once, however long it takes over it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from poolhouse.crypto.vault import Vault
from poolhouse.errors import DeliveryFailed
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.messages.pace import Pace
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.hooks.context import HttpAnswer, HttpFailed, HttpNotSent
from poolhouse.hooks.dispatch import Hooks
from poolhouse.plugins.lambda_bridge.sending import SenderRaised
from poolhouse.records.messages import Message
from poolhouse.records.pools import Pool
from poolhouse.server.world import SystemChance
from poolhouse.store.memory import MemoryStore
from poolhouse.store.repositories import collections
from poolhouse.store.repositories.cursors import Cursors
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.store.repositories.pools import PoolRepository
from poolhouse.testing import FakeHttp
from poolhouse.testing.clock import FakeClock
from tests.unit.plugins.lambda_bridge.world import ARN, INVOKE, POOL_ID, URL, answer, bridge, directory

RUNS = 1000
GOT: Counter[str] = Counter()


async def sends_and_goes_on_for_ever(event: dict[str, Any], context: Any) -> None:
    GOT[event["userName"]] += 1
    await asyncio.Event().wait()


class SlowFunction:
    """Over HTTP: it has sent the message, and does not answer."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        time_limit: float | None = None,
    ) -> HttpAnswer:
        GOT[json.loads(body or b"")["userName"]] += 1
        await asyncio.Event().wait()
        raise AssertionError("it went on")


def message(number: int = 0) -> Message:
    return Message(
        id=f"m-{number}",
        channel="email",
        to="jane@example.com",
        purpose="confirm_sign_up",
        body="It is 123456",
        code="123456",
        pool_id=POOL_ID,
        username=f"jane-{number}",
        source="CustomMessage_SignUp",
        function=ARN,
    )


def sender(place: str, http: Any = None) -> Sender:
    (only,) = bridge(directory(), place, http).register_message_senders()
    return only


@pytest.mark.parametrize("place", [f"python:{__name__}.sends_and_goes_on_for_ever", URL, INVOKE])
async def test_of_a_thousand_slow_runs_each_sent_one_message(place: str) -> None:
    GOT.clear()
    clock, chance = FakeClock(), SystemChance()
    vault = Vault([bytes(32)], chance)
    store, cursors = MemoryStore(collections.ALL, clock), Cursors(vault, clock)
    await PoolRepository(store, cursors, clock).add(Pool(id=POOL_ID, name="people", created=0.0, modified=0.0))
    quiet = logging.getLogger("tests.quiet")
    quiet.disabled = True
    outbox = OutboxService(
        OutboxRepository(store, cursors),
        vault,
        clock,
        Hooks(),
        [sender(place, SlowFunction())],
        pace=Pace(at_once=250, send_limit=0.05),
        logger=quiet,
    )
    for number in range(RUNS):
        await outbox.put(message(number), life=86400)

    await outbox.drain()
    clock.advance(7200)
    await outbox.drain()

    assert (RUNS, {1}) == (len(GOT), set(GOT.values()))


async def test_a_function_that_took_the_message_has_sent_it_whatever_it_returns() -> None:
    for body in (b"", b"null", b"rubbish", b'{"response": {}}'):
        assert Sent("lambda_bridge") == await sender(URL, FakeHttp([answer(body)])).send(message())


@pytest.mark.parametrize("said", [HttpNotSent("away"), answer(b"", status=429)])
async def test_only_a_function_that_was_surely_not_called_is_called_again(said: Any) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        await sender(URL, FakeHttp([said])).send(message())

    assert (True, False) == (failed.value.ours, failed.value.final)


@pytest.mark.parametrize(
    "said",
    [
        HttpFailed("no answer"),
        answer(b"", status=500),
        answer(b"", status=503),  # a proxy says so of what was done, too
        answer({"errorMessage": "no"}),
    ],
)
async def test_what_nobody_can_know_is_not_sent_again(said: Any) -> None:
    with pytest.raises(Exception) as failed:
        await sender(URL, FakeHttp([said])).send(message())

    assert not isinstance(failed.value, DeliveryFailed)


async def test_what_a_function_raised_stands_in_no_error_of_the_outbox() -> None:
    with pytest.raises(SenderRaised) as failed:
        await sender(URL, FakeHttp([answer({"errorMessage": "jane@example.com 123456"})])).send(message())

    assert "CustomEmailSender raised an error." == str(failed.value)


async def test_a_message_of_a_pool_that_is_gone_is_given_up() -> None:
    gone = message()
    elsewhere = Message(id="m", channel="sms", to="+491", purpose="p", body="b", pool_id="eu-west-1_Gone", function=ARN)

    with pytest.raises(DeliveryFailed) as failed:
        await sender(URL, FakeHttp()).send(elsewhere)

    assert failed.value.final
    assert gone.pool_id != elsewhere.pool_id


@pytest.mark.parametrize(("function", "route"), [("", "sms"), (ARN, "sms:function")])
def test_a_message_for_a_function_has_a_way_of_its_own(function: str, route: str) -> None:
    assert route == Message(id="m", channel="sms", to="x", purpose="p", body="b", function=function).route
