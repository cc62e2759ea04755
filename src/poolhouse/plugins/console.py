"""Shows messages on the terminal. For development: codes are readable there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from poolhouse import Message, PluginContext, Sender, Sent, hookimpl


class ConsoleSender:
    """Takes every message. None as ``stream`` is standard error."""

    name = "console"
    channels = frozenset({"email", "sms"})

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, message: Message) -> Sent:
        lines = [f"--- {message.channel} to {message.to} ({message.purpose})", message.subject, message.body, "---"]
        print(*filter(None, lines), sep="\n", file=self._stream or sys.stderr, flush=True)
        return Sent(self.name)


class ConsolePlugin:
    """There are no settings."""

    def __init__(self, context: PluginContext) -> None:
        context.settings.only()

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [ConsoleSender()]
