"""Limits by address, client, pool and class of operations: who floods is refused, and nobody else is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from poolhouse import errors
from poolhouse.config.settings import Development, Limits
from poolhouse.crypto.workers import Crews
from poolhouse.flows.protection.limits import Asked, Buckets, RequestClasses, network_of
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.hooks.kinds import hookimpl
from poolhouse.ports.origin import Origin, begin
from poolhouse.records.clients import Client
from poolhouse.server.cognito.user_pools.quotas import CLASS_OF, CLASSES
from poolhouse.testing.clock import FakeClock
from tests.support.house import House, opened_house
from tests.support.srp_client import SrpClient

LOW = Limits(
    source_sign_ins=10,
    source_answers=10,
    source_sign_ups=10,
    source_codes=10,
    client_sign_ins=30,
    client_answers=30,
    client_sign_ups=30,
    client_codes=30,
    pool_sign_ins=50,
    pool_answers=50,
    pool_sign_ups=50,
    pool_codes=50,
)
ALICE, MALLORY = Origin(source="192.0.2.1"), Origin(source="198.51.100.9")
Call = Callable[[House, Client, int], Awaitable[object]]


async def sign_in(house: House, client: Client, n: int) -> object:
    return await house.begin(client, f"nobody{n}", "Wr0ng-Horse!")


async def srp(house: House, client: Client, n: int) -> object:
    return await SrpClient(house, client).begin(f"nobody{n}")


async def sign_up(house: House, client: Client, n: int) -> object:
    return await house.sign_up(client, f"mallory{n}-{client.id}")


async def resend(house: House, client: Client, n: int) -> object:
    return await house.services.sign_up.resend(client, f"nobody{n}", metadata={}, secret_hash=None)


async def forgot(house: House, client: Client, n: int) -> object:
    return await house.services.recovery.start(client, f"nobody{n}", metadata={}, secret_hash=None)


async def confirm(house: House, client: Client, n: int) -> object:
    return await house.confirm(client, f"nobody{n}", "000000")


async def set_new(house: House, client: Client, n: int) -> object:
    return await house.services.recovery.confirm(
        client, f"nobody{n}", "000000", "An0ther-Horse!", metadata={}, secret_hash=None
    )


CALLS: dict[str, Call] = {
    call.__name__.replace("_", " "): call for call in (sign_in, srp, sign_up, resend, forgot, confirm, set_new)
}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened_house(limits=LOW) as opened:
        yield opened
    begin(Origin())


async def let_in(house: House, client: Client, call: str, times: int) -> int:
    """How many of so many calls were not refused for their number."""
    count = 0
    for n in range(times):
        try:
            await CALLS[call](house, client, n)
        except errors.TooManyRequests:
            continue
        except errors.PoolhouseError:
            pass
        count += 1
    return count


@pytest.mark.parametrize("call", CALLS)
async def test_one_address_gets_so_many_in_a_minute_and_others_are_not_refused_for_it(call: str, house: House) -> None:
    client = await house.client(await house.pool(), hides_users=True)
    begin(MALLORY)
    assert await let_in(house, client, call, 15) == 10
    begin(ALICE)
    assert await let_in(house, client, call, 1) == 1

    begin(MALLORY)
    assert await let_in(house, client, call, 1) == 0
    house.clock.advance(6.1)
    assert await let_in(house, client, call, 5) == 1
    house.clock.advance(3600)
    assert await let_in(house, client, call, 15) == 10


@pytest.mark.parametrize("call", CALLS)
async def test_many_addresses_do_not_have_more_than_the_client_and_all_clients_not_more_than_the_pool(
    call: str, house: House
) -> None:
    pool = await house.pool()
    clients = [await house.client(pool, hides_users=True) for _ in range(2)]
    other = await house.client(await house.pool(), hides_users=True)

    counts = []
    for client in clients:
        got = 0
        for address in range(5):
            begin(Origin(source=f"203.0.113.{address}"))
            got += await let_in(house, client, call, 8)
            begin(Origin(source=f"203.0.113.{100 + address}"))
            got += await let_in(house, client, call, 8)
        counts.append(got)
    begin(ALICE)

    assert counts == [30, 20]
    assert await let_in(house, other, call, 1) == 1


async def test_the_refusal_says_when_to_try_again(house: House) -> None:
    client = await house.client(await house.pool())
    begin(MALLORY)
    await let_in(house, client, "sign up", 10)

    with pytest.raises(errors.TooManyRequests) as refused:
        await sign_up(house, client, 99)
    assert 0 < refused.value.retry_after <= 6

    house.clock.advance(refused.value.retry_after + 0.01)
    await sign_up(house, client, 100)


async def test_what_was_refused_did_no_work(house: House) -> None:
    client = await house.client(await house.pool())
    begin(MALLORY)
    await let_in(house, client, "sign up", 10)
    messages = len(house.messages)

    assert await let_in(house, client, "sign up", 5) == 0

    assert len(house.messages) == messages


async def test_a_server_that_speaks_for_many_and_an_administrator_are_not_counted_by_address(house: House) -> None:
    pool = await house.pool()
    keyed = await house.client(pool, generates_secret=True)
    begin(MALLORY)
    for n in range(15):
        with pytest.raises(errors.NotAuthorized):
            await sign_in(house, keyed, n)

    begin(Origin(source="198.51.100.9", actor="key:AKIA"))
    client = await house.client(pool)
    assert await let_in(house, client, "forgot", 15) == 15


async def test_no_limit_is_kept_where_the_operator_or_the_development_says_so() -> None:
    for changes in ({"limits": Limits(rates=False, source_sign_ups=1)}, {"dev": Development(enabled=True)}):
        async with opened_house(**changes) as house:  # type: ignore[arg-type]
            client = await house.client(await house.pool())
            begin(MALLORY)
            assert await let_in(house, client, "forgot", 40) == 40


class Friends:
    """Lets one address in whatever it does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[OverLimit] = []

    @hookimpl
    def over_limit(self, event: OverLimit) -> bool | None:
        self.asked.append(event)
        return True if event.source == ALICE.source else None


