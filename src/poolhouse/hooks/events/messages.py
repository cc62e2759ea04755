"""Messages about to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from poolhouse.hooks.events.base import RequestEvent, Strings

MessageSource: TypeAlias = Literal[
    "CustomMessage_SignUp",
    "CustomMessage_AdminCreateUser",
    "CustomMessage_ResendCode",
    "CustomMessage_ForgotPassword",
    "CustomMessage_UpdateUserAttribute",
    "CustomMessage_VerifyUserAttribute",
    "CustomMessage_Authentication",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeMessage(RequestEvent):
    """A message is written. ``body`` and ``subject`` are templates: ``{####}`` stands for the code and, in invitations,
    ``{username}`` for the name; both are put in afterwards, and escaped where the letter is HTML. What a plugin puts in
    by itself it escapes by itself. A body that had the code must keep it."""

    source: MessageSource
    pool_id: str
    client_id: str | None
    username: str
    attributes: Strings
    channel: str
    body: str
    subject: str = ""
    client_metadata: Strings = field(default_factory=dict)
