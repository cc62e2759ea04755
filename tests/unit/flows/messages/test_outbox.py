"""The outbox: each message goes out once, is tried again only where it surely did not, and is told nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed, Refused, VersionConflict
from poolhouse.flows.messages.outbox import OutboxService
from poolhouse.flows.messages.pace import Pace
from poolhouse.hooks.answers.messages import HandOver, Sent
from poolhouse.hooks.dispatch import Hooks, Implementation
from poolhouse.ports.paging import Slice
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
        self.gone: set[str] = set()
        self.writes = self.looks = 0
        self.is_away = False
        self.changed = asyncio.Condition()

    async def insert(self, entry: OutboxEntry) -> bool:
        if entry.id in self.all:
            return False
        self.all[entry.id] = replace(entry, version=1)
        return True

    async def get(self, entry_id: str) -> OutboxEntry | None:
        return self.all.get(entry_id)

    async def due(
        self, channel: str, *, urgent: bool, now: float, limit: int, behind: str | None = None
    ) -> Sequence[OutboxEntry]:
        self.looks += 1
        if self.is_away:
            self.is_away = False
            raise OSError("the store is away")
        await asyncio.sleep(0)
        line = [entry for entry in self.all.values() if (entry.channel, entry.urgent) == (channel, urgent)]
        return [
            entry
            for entry in line
            if entry.ripe <= now and (entry.state == "waiting" or (entry.state == "sending" and entry.until))
        ]

    async def far(self, channel: str, *, urgent: bool, after: float, limit: int) -> Sequence[OutboxEntry]:
        line = [entry for entry in self.all.values() if (entry.channel, entry.urgent) == (channel, urgent)]
        return [entry for entry in line if entry.ripe > after and entry.state in ("waiting", "sending")]

    async def left_by_older(self, now: float, limit: int) -> Sequence[OutboxEntry]:
        return []

    async def drop(self, entry: OutboxEntry) -> bool:
        if entry.id not in self.all or self.all[entry.id].version != entry.version:
            return False
        del self.all[entry.id]
        return True

    async def page(self, limit: int, cursor: str | None) -> Slice:
        return Slice([entry for entry in self.all.values() if entry.state != "sent"], None)

    async def is_pool(self, pool_id: str) -> bool:
        return pool_id not in self.gone

    async def save(self, entry: OutboxEntry) -> OutboxEntry:
        await asyncio.sleep(0)
        self.writes += 1
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


class Steps(Post):
    """A sender that says when it hands over; it raises before that what it is told to, once each."""

    async def send_stepwise(self, message: Message, hand_over: HandOver) -> Sent:
        await asyncio.sleep(0)
        if self._errors and (error := self._errors.pop(0)) is not None:
            raise error
        await hand_over()
        self.taken.append(message)
        return Sent(self.name)


class Told:
    """Who counts."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.causes: list[tuple[str, str]] = []

    def became(self, channel: str, outcome: str) -> None:
        self.outcomes.append((channel, outcome))

    def failed_by(self, channel: str, cause: str) -> None:
        self.causes.append((channel, cause))


