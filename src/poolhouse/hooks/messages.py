"""What plugins send: messages of their own, by the way that all messages go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from poolhouse.records.messages import Message
from poolhouse.records.names import looks_like_email, looks_like_phone

Put: TypeAlias = Callable[[Message], Awaitable[None]]
"""Puts a message where it will be sent from."""


class Messages(Protocol):
    """Messages go through the outbox: they are in the store when ``send`` returns, and are sent once, soon, by the
    sender that the operator chose."""

    async def send(
        self,
        to: str,
        body: str,
        *,
        subject: str = "",
        channel: str = "email",
        html: str | None = None,
        pool_id: str = "",
        username: str = "",
        code: str | None = None,
        link: str | None = None,
    ) -> str:
        """The id of the message. ``channel`` is ``email`` or ``sms``; ``code`` and ``link`` stand in ``body`` already,
        and are named for senders with templates of their own. Raises ``ValueError`` where ``to`` is no address of the
        channel."""


class PluginMessages:
    """The messages of one plugin."""

    def __init__(self, plugin: str, new_id: Callable[[], str], put: Put) -> None:
        self._plugin = plugin
        self._new_id = new_id
        self._put = put

    async def send(
        self,
        to: str,
        body: str,
        *,
        subject: str = "",
        channel: str = "email",
        html: str | None = None,
        pool_id: str = "",
        username: str = "",
        code: str | None = None,
        link: str | None = None,
    ) -> str:
        looks_right = {"email": looks_like_email, "sms": looks_like_phone}.get(channel)
        if looks_right is None:
            raise ValueError("The channel of a message is email or sms.")
        if not looks_right(to) or not to.isprintable():
            raise ValueError(f"A message by {channel} goes to an address of that kind.")
        message = Message(
            id=self._new_id(),
            channel=channel,
            to=to,
            purpose=f"plugin:{self._plugin}",
            body=body,
            html=html,
            pool_id=pool_id,
            username=username,
            subject=subject,
            code=code,
            link=link,
        )
        await self._put(message)
        return message.id


async def nobody_sends(_: Message) -> None:
    """There is no outbox: a plugin is built to be looked at, or its server is not built yet."""
    raise RuntimeError("Messages can be sent once the server runs: in lifespan, and after it.")
