"""What every message sender must do, as tests. A sender's author subclasses ``SenderSuite``, and gives it the sender,
one that is refused, and a way to see what arrived::

    class TestMySender(SenderSuite):
        @pytest.fixture
        def mailbox(self):
            return Mailbox()

        @pytest.fixture
        def sender(self, mailbox):
            return MySender(mailbox.address)

        @pytest.fixture
        def refused_sender(self):
            return MySender(Mailbox(full=True).address)

        @pytest.fixture
        def arrived(self, mailbox):
            return lambda: mailbox.letters

Fixtures may be asynchronous (``pytest_asyncio.fixture``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from poolhouse.errors import DeliveryFailed
from poolhouse.hooks.answers.messages import Sender, Sent
from poolhouse.records.messages import Message

Arrived: TypeAlias = Callable[[], Sequence[str]]

CHANNELS = frozenset({"email", "sms"})
CODE = "418702"


def message_to_send(channel: str, number: int = 1) -> Message:
    """A message as the outbox hands it over."""
    return Message(
        id=f"3f0c{number:028x}",
        channel=channel,
        to="jane@example.com" if channel == "email" else "+14155550100",
        purpose="confirm_sign_up",
        subject="Your code" if channel == "email" else "",
        body=f"Hello Zoë, your code is {CODE}. ({number})",
        code=CODE,
        pool_id="us-east-1_TestPool1",
        username="zoe",
    )


@pytest.mark.asyncio
class SenderSuite:
    """The contract of ``Sender``."""

    # --- what an author gives ----------------------------------------------------------------------------------------

    @pytest.fixture
    def sender(self) -> Sender:
        """The sender, whose receiver takes everything."""
        raise NotImplementedError("Override the fixture sender.")

    @pytest.fixture
    def refused_sender(self) -> Sender:
        """The sender, whose receiver surely takes nothing: it cannot be reached, or says no."""
        raise NotImplementedError("Override the fixture refused_sender.")

    @pytest.fixture
    def arrived(self) -> Arrived:
        """A function: everything that arrived at the other end of ``sender`` so far, each message as text."""
        raise NotImplementedError("Override the fixture arrived.")

    # --- the contract ------------------------------------------------------------------------------------------------

    async def test_it_says_who_it_is_and_what_it_carries(self, sender: Sender) -> None:
        assert isinstance(sender.name, str)
        assert sender.name != ""
        assert isinstance(sender.channels, frozenset)
        assert sender.channels
        assert sender.channels <= CHANNELS

    async def test_a_message_arrives_once_with_its_code(self, sender: Sender, arrived: Arrived) -> None:
        for channel in sorted(sender.channels):
            before = len(arrived())

            sent = await sender.send(message_to_send(channel))

            assert isinstance(sent, Sent)
            assert sender.name == sent.sender
            assert before + 1 == len(arrived())
            assert CODE in arrived()[-1]

    async def test_messages_sent_at_once_all_arrive(self, sender: Sender, arrived: Arrived) -> None:
        (channel, *_) = sorted(sender.channels)

        await asyncio.gather(*(sender.send(message_to_send(channel, number)) for number in (1, 2, 3)))

        assert [any(f"({number})" in text for text in arrived()) for number in (1, 2, 3)] == [True] * 3

    async def test_no_text_of_a_message_becomes_another_header(self, sender: Sender, arrived: Arrived) -> None:
        (channel, *_) = sorted(sender.channels)
        message = replace(message_to_send(channel), subject="Hello\r\nBcc: eve@example.com\r\n\r\nBoo")

        # To refuse such a message is as good as to defuse it.
        try:
            await sender.send(message)
        except DeliveryFailed:
            assert not arrived()

        heads = [text.replace("\r\n", "\n").partition("\n\n")[0] for text in arrived()]
        assert [line for head in heads for line in head.splitlines() if line.lower().startswith("bcc:")] == []

    async def test_it_says_so_when_a_message_surely_did_not_go_out(self, refused_sender: Sender) -> None:
        for channel in sorted(refused_sender.channels):
            with pytest.raises(DeliveryFailed):
                await refused_sender.send(message_to_send(channel))

    async def test_neither_an_error_nor_the_log_tells_what_a_message_said(
        self, sender: Sender, refused_sender: Sender, caplog: pytest.LogCaptureFixture
    ) -> None:
        (channel, *_) = sorted(sender.channels)
        message = message_to_send(channel)

        with caplog.at_level(logging.DEBUG, logger="poolhouse"):
            await sender.send(message)
            with pytest.raises(DeliveryFailed) as raised:
                await refused_sender.send(message)

        told = f"{raised.value} {raised.value.detail} {caplog.text} {sender!r} {refused_sender!r}"
        assert CODE not in told
        assert message.to not in told