class House:
    """An outbox with everything around it."""

    def __init__(self, *senders: Any, hooks: Hooks | None = None, entries: Entries | None = None, **more: Any) -> None:
        self.clock = Clock()
        self.entries = entries or Entries()
        self.told = Told()
        self.outbox = OutboxService(
            self.entries,
            Secrets(),
            self.clock,
            hooks or Hooks(),
            senders,
            told=self.told,
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
    assert [("email", "put"), ("email", "sent")] == house.told.outcomes


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


async def test_what_an_older_version_left_sending_without_an_end_is_not_sent_again() -> None:
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


async def test_a_message_is_of_use_for_a_day_and_a_code_for_its_life_and_a_week_later_both_are_forgotten() -> None:
    house = House()
    now = house.clock.time

    await house.outbox.put(MESSAGE)
    await house.outbox.put(replace(MESSAGE, id="code"), life=180)

    assert (now + 86400, False) == (house.entry().useful, house.entry().urgent)
    assert (now + 180, True) == (house.entry("code").useful, house.entry("code").urgent)
    assert [7 * 86400] * 2 == [entry.expires - entry.useful for entry in house.entries.all.values()]


# --- again -----------------------------------------------------------------------------------------------------------


async def waits_of(house: House, message_id: str = "m-1") -> list[float]:
    """How long the message waits before each further try, until it waits no more."""
    waits = []
    await house.outbox.drain()
    while house.entry(message_id).state == "waiting":
        waits.append(house.entry(message_id).due - house.clock.time)
        house.clock.time = house.entry(message_id).due
        await house.outbox.drain()
    return waits


async def test_what_surely_did_not_go_out_is_tried_again_ever_later_for_a_day() -> None:
    post = Post(*[UNREACHABLE] * 999)
    house = House(post)
    began = house.clock.time
    await house.outbox.put(MESSAGE)

    waits = await waits_of(house)

    assert [pytest.approx(wait, rel=0.25) for wait in (5, 10, 20, 40, 80, 160, 300, 300)] == waits[:8]
    assert 86400 - 400 < house.clock.time - began < 86400
    assert len(waits) + 1 == len(post.taken)
    assert ("failed", "The time is over for which it was of use. The mail server is away.") == (
        house.entry().state,
        house.entry().last_error,
    )
    assert ("email", "late") == house.told.causes[-1]


async def test_a_code_is_tried_for_as_long_as_it_is_good() -> None:
    post = Post(*[UNREACHABLE] * 999)
    house = House(post)
    began = house.clock.time
    await house.outbox.put(MESSAGE, life=180)

    await waits_of(house)

    assert 60 < house.clock.time - began < 180
    assert "failed" == house.entry().state


async def test_a_mail_server_that_is_away_for_seven_minutes_costs_no_message() -> None:
    post = Post(*[UNREACHABLE] * 999)
    house = House(post)
    for number in range(20):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"), life=3600)

    came_back, over = house.clock.time + 420, house.clock.time + 420 + 400
    while house.clock.time < over:
        if house.clock.time >= came_back:
            post._errors.clear()
        await house.outbox.drain()
        house.clock.time += 1

    assert {"sent"} == {entry.state for entry in house.entries.all.values()}


async def test_those_that_failed_together_do_not_come_back_together() -> None:
    house = House(Post(*[UNREACHABLE] * 20))
    for number in range(20):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))

    await house.outbox.drain()

    waits = sorted(entry.due - house.clock.time for entry in house.entries.all.values())
    assert 20 == len(set(waits))
    assert 3.75 <= waits[0] < 4.25 < 5.75 < waits[-1] <= 6.25


async def test_failures_are_counted_by_their_cause() -> None:
    house = House(
        Post(
            UNREACHABLE,
            DeliveryFailed("Wrong key.", ours=True),
            DeliveryFailed("No such mailbox.", final=True),
            OSError("x"),
            Refused("not to them"),
        )
    )
    for number in range(5):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))

    await house.outbox.drain()

    assert ["unreachable", "us", "recipient", "unclear", "plugin"] == [cause for _, cause in house.told.causes]


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
    house.clock.time += 7
    await house.outbox.drain()

    assert ("sent", 2, None) == (house.entry().state, house.entry().tries, house.entry().last_error)
    assert ["put", "postponed", "sent"] == [outcome for _, outcome in house.told.outcomes]


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
    house.clock.time += 7
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
    assert ("unclear", None, "ConnectionResetError") == (
        house.entry().state,
        house.entry().sealed,
        house.entry().last_error,
    )
    assert ("email", "unclear") == house.told.outcomes[-1]
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

    assert ("unclear", "TimeoutError") == (house.entry().state, house.entry().last_error)


# --- the process dies ------------------------------------------------------------------------------------------------


async def left_alone(house: House, message_id: str = "m-1", **changes: Any) -> None:
    """The process that held the message died, and its lease is over."""
    now = house.clock.time
    await house.outbox.put(replace(MESSAGE, id=message_id))
    entry = replace(house.entry(message_id), state="sending", tries=1, until=now + 75, **changes)
    house.entries.all[message_id] = entry
    house.clock.time += 74
    await house.outbox.drain()
    assert entry == house.entry(message_id)
    house.clock.time += 1


