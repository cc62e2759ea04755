"""Messages, as the commands treat them."""

from __future__ import annotations

import json

import pytest

from poolhouse.cli import messages
from poolhouse.cli.failures import Failure
from poolhouse.errors import DeliveryFailed
from poolhouse.hooks.answers.messages import Sent
from poolhouse.hooks.kinds import hookimpl
from poolhouse.records.messages import Message, OutboxEntry
from poolhouse.server.app import Server
from poolhouse.server.operation.exposition import exposition
from tests.unit.cli.world import server_in_memory


class Post:
    """A sender that refuses whom it is told to refuse."""

    name = "post"
    channels = frozenset({"email"})

    def __init__(self, **refused: Exception) -> None:
        self.refused = refused
        self.taken: list[str] = []

    @hookimpl
    def register_message_senders(self) -> list[Post]:
        return [self]

    async def send(self, message: Message) -> Sent:
        if message.id in self.refused:
            raise self.refused[message.id]
        self.taken.append(message.id)
        return Sent(self.name)


def message(name: str, channel: str = "email") -> Message:
    return Message(id=name, channel=channel, to="jane@example.com", purpose="sign_up", body="It is 123456")


async def listed(server: Server) -> dict[str, OutboxEntry]:
    return {entry.id: entry async for entry in messages.listed(server)}


@pytest.fixture
def post() -> Post:
    return Post(
        full=DeliveryFailed("The mailbox is full (552).", final=True),
        away=DeliveryFailed("No connection."),
        broken=OSError("jane@example.com"),
    )


async def test_what_waits_and_what_failed_is_listed_and_nothing_that_was_said(post: Post) -> None:
    async with server_in_memory(post) as server:
        for name in ("fine", "full", "away", "broken"):
            await server.outbox.put(message(name))
        await server.outbox.put(message("text", "sms"))
        await server.outbox.drain()
        found = await listed(server)

    assert {"full": "failed", "away": "waiting", "broken": "unclear", "text": "waiting"} == {
        name: entry.state for name, entry in found.items()
    }
    assert messages.told(found["full"]).startswith(
        "email sign_up  at 2027-01-15T08:00:00+00:00  tried 1 times  The mail"
    )
    assert "due 2027-01-15T08:00:0" in messages.told(found["away"])
    shown = json.dumps([messages.summary(entry) for entry in found.values()])
    shown += "".join(map(messages.told, found.values()))
    assert "jane" not in shown
    assert "123456" not in shown


async def test_all_that_failed_is_sent_again_and_what_may_have_arrived_is_not(post: Post) -> None:
    async with server_in_memory(post) as server:
        for name in ("full", "broken"):
            await server.outbox.put(message(name))
        await server.outbox.drain()
        post.refused.clear()

        said = await messages.retry(server, [], failed=True)
        await server.outbox.drain()

        assert ("To be sent as soon as a server takes them up: 1.", ["full"]) == (said, post.taken)
        with pytest.raises(Failure, match="broken cannot be sent again"):
            await messages.retry(server, ["broken"], failed=False)


async def test_what_is_named_is_dropped(post: Post) -> None:
    async with server_in_memory(post) as server:
        for name in ("full", "away", "broken"):
            await server.outbox.put(message(name))
        await server.outbox.drain()

        assert "Dropped: 1." == await messages.drop(server, ["away"], failed=False)
        assert "Dropped: 2." == await messages.drop(server, [], failed=True)
        assert {} == await listed(server)
        with pytest.raises(Failure, match="nobody is not there"):
            await messages.drop(server, ["nobody"], failed=False)


async def test_the_figures_tell_how_many_wait_and_failed_and_for_how_long(post: Post) -> None:
    async with server_in_memory(post) as server:
        for name in ("full", "away", "broken"):
            await server.outbox.put(message(name))
        await server.outbox.drain()
        await server.outbox.kept.count()
        shown = exposition(server.metrics).decode()

    assert "poolhouse_messages_waiting 1.0" in shown
    assert "poolhouse_messages_failed 2.0" in shown
    assert "poolhouse_messages_oldest_seconds 0.0" in shown
    assert 'poolhouse_message_failures_total{cause="recipient",channel="email"} 1.0' in shown


@pytest.mark.parametrize(("ids", "failed"), [([], False), (["x"], True)])
async def test_either_messages_are_named_or_all_that_failed(post: Post, ids: list[str], failed: bool) -> None:
    async with server_in_memory(post) as server:
        with pytest.raises(Failure, match="or say --failed"):
            await messages.retry(server, ids, failed=failed)
