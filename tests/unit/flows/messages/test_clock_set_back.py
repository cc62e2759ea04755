"""A clock that was set back by a day holds up no message for longer than it may wait, or be held."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from poolhouse.flows.messages.pace import Pace
from poolhouse.records.messages import SENDING, WAITING
from tests.unit.flows.messages.test_outbox import MESSAGE, UNREACHABLE, House, Post, Steps

DAY = 86400.0


async def held_by_the_dead(house: House, *, handed: bool) -> None:
    """Somebody took the message and is gone; then the clock is set back."""
    await house.outbox.put(MESSAGE)
    until = house.clock.now() + Pace().lease
    house.entries.all["m-1"] = replace(house.entry(), state=SENDING, until=until, handed=handed, tries=1)
    house.clock.time -= DAY


async def test_a_message_that_waits_for_another_try_is_sent() -> None:
    post = Post(UNREACHABLE)
    house = House(post)
    house.clock.time += 2 * DAY
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()
    assert WAITING == house.entry().state
    house.clock.time -= DAY

    await house.outbox.drain()

    assert "sent" == house.entry().state


async def test_a_message_that_may_wait_for_so_long_waits() -> None:
    post = Post(UNREACHABLE)
    house = House(post)
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()
    house.clock.time -= 1

    await house.outbox.drain()

    assert (WAITING, 1) == (house.entry().state, len(post.taken))


async def test_a_message_that_somebody_dead_holds_is_sent_once_the_lease_is_over() -> None:
    post = Steps()
    house = House(post)
    house.clock.time += 2 * DAY
    await held_by_the_dead(house, handed=False)
    await house.outbox.drain()
    assert [] == post.taken

    house.clock.time += Pace().lease + Pace().far
    await house.outbox.drain()

    assert ([MESSAGE], "sent") == (post.taken, house.entry().state)


async def test_a_message_that_may_have_arrived_is_still_never_sent_again() -> None:
    post = Steps()
    house = House(post)
    house.clock.time += 2 * DAY
    await held_by_the_dead(house, handed=True)
    await house.outbox.drain()
    house.clock.time += Pace().lease + Pace().far
    await house.outbox.drain()

    assert ([], "unclear") == (post.taken, house.entry().state)


class Hanging(Post):
    """A sender that has not come back yet."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def send(self, message: object) -> object:  # type: ignore[override]
        await self.go_on.wait()
        return await super().send(MESSAGE)


async def test_what_is_under_way_while_the_clock_is_set_back_is_not_called_unclear() -> None:
    post = Hanging()
    house = House(post)
    house.clock.time += 2 * DAY
    await house.outbox.put(MESSAGE)
    sending = asyncio.create_task(house.outbox.drain())
    await house.reaches(SENDING)
    house.clock.time -= DAY
    other = House(Post(), entries=house.entries)
    other.clock.time = house.clock.time
    await other.outbox.drain()
    post.go_on.set()
    await sending

    assert "sent" == house.entry().state