async def test_what_was_not_handed_over_when_its_process_died_is_sent_by_another() -> None:
    post = Steps()
    house = House(post)
    await left_alone(house)

    await house.outbox.drain()

    assert [MESSAGE] == post.taken
    assert ("sent", 2) == (house.entry().state, house.entry().tries)
    assert ["put", "taken_over", "sent"] == [outcome for _, outcome in house.told.outcomes]


async def test_what_was_handed_over_when_its_process_died_is_unclear_and_never_sent_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    post = Steps()
    house = House(post)
    await left_alone(house, handed=True)

    await house.outbox.drain()
    house.clock.time += 3600
    await house.outbox.drain()

    assert [] == post.taken
    assert ("unclear", None) == (house.entry().state, house.entry().sealed)
    assert (("email", "unclear"), ("email", "unclear")) == (house.told.outcomes[-1], house.told.causes[-1])
    assert "m-1 (email, sign_up) may have arrived, and is not sent again" in caplog.text


async def test_a_sender_that_tells_no_steps_may_have_handed_over_from_the_beginning() -> None:
    door = Door()
    house = House(door)
    await house.outbox.put(MESSAGE)

    async with Worker(house):
        await door.came.acquire()
        assert ("sending", True) == (house.entry().state, house.entry().handed)
        door.open.set()


async def test_a_plugin_that_is_asked_first_may_have_handed_over_from_the_beginning() -> None:
    seen: list[bool] = []
    house = House(Steps(), hooks=hook(lambda _: seen.append(house.entry().handed)))
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert [True] == seen


async def test_whoever_lost_the_message_before_the_hand_over_hands_nothing_over() -> None:
    class Slow(Steps):
        async def send_stepwise(self, message: Message, hand_over: HandOver) -> Sent:
            house.entries.all["m-1"] = replace(house.entry(), version=99)
            return await super().send_stepwise(message, hand_over)

    slow = Slow()
    house = House(slow)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()

    assert [] == slow.taken
    assert 99 == house.entry().version


@pytest.mark.parametrize("error", [ValueError("odd"), TimeoutError()])
async def test_whatever_happens_before_the_hand_over_is_tried_again(error: Exception) -> None:
    steps = Steps(error, None)
    house = House(steps)
    await house.outbox.put(MESSAGE)

    await house.outbox.drain()
    assert ("waiting", False) == (house.entry().state, house.entry().handed)
    house.clock.time += 7
    await house.outbox.drain()

    assert ([MESSAGE], "sent") == (steps.taken, house.entry().state)


# --- turns -----------------------------------------------------------------------------------------------------------


async def test_pools_take_turns_and_codes_go_before_what_has_none() -> None:
    post = Post()
    house = House(post, pace=Pace(at_once=1))
    for number in range(100):
        await house.outbox.put(replace(MESSAGE, id=f"notice-{number}", pool_id="many"))
    for number in range(100):
        await house.outbox.put(replace(MESSAGE, id=f"code-{number}", pool_id="many"), life=3600)
    house.clock.time += 1
    await house.outbox.put(replace(MESSAGE, id="notice-of-few", pool_id="few"))
    await house.outbox.put(replace(MESSAGE, id="code-of-few", pool_id="few"), life=3600)

    await house.outbox.drain()

    sent = [message.id for message in post.taken]
    assert sent.index("code-of-few") <= 1
    assert sent.index("notice-of-few") <= 102
    assert {"code"} == {name.partition("-")[0] for name in sent[:101]}


async def test_what_of_a_pool_came_first_goes_first() -> None:
    post = Post()
    house = House(post, pace=Pace(at_once=1))
    for number in range(9):
        await house.outbox.put(replace(MESSAGE, id=f"m-{9 - number}"))
        house.clock.time += 1

    await house.outbox.drain()

    assert [f"m-{9 - number}" for number in range(9)] == [message.id for message in post.taken]


async def test_messages_of_a_pool_that_is_gone_are_dropped() -> None:
    post = Post()
    house = House(post)
    await house.outbox.put(MESSAGE)
    await house.outbox.put(replace(MESSAGE, id="other", pool_id="q"))
    house.entries.gone.add("p")

    await house.outbox.drain()

    assert ["other"] == [message.id for message in post.taken]
    assert ["other"] == [*house.entries.all]
    assert ("email", "dropped") in house.told.outcomes


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
    [(UNREACHABLE, "waiting"), (Refused("not to them"), "failed"), (OSError("x"), "unclear")],
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


