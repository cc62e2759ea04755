"""The outbox: each message goes out once, is tried again only where it surely did not, and is told nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed, Refused, VersionConflict
from poolhouse.flows.messages.outbox import OutboxService, Pace
from poolhouse.hooks.answers.messages import Sent
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.records.messages import Message, OutboxEntry

MESSAGE = Message(
    id="m-1", channel="email", to="ada@example.com", purpose="sign_up", body="It is 123456", code="123456", pool_id="p"
)
UNREACHABLE = DeliveryFailed("The mail server is away.")


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Secrets:
    """Hides nothing, but is bound to purpose and context as the real one is."""

    def seal(self, purpose: str, context: str, plain: bytes) -> str:
        return f"{purpose}|{context}|{plain.hex()}"

    def open(self, purpose: str, context: str, sealed: str) -> bytes:
        if sealed.split("|")[:2] != [purpose, context]:
            raise ValueError("sealed for something else")
        return bytes.fromhex(sealed.split("|")[2])

    def derive(self, purpose: str, *parts: str) -> bytes:
        raise NotImplementedError


class Entries:
    """The store's part."""

    def __init__(self) -> None:
        self.all: dict[str, OutboxEntry] = {}
        self.is_away = False
        self.changed = asyncio.Condition()

    async def insert(self, entry: OutboxEntry) -> bool:
        if entry.id in self.all:
            return False
        self.all[entry.id] = replace(entry, version=1)
        return True

    async def due(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        if self.is_away:
            self.is_away = False
            raise OSError("the store is away")
        await asyncio.sleep(0)
        waiting = [entry for entry in self.all.values() if entry.state == "waiting" and entry.due <= now]
        return sorted(waiting, key=lambda entry: entry.due)[:limit]

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        await asyncio.sleep(0)
        if self.all[entry.id].version != entry.version:
            raise VersionConflict
        async with self.changed:
            self.all[entry.id] = replace(entry, version=entry.version + 1)
            self.changed.notify_all()
        return self.all[entry.id]


class Post:
    """A sender that keeps what it is given, and raises what it is told to, once each."""

    name = "post"

    def __init__(self, *errors: BaseException | None, channels: Sequence[str] = ("email",)) -> None:
        self.channels = frozenset(channels)
        self.taken: list[Message] = []
        self._errors = list(errors)

    async def send(self, message: Message) -> Sent:
        self.taken.append(message)
        await asyncio.sleep(0)
        if self._errors and (error := self._errors.pop(0)) is not None:
            raise error
        return Sent(self.name)


class House:
    """An outbox with everything around it."""

    def __init__(self, *senders: Any, hooks: Hooks | None = None, entries: Entries | None = None, **more: Any) -> None:
        self.clock = Clock()
        self.entries = entries or Entries()
        self.counted: list[tuple[str, str]] = []
        self.outbox = OutboxService(
            self.entries,
            Secrets(),
            self.clock,
            hooks or Hooks(),
            senders,
            count=lambda channel, outcome: self.counted.append((channel, outcome)),
            **more,
        )

    def entry(self, message_id: str = "m-1") -> OutboxEntry:
        return self.entries.all[message_id]

    async def reaches(self, state: str, *, tries: int = 1) -> None:
        """The message is in this state, after so many tries."""
        async with self.entries.changed:
            await self.entries.changed.wait_for(lambda: (self.entry().state, self.entry().tries) == (state, tries))


def hook(function: Callable[[Message], Any]) -> Hooks:
    return Hooks([Implementation("send_message", "crm", function)])


# --- once ------------------------------------------------------------------------------------------------------------


async def test_a_message_that_is_put_is_sent_and_what_it_said_is_gone() -> None:
    post = Post()
    house = House(post)

    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert [MESSAGE] == post.taken
    assert ("sent", None, 1) == (house.entry().state, house.entry().sealed, house.entry().tries)
    assert [("email", "put"), ("email", "sent")] == house.counted


async def test_the_same_id_is_one_message() -> None:
    post, recorded = Post(), list[Message]()
    house = House(post, recorders=[recorded.append])

    await house.outbox.put(MESSAGE)
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert [MESSAGE] == post.taken
    assert [MESSAGE] == recorded


async def test_of_many_workers_one_sends_a_message() -> None:
    post, entries = Post(), Entries()
    houses = [House(post, entries=entries) for _ in range(10)]
    for number in range(20):
        await houses[0].outbox.put(replace(MESSAGE, id=f"m-{number}"))

    await asyncio.gather(*(house.outbox.drain() for house in houses))

    assert sorted(f"m-{number}" for number in range(20)) == sorted(message.id for message in post.taken)


async def test_an_entry_that_a_dead_process_left_sending_is_not_sent_again() -> None:
    post = Post()
    house = House(post)
    await house.outbox.put(MESSAGE)
    house.entries.all["m-1"] = replace(house.entry(), state="sending")

    house.clock.time += 3600
    await house.outbox.drain()

    assert [] == post.taken


async def test_a_message_is_stored_sealed() -> None:
    house = House()

    await house.outbox.put(MESSAGE)

    entry = replace(house.entry(), sealed=None)
    assert "ada@example.com" not in str(entry)
    assert "123456" not in str(entry)
    assert Secrets().open("outbox", "m-1", house.entry().sealed or "").startswith(b"{")


async def test_a_message_that_cannot_be_opened_fails() -> None:
    post = Post()
    house = House(post)
    await house.outbox.put(MESSAGE)
    house.entries.all["m-1"] = replace(house.entry(), sealed="other|m-1|00")

    await house.outbox.drain()

    assert [] == post.taken
    assert "failed" == house.entry().state


async def test_a_message_lives_for_a_day() -> None:
    house = House()

    await house.outbox.put(MESSAGE)

    assert house.clock.time + 86400 == house.entry().expires


# --- again -----------------------------------------------------------------------------------------------------------


async def test_what_surely_did_not_go_out_is_tried_again_ever_later_and_five_times() -> None:
    post = Post(*[UNREACHABLE] * 9)
    house = House(post)
    await house.outbox.put(MESSAGE)

    waits = []
    await house.outbox.drain()
    while house.entry().state == "waiting":
        waits.append(house.entry().due - house.clock.time)
        house.clock.time = house.entry().due - 0.001
        await house.outbox.drain()
        assert len(waits) == len(post.taken)
        house.clock.time = house.entry().due
        await house.outbox.drain()

    assert [5.0, 20.0, 80.0, 320.0] == waits
    assert 5 == len(post.taken)
    assert ("failed", None, "The mail server is away.") == (
        house.entry().state,
        house.entry().sealed,
        house.entry().last_error,
    )


class Stumbles(Entries):
    """A store that is away for some moments, whenever it should keep what became of a message."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        if entry.state != "sending" and self.times:
            self.times -= 1
            raise OSError("the store is away")
        return await super().save(entry)


async def at_once(event: asyncio.Event, seconds: float) -> None:
    """Nobody waits."""


async def test_a_message_that_did_not_go_out_is_not_lost_where_the_store_stumbles() -> None:
    house = House(Post(UNREACHABLE), entries=Stumbles(2), pause=at_once)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert "waiting" == house.entry().state


async def test_a_message_whose_end_cannot_be_kept_is_not_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    post = Post()
    house = House(post, entries=Stumbles(1000), pause=at_once)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()
    await house.outbox.drain()

    assert "sending" == house.entry().state
    assert [MESSAGE] == post.taken
    assert "is left as it was" in caplog.text


async def test_a_later_try_may_succeed() -> None:
    post = Post(UNREACHABLE, None)
    house = House(post)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()
    house.clock.time += 5
    await house.outbox.drain()

    assert ("sent", 2, None) == (house.entry().state, house.entry().tries, house.entry().last_error)
    assert ["put", "postponed", "sent"] == [outcome for _, outcome in house.counted]


async def test_a_final_refusal_is_not_tried_again() -> None:
    post = Post(DeliveryFailed("No such mailbox.", final=True))
    house = House(post)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert ("failed", 1) == (house.entry().state, house.entry().tries)


async def test_a_refusal_of_us_is_an_error_in_the_log_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    post = Post(DeliveryFailed("The mail server refused us (535).", ours=True, final=True), None)
    house = House(post)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()
    told = [record.levelname for record in caplog.records]
    house.clock.time += 5
    await house.outbox.drain()

    assert ["ERROR"] == told
    assert ("sent", 2) == (house.entry().state, house.entry().tries)


async def test_what_may_have_arrived_is_never_sent_twice(caplog: pytest.LogCaptureFixture) -> None:
    post = Post(ConnectionResetError("while sending 123456 to ada@example.com"))
    house = House(post)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()
    house.clock.time += 3600
    await house.outbox.drain()

    assert 1 == len(post.taken)
    assert ("failed", "ConnectionResetError") == (house.entry().state, house.entry().last_error)
    assert ("email", "unknown") == house.counted[-1]
    assert "m-1" in caplog.text
    assert "123456" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_sender_that_hangs_is_given_up_and_not_asked_again() -> None:
    class Hangs(Post):
        async def send(self, message: Message) -> Sent:
            self.taken.append(message)
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

    post = Hangs()
    house = House(post, pace=Pace(send_limit=0.01))
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert ("failed", "TimeoutError") == (house.entry().state, house.entry().last_error)


# --- by whom ---------------------------------------------------------------------------------------------------------


async def test_a_plugin_that_delivers_goes_before_the_senders() -> None:
    post, seen = Post(), list[Message]()

    async def delivers(event: Message) -> Sent:
        seen.append(event)
        return Sent("crm")

    house = House(post, hooks=hook(delivers))
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert ([MESSAGE], []) == (seen, post.taken)


async def test_a_plugin_that_leaves_a_message_leaves_it_to_the_sender() -> None:
    post = Post()
    house = House(post, hooks=hook(lambda _: None))

    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert [MESSAGE] == post.taken


@pytest.mark.parametrize(
    ("error", "state"),
    [(UNREACHABLE, "waiting"), (Refused("not to them"), "failed"), (OSError("x"), "failed")],
)
async def test_a_plugin_is_believed_as_a_sender_is(error: Exception, state: str) -> None:
    async def raises(event: Message) -> Sent:
        raise error

    post = Post()
    house = House(post, hooks=hook(raises))
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert ([], state) == (post.taken, house.entry().state)


async def test_for_each_channel_the_first_sender_is_used() -> None:
    first, second = Post(channels=["email"]), Post(channels=["email", "sms"])
    house = House(first, second)

    await house.outbox.put(MESSAGE)
    await house.outbox.put(replace(MESSAGE, id="m-2", channel="sms"))
    await house.outbox.drain()

    assert (["m-1"], ["m-2"]) == ([m.id for m in first.taken], [m.id for m in second.taken])


@pytest.mark.parametrize("hooks", [Hooks(), hook(lambda _: None)])
async def test_without_a_sender_messages_wait_and_that_is_told_once_per_channel(
    hooks: Hooks, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(hooks=hooks)
    for number in range(30):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}", channel=("email", "sms")[number % 2]))

    for _ in range(3):
        await house.outbox.drain()
        house.clock.time += 60

    assert {("waiting", 0)} == {(entry.state, entry.tries) for entry in house.entries.all.values()}
    assert 2 == len(caplog.records)


async def test_messages_without_a_sender_do_not_stand_in_the_way_of_others() -> None:
    post = Post()
    house = House(post)
    for number in range(30):
        await house.outbox.put(replace(MESSAGE, id=f"sms-{number}", channel="sms"))
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert [MESSAGE] == post.taken


async def test_a_recorder_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def breaks(message: Message) -> None:
        raise OSError(f"disk full at {message.code}")

    post = Post()
    house = House(post, recorders=[breaks])
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()

    assert [MESSAGE] == post.taken
    assert "could not be recorded: OSError" in caplog.text
    assert "123456" not in caplog.text


# --- the worker ------------------------------------------------------------------------------------------------------


class Turns:
    """Stands for the worker's wait: it goes on when it is woken, or when the test says that the time is over."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.is_waiting = asyncio.Event()
        self._over = asyncio.Event()

    async def __call__(self, event: asyncio.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.is_waiting.set()
        woken, over = asyncio.create_task(event.wait()), asyncio.create_task(self._over.wait())
        await asyncio.wait({woken, over}, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        over.cancel()
        self._over.clear()
        self.is_waiting.clear()

    async def pass_by(self) -> None:
        """One whole turn of the worker."""
        await self.is_waiting.wait()
        self.is_waiting.clear()
        self._over.set()
        await self.is_waiting.wait()


class Worker:
    def __init__(self, house: House) -> None:
        self.stop = asyncio.Event()
        self._task = asyncio.create_task(house.outbox.run(self.stop))

    async def __aenter__(self) -> Worker:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop.set()
        async with asyncio.timeout(5):
            await self._task


class Door(Post):
    """A sender that waits until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.came = asyncio.Semaphore(0)
        self.inside = self.most = 0

    async def send(self, message: Message) -> Sent:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.came.release()
        await self.open.wait()
        self.inside -= 1
        return await super().send(message)


async def test_a_message_wakes_the_worker() -> None:
    door = Door()
    house = House(door, pace=Pace(look=3600))

    async with Worker(house), asyncio.timeout(5):
        for _ in range(10):
            await asyncio.sleep(0)
        await house.outbox.put(MESSAGE)
        await door.came.acquire()
        door.open.set()

    assert "sent" == house.entry().state


async def test_no_more_than_eight_messages_are_sent_at_a_time() -> None:
    door = Door()
    house = House(door)
    for number in range(20):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))

    async with Worker(house), asyncio.timeout(5):
        for _ in range(8):
            await door.came.acquire()
        for _ in range(50):
            await asyncio.sleep(0)
        assert 8 == door.inside
        door.open.set()
        for _ in range(12):
            await door.came.acquire()

    assert 8 == door.most
    assert {"sent"} == {entry.state for entry in house.entries.all.values()}


async def test_a_slow_message_does_not_hold_up_the_others() -> None:
    class Slow(Door):
        async def send(self, message: Message) -> Sent:
            if message.id == "slow":
                return await super().send(message)
            self.came.release()
            return await Post.send(self, message)

    door = Slow()
    house = House(door)
    await house.outbox.put(replace(MESSAGE, id="slow"))
    for number in range(20):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))

    async with Worker(house), asyncio.timeout(5):
        for _ in range(21):
            await door.came.acquire()
        assert "sending" == house.entry("slow").state
        door.open.set()

    assert "sent" == house.entry("slow").state


async def test_what_is_under_way_is_finished_when_the_worker_stops() -> None:
    door = Door()
    house = House(door)
    await house.outbox.put(MESSAGE)

    async with Worker(house) as worker:
        await door.came.acquire()
        worker.stop.set()
        await asyncio.sleep(0)
        door.open.set()

    assert "sent" == house.entry().state


async def test_the_worker_waits_until_the_next_try_is_due() -> None:
    turns = Turns()
    house = House(Post(UNREACHABLE), pause=turns, pace=Pace(look=60))
    await house.outbox.put(MESSAGE)

    async with Worker(house), asyncio.timeout(5):
        await house.reaches("waiting")
        await turns.pass_by()
        assert 5.0 == turns.waits[-1]
        house.clock.time += 5
        await turns.pass_by()
        await house.reaches("sent", tries=2)


async def test_a_message_of_another_process_is_found() -> None:
    turns, post = Turns(), Post()
    house = House(post, pause=turns)

    async with Worker(house), asyncio.timeout(5):
        await turns.is_waiting.wait()
        await House(entries=house.entries).outbox.put(MESSAGE)
        await turns.pass_by()
        await house.reaches("sent")

    assert 5.0 == turns.waits[0]
    assert [MESSAGE] == post.taken


async def test_the_worker_outlives_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    turns = Turns()
    house = House(Post(), pause=turns)
    house.entries.is_away = True

    async with Worker(house), asyncio.timeout(5):
        await turns.is_waiting.wait()
        await house.outbox.put(MESSAGE)
        await house.reaches("sent")

    assert "cannot be read: OSError" in caplog.text
