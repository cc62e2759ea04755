"""The buckets and limits by themselves: how fast they fill, what they belong to, and who is not limited."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.protection.limits import (
    AT_MOST,
    MINUTE,
    NONE,
    Asked,
    Buckets,
    Limits,
    Rates,
    RequestClasses,
    network_of,
)
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.hooks.events.protection import OverLimit
from poolhouse.ports.origin import Origin
from poolhouse.records.clients import Client, ClientSecret
from poolhouse.testing.clock import FakeClock

CLIENT = Client(id="client-here", pool_id="eu-north-1_here", name="c", created=1.0, modified=1.0)
ONE, OTHER = Origin(source="192.0.2.1"), Origin(source="192.0.2.2")
BUCKET = ("sign_in", "source", "192.0.2.1")


class World:
    def __init__(self, rates: Rates, *, at_most: int = AT_MOST, answers: Any = None) -> None:
        self.clock = FakeClock(1000.0)
        self.origin = ONE
        self.seen: list[OverLimit] = []
        implementations = []
        if answers is not None:

            def asked(event: OverLimit) -> Any:
                self.seen.append(event)
                return answers if answers != "none" else None

            implementations = [Implementation("over_limit", "odd", asked)]
        self.limits = Limits(self.clock, Hooks(implementations), rates, origin=lambda: self.origin, at_most=at_most)

    async def waits(self, client: Client = CLIENT, asked: Asked = Asked.SIGN_IN) -> float:
        """The seconds that the caller is told to wait; 0 where it was admitted."""
        try:
            await self.limits.admit(asked, client)
        except errors.TooManyRequests as refused:
            return refused.retry_after
        return 0.0


def test_a_bucket_that_nobody_remembers_is_full() -> None:
    assert 10.0 == Buckets(FakeClock(), 5).left(BUCKET, 10, MINUTE)


def test_a_bucket_fills_evenly_and_not_beyond_its_limit() -> None:
    clock = FakeClock(1000.0)
    buckets = Buckets(clock, 5)
    buckets.put(BUCKET, 2.0)

    seen = []
    for seconds in (0.0, 6.0, 6.0, 60.0):
        clock.advance(seconds)
        seen.append(buckets.left(BUCKET, 10, 60.0))

    assert [2.0, 3.0, 4.0, 10.0] == seen


def test_a_clock_that_goes_back_takes_nothing() -> None:
    clock = FakeClock(1000.0)
    buckets = Buckets(clock, 5)
    buckets.put(BUCKET, 2.0)
    clock.advance(-500.0)

    assert 2.0 == buckets.left(BUCKET, 10, 60.0)
    clock.advance(6.0)
    assert 3.0 == buckets.left(BUCKET, 10, 60.0)


def test_the_bucket_unused_for_longest_is_forgotten() -> None:
    buckets = Buckets(FakeClock(), 2)
    one, two, three = (("a", "b", str(n)) for n in range(3))
    buckets.put(one, 0.0)
    buckets.put(two, 0.0)
    buckets.put(one, 0.0)
    assert [0.0, 0.0] == [buckets.left(bucket, 5, 1.0) for bucket in (one, two)]

    buckets.put(three, 0.0)

    assert [0.0, 5.0, 0.0] == [buckets.left(bucket, 5, 1.0) for bucket in (one, two, three)]


def test_a_class_admits_its_figure_a_second_in_each_region() -> None:
    clock = FakeClock(1000.0)
    classes = RequestClasses(clock, {"UserAuthentication": 2, "Free": 0})

    for region in ("eu-north-1", "eu-west-1"):
        classes.admit("UserAuthentication", region)
        classes.admit("UserAuthentication", region)
        with pytest.raises(errors.TooManyRequests) as refused:
            classes.admit("UserAuthentication", region)
        assert 0.5 == refused.value.retry_after
    clock.advance(0.25)
    with pytest.raises(errors.TooManyRequests) as refused:
        classes.admit("UserAuthentication", "eu-north-1")
    assert 0.25 == refused.value.retry_after
    clock.advance(0.25)
    classes.admit("UserAuthentication", "eu-north-1")
    with pytest.raises(errors.TooManyRequests):
        classes.admit("UserAuthentication", "eu-north-1")


@pytest.mark.parametrize("name", ["Free", "Unknown", "", None])
def test_a_class_without_a_figure_has_no_limit(name: str | None) -> None:
    classes = RequestClasses(FakeClock(1000.0), {"UserAuthentication": 1, "Free": 0})

    for _ in range(100):
        classes.admit(name, "eu-north-1")


def test_two_classes_do_not_share_a_count() -> None:
    classes = RequestClasses(FakeClock(1000.0), {"One": 1, "Other": 1})

    classes.admit("One", "eu-north-1")
    classes.admit("Other", "eu-north-1")
    with pytest.raises(errors.TooManyRequests):
        classes.admit("One", "eu-north-1")


async def test_an_address_is_told_the_seconds_until_it_may_try_again() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 2}))

    assert [0.0, 0.0, 30.0, 30.0] == [await world.waits() for _ in range(4)]
    world.clock.advance(15.0)
    assert 15.0 == await world.waits()
    world.clock.advance(15.0)
    assert [0.0, 30.0] == [await world.waits() for _ in range(2)]


async def test_addresses_and_things_asked_have_counts_of_their_own() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1, Asked.CODE: 1}))

    assert [0.0, 60.0] == [await world.waits() for _ in range(2)]
    assert [0.0, 60.0] == [await world.waits(asked=Asked.CODE) for _ in range(2)]
    assert [0.0, 0.0] == [await world.waits(asked=Asked.SIGN_UP) for _ in range(2)]
    world.origin = OTHER
    assert [0.0, 60.0] == [await world.waits() for _ in range(2)]


@pytest.mark.parametrize(
    ("rates", "same", "another"),
    [
        (Rates(by_client={Asked.SIGN_IN: 1}), CLIENT, replace(CLIENT, id="client-there")),
        (
            Rates(by_pool={Asked.SIGN_IN: 1}),
            replace(CLIENT, id="client-there"),
            replace(CLIENT, pool_id="eu-north-1_there"),
        ),
    ],
)
async def test_clients_and_pools_have_counts_of_their_own(rates: Rates, same: Client, another: Client) -> None:
    world = World(rates)

    assert 0.0 == await world.waits()
    world.origin = OTHER
    assert 60.0 == await world.waits(same)
    assert 0.0 == await world.waits(another)


@pytest.mark.parametrize(
    ("origin", "client"),
    [
        (Origin(source="192.0.2.1", actor="key:AKIA"), CLIENT),
        (ONE, replace(CLIENT, secrets=(ClientSecret(id="1", sealed="s", created=1.0),))),
        (Origin(source=""), CLIENT),
        (Origin(source="nowhere"), CLIENT),
    ],
)
async def test_an_address_says_nothing_where_a_server_or_nobody_known_asks(origin: Origin, client: Client) -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1}, by_client={Asked.SIGN_IN: 3}))
    world.origin = origin

    assert [0.0, 0.0, 0.0, 20.0] == [await world.waits(client) for _ in range(4)]


async def test_what_was_refused_has_not_counted_anywhere() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1}, by_client={Asked.SIGN_IN: 2}))
    assert [0.0, 60.0, 60.0] == [await world.waits() for _ in range(3)]

    world.origin = OTHER

    assert 0.0 == await world.waits()


async def test_a_refusal_by_the_pool_takes_nothing_from_the_address() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 2}, by_pool={Asked.SIGN_IN: 1}))
    assert [0.0, 60.0, 60.0] == [await world.waits() for _ in range(3)]

    world.clock.advance(60.0)

    assert 0.0 == await world.waits()


async def test_a_plugin_is_told_who_is_over_which_limit_and_may_let_it_pass() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1}), answers=True)

    assert [0.0, 0.0, 0.0] == [await world.waits() for _ in range(3)]
    assert (
        OverLimit(
            asked="sign_in",
            scope="source",
            pool_id="eu-north-1_here",
            client_id="client-here",
            source="192.0.2.1",
        )
        == world.seen[0]
    )
    assert ONE == world.seen[0].origin
    # What was let pass has emptied the bucket, and no more than that.
    world.clock.advance(60.0)
    assert 2 == len(world.seen)
    await world.waits()
    assert 2 == len(world.seen)


@pytest.mark.parametrize("answers", [False, "none"])
async def test_a_plugin_that_says_no_or_nothing_changes_nothing(answers: Any) -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1}), answers=answers)

    assert [0.0, 60.0] == [await world.waits() for _ in range(2)]
    assert 1 == len(world.seen)


@pytest.mark.parametrize(
    "rates", [NONE, Rates(), Rates(by_source={Asked.CODE: 1}), Rates(by_source={Asked.SIGN_IN: 0})]
)
async def test_what_is_not_named_has_no_limit(rates: Rates) -> None:
    world = World(rates)

    assert {0.0} == {await world.waits() for _ in range(200)}


async def test_no_more_buckets_are_remembered_than_said() -> None:
    world = World(Rates(by_source={Asked.SIGN_IN: 1}), at_most=2)
    for source in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        world.origin = Origin(source=source)
        assert 0.0 == await world.waits()

    assert 60.0 == await world.waits()
    world.origin = ONE
    assert 0.0 == await world.waits()


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
        ("somewhere", ""),
    ],
)
def test_one_party_has_an_address_of_the_old_kind_or_a_network_of_the_new(source: str, network: str) -> None:
    assert network == network_of(source)