async def test_without_a_sender_messages_wait_together_unread_and_unwritten_and_that_is_told_once_per_channel(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    for number in range(30):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}", channel=("email", "sms")[number % 2]))

    for _ in range(3):
        await house.outbox.drain()
        house.clock.time += 60

    assert {("waiting", 0)} == {(entry.state, entry.tries) for entry in house.entries.all.values()}
    assert (0, 0) == (house.entries.looks, house.entries.writes)
    assert 2 == len(caplog.records)


async def test_what_every_plugin_leaves_to_a_sender_that_is_not_there_waits_ever_longer() -> None:
    house = House(hooks=hook(lambda _: None))
    await house.outbox.put(MESSAGE)

    waits = await waits_of(house)

    assert [60, 120, 240, 480, 960, 1920, 3600, 3600] == waits[:8]
    assert {("email", "no_sender")} == set(house.told.causes[:-1])


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


async def test_a_sender_that_hangs_holds_up_no_other_sender() -> None:
    hanging, post = Door(), Post(channels=["sms"])
    house = House(hanging, post)
    for number in range(50):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))

    async with Worker(house), asyncio.timeout(5):
        for _ in range(8):
            await hanging.came.acquire()
        await house.outbox.put(replace(MESSAGE, id="sms", channel="sms"))
        async with house.entries.changed:
            await house.entries.changed.wait_for(lambda: house.entry("sms").state == "sent")
        assert (8, []) == (hanging.inside, hanging.taken)
        hanging.open.set()

    assert ["sms"] == [message.id for message in post.taken]


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
        assert pytest.approx(5.0, rel=0.25) == turns.waits[-1]
        house.clock.time += 7
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

    assert 5.0 == turns.waits[-1]
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


# --- what operators see and do ---------------------------------------------------------------------------------------


async def test_what_waits_and_what_failed_is_counted() -> None:
    house = House(Post(UNREACHABLE, DeliveryFailed("No such mailbox.", final=True), OSError("x")))
    for number in range(4):
        await house.outbox.put(replace(MESSAGE, id=f"m-{number}"))
    await house.outbox.drain()
    house.clock.time += 3

    await house.outbox.kept.count()

    tally = house.outbox.kept.tally
    assert (1, 2, 1000.0, 3.0) == (tally.waiting, tally.failed, tally.oldest, house.outbox.kept.waited())


async def test_what_failed_is_sent_when_an_operator_says_so() -> None:
    post = Post(DeliveryFailed("No such mailbox.", final=True), None)
    house = House(post)
    await house.outbox.put(MESSAGE)
    await house.outbox.drain()
    house.clock.time += 2 * 86400

    assert await house.outbox.kept.retry("m-1")
    await house.outbox.drain()

    assert ("sent", 2) == (house.entry().state, len(post.taken))


@pytest.mark.parametrize(
    "error", [None, OSError("it may have arrived"), DeliveryFailed("No such mailbox.", final=True)]
)
async def test_what_was_sent_or_may_have_arrived_and_a_code_that_is_over_are_not_sent_again(
    error: Exception | None,
) -> None:
    post = Post(error)
    house = House(post)
    await house.outbox.put(MESSAGE, life=180)
    await house.outbox.drain()
    house.clock.time += 180

    assert not await house.outbox.kept.retry("m-1")
    assert not await house.outbox.kept.retry("nobody")
    await house.outbox.drain()

    assert 1 == len(post.taken)


async def test_what_waits_is_dropped_when_an_operator_says_so_and_what_is_under_way_is_not() -> None:
    post = Post()
    house = House(post)
    await house.outbox.put(MESSAGE)
    await house.outbox.put(replace(MESSAGE, id="held"))
    house.entries.all["held"] = replace(house.entry("held"), state="sending", until=house.clock.time + 75)

    assert await house.outbox.kept.drop("m-1")
    assert not await house.outbox.kept.drop("held")
    assert not await house.outbox.kept.drop("nobody")
    await house.outbox.drain()

    assert ([], ["held"]) == (post.taken, [*house.entries.all])
