"""Writes messages to a file, a JSON line each. For development and tests: codes are readable there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from poolhouse import Message, PluginContext, Sender, Sent, hookimpl

_FIELDS = ("to", "channel", "purpose", "code", "link", "subject", "body")


class OutboxFile:
    """The file. It is made at the first message, readable by its owner only."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    def record(self, message: Message) -> None:
        """The message is the last line of the file. Raises ``OSError``."""
        line = msgspec.json.encode({name: getattr(message, name) for name in _FIELDS}) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write, so that lines of several processes do not mix.
            if os.write(descriptor, line) != len(line):
                raise OSError(f"A message was written only in part to {self._path}.")
        finally:
            os.close(descriptor)


class FileSender:
    """Takes every message."""

    name = "file"
    channels = frozenset({"email", "sms"})

    def __init__(self, file: OutboxFile) -> None:
        self._file = file

    async def send(self, message: Message) -> Sent:
        self._file.record(message)
        return Sent(self.name)


class FilePlugin:
    """Settings: ``path``."""

    def __init__(self, context: PluginContext) -> None:
        context.settings.only("path")
        self._sender = FileSender(OutboxFile(context.settings.text("path")))

    @hookimpl
    def register_message_senders(self) -> Sequence[Sender]:
        return [self._sender]