async def test_a_plugin_may_let_somebody_in() -> None:
    friends = Friends()
    async with opened_house(limits=LOW, plugins=[("friends", friends)]) as house:
        client = await house.client(await house.pool())
        begin(ALICE)
        assert await let_in(house, client, "sign up", 15) == 15
        begin(MALLORY)
        assert await let_in(house, client, "sign up", 15) == 10

        assert friends.asked[0] == OverLimit(
            asked="sign_up", scope="source", pool_id=client.pool_id, client_id=client.id, source=ALICE.source
        )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_what_one_party_has_for_itself_is_one_source(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_no_address_is_no_source() -> None:
    assert network_of("") == network_of("unix:") == ""


def test_no_more_buckets_are_remembered_than_the_bound() -> None:
    buckets = Buckets(FakeClock(), at_most=3)
    for n in range(5):
        buckets.put(("x", "source", str(n)), 0.0)

    assert [buckets.left(("x", "source", str(n)), 7, 60.0) for n in range(5)] == [7.0, 7.0, 0.0, 0.0, 0.0]


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    clock = FakeClock()
    buckets = Buckets(clock, at_most=3)
    buckets.put(("x", "source", "1"), 2.0)
    clock.advance(-100)

    assert buckets.left(("x", "source", "1"), 7, 60.0) == 2.0


def test_a_class_of_operations_has_its_requests_a_second_in_each_region() -> None:
    clock = FakeClock()
    classes = RequestClasses(clock, {"UserRead": 3, "UserList": 0})
    for _ in range(3):
        classes.admit("UserRead", "eu-north-1")
    with pytest.raises(errors.TooManyRequests):
        classes.admit("UserRead", "eu-north-1")
    classes.admit("UserRead", "us-east-1")
    for _ in range(100):
        classes.admit("UserList", "eu-north-1")
        classes.admit("UserToken", "eu-north-1")
        classes.admit(None, "eu-north-1")

    clock.advance(0.4)
    classes.admit("UserRead", "eu-north-1")


def test_every_operation_of_a_class_is_in_one_class_only() -> None:
    assert sum(len(operations.split()) for operations in CLASSES.values()) == len(CLASS_OF)


async def test_proofs_and_keys_do_not_wait_behind_passwords() -> None:
    """With all places for passwords taken, by work that does not end, the others are done."""
    crews = Crews(threads=1, limit=2)
    held = threading.Event()
    flood = [asyncio.ensure_future(crews.passwords.run(held.wait)) for _ in range(2)]
    try:
        await asyncio.sleep(0)
        with pytest.raises(errors.TooManyRequests):
            await crews.passwords.run(int)

        results: list[Any] = [await crews.proofs.run(int, "7"), await crews.keys.run(int, "8")]
    finally:
        held.set()
        await asyncio.gather(*flood)
        await crews.close()

    assert results == [7, 8]


def test_every_kind_of_limit_has_a_setting_for_every_scope() -> None:
    for scope in ("source", "client", "pool"):
        for asked in Asked:
            assert getattr(Limits(), f"{scope}_{asked.value}s") > 0
