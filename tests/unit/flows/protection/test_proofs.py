"""Failed proofs of clients: what counts, what is given back, and what is remembered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from poolhouse.errors import InvalidClient, NotAuthorized, StoreAway, TooManyRequests, Unauthorized
from poolhouse.flows.protection.limits import ProofRates
from poolhouse.flows.protection.proofs import FailedProofs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.ports.origin import Origin
from poolhouse.testing.clock import FakeClock

POOL = "eu-west-1_AbCdEfGhI"
HERE = Origin(source="192.0.2.1")


def proofs(clock: FakeClock | None = None, *, origin: Origin = HERE, by_source: int = 2, by_client: int = 3) -> Any:
    rates = ProofRates(by_source=by_source, by_client=by_client)
    return FailedProofs(clock or FakeClock(), Hooks({}), rates, origin=lambda: origin)


async def tried(counted: Any, outcome: BaseException | None = None, client: str = "app") -> None:
    async with counted.counted(POOL, client):
        if outcome is not None:
            raise outcome


@pytest.mark.parametrize("wrong", [InvalidClient, NotAuthorized, Unauthorized])
async def test_what_is_wrong_counts(wrong: type[Exception]) -> None:
    counted = proofs()
    for _ in range(2):
        with pytest.raises(wrong):
            await tried(counted, wrong())

    with pytest.raises(TooManyRequests) as refused:
        await tried(counted)
    assert 30.0 == refused.value.retry_after


async def test_what_is_right_does_not_count_and_neither_does_what_was_not_found_out() -> None:
    counted = proofs()
    for outcome in (None, StoreAway(), asyncio.CancelledError(), OSError(), None):
        if outcome is None:
            await tried(counted)
        else:
            with pytest.raises(type(outcome)):
                await tried(counted, outcome)

    for _ in range(2):
        with pytest.raises(InvalidClient):
            await tried(counted, InvalidClient())
    with pytest.raises(TooManyRequests):
        await tried(counted)


async def test_what_is_looked_at_counts_until_it_holds() -> None:
    counted, go_on = proofs(), asyncio.Event()

    async def slow() -> None:
        async with counted.counted(POOL, "app"):
            await go_on.wait()

    under_way = [asyncio.ensure_future(slow()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await tried(counted)
    go_on.set()
    await asyncio.gather(*under_way)

    await tried(counted)


async def test_a_client_is_counted_over_addresses_and_an_address_over_clients() -> None:
    clock = FakeClock()
    by_client, by_source = proofs(clock, by_source=0), proofs(clock, by_client=0)
    for number in range(3):
        with pytest.raises(InvalidClient):
            await tried(by_client, InvalidClient())
        if number < 2:
            with pytest.raises(InvalidClient):
                await tried(by_source, InvalidClient(), f"app{number}")

    with pytest.raises(TooManyRequests):
        await tried(by_client)
    await tried(by_client, client="another")
    with pytest.raises(TooManyRequests):
        await tried(by_source, client="another")


@pytest.mark.parametrize("source", ["", "unix:"])
async def test_without_an_address_the_client_alone_is_counted(source: str) -> None:
    counted = proofs(origin=Origin(source=source))
    for _ in range(3):
        with pytest.raises(InvalidClient):
            await tried(counted, InvalidClient())

    with pytest.raises(TooManyRequests):
        await tried(counted)


async def test_no_limit_is_none() -> None:
    counted = proofs(by_source=0, by_client=0)

    for _ in range(100):
        with pytest.raises(InvalidClient):
            await tried(counted, InvalidClient())
